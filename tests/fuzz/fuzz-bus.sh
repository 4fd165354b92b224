#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# svmd on a bus of its own, with a made-up host and a session, and fuzz-bus that calls it.
#
# usage: fuzz-bus.sh SVMD JOINER FUZZ-BUS [OPTION-OF-FUZZ-BUS…]    (it starts itself again below dbus-run-session)

set -uo pipefail

command -v dbus-run-session >/dev/null || {
	echo "SKIP: no dbus-run-session"
	exit 77
}
if [[ -z ${SVMD_TEST_BUS:-} ]]; then
	SVMD_TEST_BUS=1 exec dbus-run-session -- "$0" "$@"
fi

svmd=$1 joiner=$2 fuzz=$3
shift 3
work=$(mktemp -d)
pids=()

finish() {
	((!${#pids[@]})) || kill -9 "${pids[@]}" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

put() {
	mkdir -p "$(dirname "$work/root/$1")"
	printf '%s\n' "$2" >"$work/root/$1"
}

put sys/devices/system/node/node0/meminfo 'Node 0 MemTotal: 1000 kB'
put sys/devices/system/node/node0/cpulist 0
put sys/class/svm/svm0/type ram
put sys/class/svm/svm0/bytes_total 4096
put sys/class/drm/card0/device/numa_node 0
put sys/class/infiniband/rxe0/ports/1/state '4: ACTIVE'
mkdir "$work/state"
printf '[Daemon]\nInterval=50ms\nNUMAPeriod=50ms\nDevicePeriod=50ms\n' >"$work/svmd.conf"

"$svmd" --bus="$DBUS_SESSION_BUS_ADDRESS" --socket="$work/session" --config="$work/svmd.conf" --root="$work/root" \
	--state-directory="$work/state" --runtime-directory="$work/state" 2>"$work/log" &
svmd_pid=$!
pids+=("$svmd_pid")
for ((try = 0; try < 200; try++)); do
	[[ -S $work/session ]] && break
	kill -0 "$svmd_pid" 2>/dev/null || break
	sleep 0.1
done
"$joiner" "$work/session" >"$work/joined" 2>&1 &
pids+=($!)
for ((try = 0; try < 200; try++)); do
	[[ -s $work/joined ]] && break
	sleep 0.1
done

"$fuzz" --bus="$DBUS_SESSION_BUS_ADDRESS" "$@"
status=$?
descriptors=(/proc/"$svmd_pid"/fd/*)
kill "$svmd_pid"
wait "$svmd_pid" || {
	echo "svmd ended with $?"
	status=1
}
if ((${#descriptors[@]} > 100)); then
	echo "svmd has ${#descriptors[@]} descriptors"
	status=1
fi
if grep -E 'ERROR: |runtime error' "$work/log"; then
	status=1
fi
((!status)) || tail -50 "$work/log"
exit $status
