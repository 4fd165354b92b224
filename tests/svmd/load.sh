#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What svmd costs on this host, on a bus of its own: see tests/guest/load.c.
#
# usage: load.sh SVMD LOAD [SESSIONS [SECONDS [JOINS [READS]]]]    (it starts itself again below dbus-run-session)

set -uo pipefail

command -v dbus-run-session >/dev/null || {
	echo "SKIP: no dbus-run-session"
	exit 77
}
if [[ -z ${SVMD_TEST_BUS:-} ]]; then
	SVMD_TEST_BUS=1 exec dbus-run-session -- "$0" "$@"
fi

# shellcheck source=tests/guest/want.sh
. "$(dirname "$0")/../guest/want.sh"

svmd=$1 load=$2
shift 2
work=$(mktemp -d)
trap '[[ -z ${pid:-} ]] || kill "$pid"; rm -rf "$work"' EXIT
# Not the host's DAMON, if root runs this; but its nodes.
mkdir -p "$work/root/sys/devices/system" "$work/state"
cp -r --no-preserve=all /sys/devices/system/node "$work/root/sys/devices/system/" 2>/dev/null
"$svmd" --bus="$DBUS_SESSION_BUS_ADDRESS" --socket="$work/session" --config="$work/svmd.conf" --root="$work/root" \
	--state-directory="$work/state" --runtime-directory="$work/state" 2>"$work/log" &
pid=$!
is_ready() { [[ -S $work/session ]] && busctl --address="$DBUS_SESSION_BUS_ADDRESS" status org.svmd1; }
eventually is_ready
"$load" "$pid" "$work/session" "$DBUS_SESSION_BUS_ADDRESS" "$@"
