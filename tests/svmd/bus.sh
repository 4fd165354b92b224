#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# svmd and svmctl on a bus of their own, with a made-up host below a directory; no root, no systemd.
#
# usage: bus.sh SVMD SVMCTL JOINER SVM-RUN    (by ctest; it starts itself again below dbus-run-session)

set -uo pipefail

for tool in dbus-run-session busctl python3; do
	command -v $tool >/dev/null || {
		echo "SKIP: no $tool"
		exit 77
	}
done
if [[ -z ${SVMD_TEST_BUS:-} ]]; then
	SVMD_TEST_BUS=1 exec dbus-run-session -- "$0" "$@"
fi

# shellcheck source=tests/guest/want.sh
. "$(dirname "$0")/../guest/want.sh"

svmd=$1 svmctl=$2 joiner=$3 run=$4
work=$(mktemp -d)
pid='' joined=''
address=$DBUS_SESSION_BUS_ADDRESS

finish() {
	[[ -z $joined ]] || kill "$joined" 2>/dev/null
	[[ -z $pid ]] || kill -9 "$pid" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

put() {
	mkdir -p "$(dirname "$work/root/$1")"
	printf '%s\n' "$2" >"$work/root/$1"
}

node() {
	put "sys/devices/system/node/node$1/meminfo" "Node $1 MemTotal: 1000 kB
Node $1 MemFree: 500 kB"
	put "sys/devices/system/node/node$1/cpulist" "$2"
	put "sys/devices/system/node/node$1/distance" "10 20"
}

# start OPTIONS…
start() {
	"$svmd" --bus="$address" --socket="$work/session" --config="$work/svmd.conf" --root="$work/root" \
		--state-directory="$work/state" --runtime-directory="$work/state" "$@" 2>>"$work/log" &
	pid=$!
	eventually started_or_ended
	is_started && return
	echo "svmd does not start:"
	cat "$work/log"
	exit 1
}

is_started() { busctl --address="$address" status org.svmd1 &>/dev/null; }
started_or_ended() { is_started || ! kill -0 "$pid"; }

stop() {
	local status
	kill "$pid"
	wait "$pid"
	status=$?
	pid=''
	((status == 0)) || bad "svmd ended with $status"
}

ctl() { "$svmctl" --bus="$address" "$@"; }

call() { busctl --address="$address" call org.svmd1 /org/svmd1 org.svmd1.Manager "$@"; }

is_joined() { ctl session | grep -q "$1"; }
has_left() { ctl session >"$work/sessions" && ! grep -q "$1" "$work/sessions"; }

# flat COMMAND…: what it writes, in one line
flat() { "$@" | tr '\n' ' '; }

mkdir "$work/state"
node 0 0-1
node 1 ''
put sys/class/svm/svm0/type ram
put sys/class/svm/svm0/bytes_total 4096
put sys/class/svm/svm0/bytes_free 1024
put proc/sys/kernel/numa_balancing 1
printf '[Daemon]\nInterval=50ms\nNUMAPeriod=50ms\nDevicePeriod=50ms\nNUMABalancing=disable\n' >"$work/svmd.conf"
start

# the host
want 0 'node 1 +no +1000.0K +500.0K' ctl device
want 0 'svm0 +ram' ctl device
want 0 'FreeBytes: 1024' ctl device svm0
want 5 'no svm7' ctl device svm7
want 2 'no name' ctl device foo
want 0 'Device: 0' ctl device svm00
# what is no number of a device is none
for name in svm4294967296 svm18446744073709551616 svm+0 'svm 0' svm svm-1 svm0x0 'node  0' node+0 node4294967296; do
	want 5 'no place' ctl evict "$name"
done
want 0 '"Node":1' ctl --json status
want 0 '"sources"' ctl dump
want 0 'rounds' ctl statistics
want 0 'svmd .*sessions 0' ctl top
# what can't be written
full() { ctl "$@" >/dev/full; }
for words in status '--json status' top device '--json device svm0' '--json session' 'policy show' statistics dump; do
	# shellcheck disable=SC2086 # words
	want 1 "can't write all of it" full $words
done
want 5 "no svm7" full device svm7
want 7 '^$' full hold node:1 -- sh -c 'exit 7'
[[ $(cat "$work/root/proc/sys/kernel/numa_balancing") == 0 ]] || bad "numa_balancing is not disabled"
ctl dump | python3 -c 'import json, sys; json.load(sys.stdin)' || bad "the dump is no JSON"

# neither the socket of one that runs nor anything else is taken away; what is here proves it, for the rest of this file
second() { "$svmd" --bus=none --config="$work/none.conf" --root="$work/root" --socket="$1"; }
want 1 'session: Address already in use' second "$work/session"
want 1 'svmd.conf: Address already in use' second "$work/svmd.conf"
want 1 'File name too long' second "$work/$(printf '%0120d' 0)"
[[ -f $work/svmd.conf ]] || bad "a file is gone that is no socket"

# what comes and goes
put sys/class/svm/svm3/type ram
eventually ctl device svm3
want 0 'Device: 3' ctl device svm3

# policies
want 0 '^$' ctl policy set default hot-cold thrash Residence=20s
want 0 'Policies +hot-cold thrash +live' ctl policy show default
want 0 'ResidenceUSec +20000000 +live' ctl policy show default
want 1 'InvalidValue|not a time' ctl policy set default Residence=fast
want 2 'no policy' ctl policy set default Residence=30s ''
want 2 'too many policies' ctl policy set default Residence=30s "$(printf '%0256d' 0)"
want 0 'ResidenceUSec +20000000 +live' ctl policy show default
want 5 'no parameter' ctl policy set default Speed=1
want 5 'no scope' ctl policy set everybody off
want 5 'no session 9' ctl policy set session:9 off
want 5 'no parameter of such' ctl policy set node:1 Residence=1s
want 1 'InvalidArgs|has type' call SetParameter ssv default ResidenceUSec i 3
want 0 '' call SetParameter ssv default ResidenceUSec t 3000000
want 0 '' call SetParameter ssv cgroup:/a MarginPercent d 50
want 0 'MarginPercent +50' ctl policy show cgroup:/a
want 0 '' ctl policy reset cgroup:/a
want 5 'nothing differs' ctl policy show cgroup:/a
want 0 '' ctl policy reset default
want 0 'ResidenceUSec +10000000 +default' ctl policy show default
# a cgroup has one name and one object, and shows what is in force in it
want 0 '^$' ctl policy set cgroup:/ manual
want 0 '^$' ctl policy set cgroup:/a/ Residence=20s
want 0 '^$' ctl policy set cgroup:/a/b Margin=50%
want 0 '^cgroup:/ .*Policies +manual +live' flat ctl policy show cgroup:/
want 0 '^cgroup:/a .*ResidenceUSec +20000000 +live' flat ctl policy show cgroup:/a
want 0 'Policies +manual +outer' ctl policy show cgroup:/a/
want 0 'ResidenceUSec +20000000 +outer' ctl policy show cgroup:/a/b
want 0 'HorizonUSec +60000000 +default' ctl policy show cgroup:/a/b
want 0 's "cgroup:/"' busctl --address="$address" get-property org.svmd1 /org/svmd1/policy/cgroup_3a_2f org.svmd1.Policy Scope
want 1 'Unknown object' busctl --address="$address" get-property org.svmd1 /org/svmd1/policy/cgroup_3a_2fa_2f org.svmd1.Policy Scope
want 0 '^$' ctl policy reset cgroup:/a
want 5 'nothing differs' ctl policy show cgroup:/a/
want 0 '^$' ctl policy reset cgroup:/a/b/
want 0 '^$' ctl policy reset cgroup://
want 5 'nothing differs' ctl policy show cgroup:/

# what is not known is named in the answer, which the bus takes only if no character is cut in two
long=$(printf 'a%.0s' {1..63})é
want 1 "'a{63}' is no scope" call ResetPolicy s "$long"
want 1 "no parameter 'a{63}'" call ResetParameter ss default "$long"
want 1 "no place 'a{63}'" call Evict st "$long" 0
want 1 "'a{63}' can.t be held" call Hold ss "$long" test
want 1 "'a{63}' is no level" busctl --address="$address" set-property org.svmd1 /org/freedesktop/LogControl1 \
	org.freedesktop.LogControl1 LogLevel s "$long"
want 1 "'a(é){31}' is no scope" call ResetPolicy s "a$(printf 'é%.0s' {1..32})"
want 1 "'(é){32}' is no scope" call ResetPolicy s "$(printf 'é%.0s' {1..32})"

# reload
printf '[Policy]\nResidence=7s\nUnknown=1\n' >>"$work/svmd.conf"
want 0 '' ctl reload
want 0 'ResidenceUSec +7000000 +file' ctl policy show default
grep -q 'svmd.conf:8' "$work/log" || bad "the unknown key is not warned about: $(cat "$work/log")"
want 1 'svmd.conf:8' "$svmd" --check-config --config="$work/svmd.conf"

# what can't be read changes nothing of what is in force, nor of what a reset gives back
mkdir -p "$work/svmd.conf.d/old.conf"
printf '[Policy]\nResidence=9s\n' >"$work/svmd.conf.d/new.conf"
want 1 "stays as it was.*Is a directory" ctl reload
want 0 'ResidenceUSec +7000000 +file' ctl policy show default
want 0 '' ctl policy set default Residence=1s
want 0 '' ctl policy reset default
want 0 'ResidenceUSec +7000000 +file' ctl policy show default
want 0 "old.conf: can't be read: Is a directory" cat "$work/log"
want 1 "old.conf: can't be read: Is a directory" "$svmd" --check-config --config="$work/svmd.conf"
stop
start
want 0 'ResidenceUSec +9000000 +file' ctl policy show default
rm -r "$work/svmd.conf.d"
want 0 '' ctl reload
want 0 'ResidenceUSec +7000000 +file' ctl policy show default

# holds die with their caller
want 7 'Held: true' ctl hold node:1 -- sh -c "'$svmctl' --bus='$address' device node:1; exit 7"
want 0 'Held: false' ctl device node:1
want 5 'no device:9|NoSuch' ctl hold device:9 -- true
want 5 'can.t be held' ctl hold user:1 -- true
want 1 'no hold 77' call Release u 77
want 1 'reason has control characters' call Hold ss node:1 $'\e[2J'
want 1 'reason has control characters' call Hold ss node:1 $'\u009b2J'
want 1 'reason is too long' call Hold ss node:1 "$(printf '%0257d' 0)"

# what others called things does nothing to a terminal
no_controls() { ! "$@" 2>&1 | LC_ALL=C grep -aqE $'\e|\xc2\x9b'; }
want 0 '' call SetPolicy ss $'cgroup:/a\e[2J\u009bé' off
want 0 'cgroup:/a\?\[2J\?é' ctl policy show
no_controls ctl policy show || bad 'policy show writes control characters'
want 0 'cgroup:/a.u001b\[2J' ctl --json policy show
want 0 '' call ResetPolicy s $'cgroup:/a\e[2J\u009bé'
want 5 'x\?\[2J. is no scope' ctl policy reset $'x\e[2J'
no_controls ctl policy reset $'x\e[2J' || bad 'an error writes control characters'

# sessions
"$joiner" "$work/session" >"$work/joined" 2>&1 &
joined=$!
eventually test -s "$work/joined"
read -r id where bytes <"$work/joined"
want 0 'Name: joiner' ctl session "$id"
want 0 "ProcessID: $joined" ctl session "$id"
want 5 'no session 99' ctl session 99
want 5 'no session 10$' ctl session 010
want 5 'no session 16$' ctl session 0x10
want 2 'not the number' ctl session 0x
want 2 'not the number' ctl session 1e1
has_memory() { ctl session "$id" | grep -q 'SystemBytes: [1-9]'; }
eventually has_memory
want 0 'most of which is on node 0' ctl explain "$id" "$where"
want 5 'no session' ctl explain 99 0
want 0 'already' ctl migrate "$id" "$where" "$bytes" 'node 0'
want 0 'request' ctl events
want 0 '"reason":"request"' ctl --json events
want 1 'Nothing is mapped there' ctl migrate "$id" 0x1000 4K 'node 0'
want 0 'node 0, 0B of 4.0K in .*: Bad address$' ctl events
want 0 '"error":-14' ctl --json events
want 1 "can't write all of it" full events
want 1 "can't write all of it" full events --follow
want 5 'no place' ctl migrate "$id" "$where" 4K 'node 7'
want 2 'no.*number of bytes' ctl migrate "$id" "$where" lots 'node 0'
want 0 'there_bytes: 40960' ctl migrate "$id" "$where" 040K 'node 0'
want 1 'empty or wraps' ctl migrate "$id" "$where" 0 'node 0'
want 1 'held' ctl hold "session:$id" -- "$svmctl" --bus="$address" migrate "$id" "$where" 4K 'node 0'
want 1 'it would go is held' ctl hold node:1 -- "$svmctl" --bus="$address" migrate "$id" "$where" 4K 'node 1'
want 1 'is in a held place' ctl hold node:0 -- "$svmctl" --bus="$address" migrate "$id" "$where" 4K 'node 1'
want 0 'already' ctl hold node:1 -- "$svmctl" --bus="$address" migrate "$id" "$where" 4K 'node 0'
want 1 'it would go is held' ctl hold device:0 -- "$svmctl" --bus="$address" migrate "$id" "$where" 4K svm0
want 1 'device is held' ctl hold device:0 -- "$svmctl" --bus="$address" evict svm0
want 0 '' ctl policy set default dry-run
want 1 'dry-run' ctl evict svm0
want 1 'dry-run' ctl migrate "$id" "$where" 4K 'node 0'
want 0 '' ctl policy reset default
want 0 '' ctl policy set "session:$id" dry-run hot-cold
want 1 'dry-run' ctl migrate "$id" "$where" 4K 'node 0'
want 0 'Policies: hot-cold dry-run' ctl session "$id"

# a session's object shows what is in force for it, by whatever scope
want 0 '^$' ctl policy set "user:$(id -u)" Residence=1min
want 0 'ResidenceUSec +60000000 +outer' ctl policy show "session:$id"
want 0 'Policies +hot-cold dry-run +live' ctl policy show "session:$id"
want 0 '^$' ctl policy reset "user:$(id -u)"
want 0 'ResidenceUSec +7000000 +default' ctl policy show "session:$id"

# kill -9: the session comes back by itself, since nothing keeps its connection here; who follows or holds goes on
is_held() { ctl device "$1" | grep -q 'Held: true'; }
is_free() { ctl device "$1" | grep -q 'Held: false'; }
"$svmctl" --bus="$address" hold node:1 >"$work/held" 2>&1 &
holder=$!
mkfifo "$work/command"
# shellcheck disable=SC2016 # for the inner shell
"$svmctl" --bus="$address" hold device:0 -- sh -c 'read -r status; exit "$status"' <"$work/command" &
commander=$!
exec {command}>"$work/command"
"$svmctl" --bus="$address" --json events --follow >"$work/events" 2>"$work/gone" &
follower=$!
eventually is_held node:1
eventually is_held svm0
eventually grep -q '"number":2' "$work/events"
kill -9 "$pid"
wait "$pid" 2>/dev/null
eventually grep -q 'svmd is gone' "$work/held"
eventually grep -q 'svmd is gone' "$work/gone"
old=$(wc -l <"$work/events")
start
eventually is_joined joiner
eventually is_held node:1
eventually is_held svm0
held_twice() { (($(grep -c 'node:1 is held' "$work/held") == 2)); }
eventually held_twice
# under the same number as before
want 0 'already' ctl migrate "$(ctl --json session | python3 -c 'import json, sys
print(json.load(sys.stdin)["sessions"][0]["Session"])')" "$where" 4K 'node 0'
more_events() { (($(wc -l <"$work/events") > old)); }
eventually more_events
want 0 '"number":1,' sed -n "$((old + 1))p" "$work/events"
echo 7 >&"$command"
exec {command}>&-
wait "$commander"
want 0 '^7$' echo $?
kill "$holder"
wait "$holder"
want 0 '^0$' echo $?
eventually is_free node:1
eventually is_free svm0
kill "$follower"
wait "$follower" 2>/dev/null
kill "$joined"
wait "$joined" 2>/dev/null
joined=''
eventually has_left joiner

# a program that does not know of svmd
"$run" --join="$work/session" sleep 1000 &
joined=$!
eventually is_joined sleep
kill "$joined"
wait "$joined" 2>/dev/null
joined=''

stop
[[ $(cat "$work/root/proc/sys/kernel/numa_balancing") == 1 ]] || bad "numa_balancing is not put back"
[[ ! -e $work/state/undo ]] || bad "the state file is left"
[[ ! -e $work/session ]] || bad "the socket is left"
want 3 '' ctl status

# --dry-run puts back what one that crashed has left, changes nothing itself, and moves nothing, whoever asks
balancing() { cat "$work/root/proc/sys/kernel/numa_balancing"; }
dry_run() { busctl --address="$address" get-property org.svmd1 /org/svmd1 org.svmd1.Manager DryRun; }
start
want 0 'b false' dry_run
want 0 '^0$' balancing
kill -9 "$pid"
wait "$pid" 2>/dev/null
start --dry-run
want 0 'b true' dry_run
want 0 '^1$' balancing
[[ ! -e $work/state/undo ]] || bad "the state file is left by --dry-run"
"$joiner" "$work/session" >"$work/joined" 2>&1 &
joined=$!
eventually grep -q ' ' "$work/joined"
read -r id where bytes <"$work/joined"
eventually has_memory
want 0 'Policies: .*dry-run' ctl session "$id"
want 1 'dry-run' ctl migrate "$id" "$where" "$bytes" 'node 0'
want 1 'dry-run' ctl evict svm0
want 0 '' ctl policy set default hot-cold
want 0 '' ctl policy set "session:$id" hot-cold
want 0 'Policies: hot-cold dry-run' ctl session "$id"
want 1 'dry-run' ctl migrate "$id" "$where" "$bytes" 'node 0'
want 1 'dry-run' ctl evict svm0
want 0 '' ctl reload
want 0 '^1$' balancing
want 0 '^$' ctl events
kill "$joined"
wait "$joined" 2>/dev/null
joined=''
stop
want 0 '^1$' balancing

want 3 'reach the bus' "$svmctl" --bus=unix:path=/nonexistent
want 2 'no verb' ctl frobnicate
if grep -E 'ERROR: |runtime error' "$work/log"; then
	bad "a sanitizer had something to say"
	cat "$work/log"
fi
((!failed)) && echo "all well"
exit $failed
