# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Cases with svmd as a service of a system with systemd, D-Bus and polkit (see `system`), which the first case boots and
# the others use. Each case runs inside of it, with no configuration but the built-in one. At its end svmd has to stop
# as it should; in a group that sets `keep` it goes on for the next case, since starting takes seconds on an emulated CPU:
# such cases put everything back, and the last one is case_stops.

here=$(dirname "$0")
# shellcheck source=tests/guest/cases.sh
. "$(dirname "${BASH_SOURCE[0]}")/cases.sh"

UNIT=svmd.service
CONF=/etc/svmd.conf.d
OVERRIDE=/run/systemd/system/svmd.service.d
STILL=/run/svmd-case
GROUP=/run/svmd-group

setup() {
	local status=0
	if [[ ${SVM_TEST_INSIDE:-} != "$1" ]]; then
		"$here/system" up || status=$?
		case $status in
		0) SVM_TEST_INSIDE=$1 exec "$here/system" run "$0" --case "$1" ;;
		77) skip 'the image has no systemd, D-Bus and polkit' ;;
		*) exit 1 ;;
		esac
	fi
	children=() since=$EPOCHREALTIME
	trap finish EXIT
	rm -rf $CONF $STILL
	mkdir $CONF $STILL
	if [[ -e $OVERRIDE ]]; then
		rm -r $OVERRIDE
		systemctl daemon-reload
	fi
	[[ -e /etc/systemd/system/dbus-org.svmd1.service ]] || systemctl -q preset svmd.service svmd.socket
	# where the last group's case_stops was not asked for
	[[ $(cat $GROUP 2>/dev/null) == "$0" ]] || systemctl stop svmd.service svmd.socket
	echo "$0" >$GROUP
	systemctl start $UNIT || bad 'svmd does not start'
}

# Also shows the log of a case that failed.
finish() {
	local status=$?
	if ((${#children[@]})); then
		kill -9 "${children[@]}" 2>/dev/null
		# the next case shall not meet them
		wait "${children[@]}" 2>/dev/null
	fi
	((!status && ${keep:-0})) || stop
	((!status && !failed)) || log
	((status)) || status=$failed
	exit $status
}

stop() {
	systemctl stop svmd.service svmd.socket
	want 0 '^success$' show Result
	systemctl reset-failed svmd.service 2>/dev/null
}

# In groups that keep it, the last case.
case_stops() { keep=0; }

# show PROPERTY: of the service
show() { systemctl show --value -p "$1" $UNIT; }

# journal ARGUMENT…: what was logged in this case; all that was before this call, whatever journald has to do
journal() {
	journalctl --sync
	journalctl -q -o cat --since="@$since" "$@"
}

# What svmd has logged.
log() { journal -u $UNIT; }

logged() { log | grep -qE -- "$1"; }

# configure NAME: what stdin has becomes /etc/svmd.conf.d/NAME.conf
configure() { cat >"$CONF/$1.conf"; }

# as USER COMMAND…
as() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}

# call MEMBER [TYPE:VALUE…]: a method of the manager; an error comes with its name
call() {
	local member=$1
	shift
	dbus-send --system --print-reply --dest=org.svmd1 /org/svmd1 "org.svmd1.Manager.$member" "$@"
}

# call_as USER MEMBER …
call_as() {
	local user=$1 member=$2
	shift 2
	as "$user" dbus-send --system --print-reply --dest=org.svmd1 /org/svmd1 "org.svmd1.Manager.$member" "$@"
}

# get PATH INTERFACE PROPERTY: its value, as busctl writes it
get() { busctl get-property org.svmd1 "$1" "org.svmd1.$2" "$3"; }

# join USER [ARGUMENT…]: starts a joiner; sets session, where and bytes to its session and memory, joiner to its PID
join() {
	local user=$1 fifo=$STILL/joined
	shift
	rm -f $fifo
	mkfifo $fifo
	setpriv --reuid="$user" --regid="$user" --init-groups "$here/joiner" '' "$@" >$fifo &
	joiner=$!
	children+=("$joiner")
	# shellcheck disable=SC2034 # for the cases
	read -r session where bytes <$fifo || bad "a joiner of $user did not join"
}

# listen [PATH]: has `busctl monitor` write the signals of svmd, of this object or of all, as JSON to $heard; returns when
# it listens. It does not say when, so it is asked whether it hears a signal of ours.
listen() {
	local match="type='signal',sender='org.svmd1'"
	[[ -z ${1:-} ]] || match+=",path='$1'"
	heard=$STILL/heard
	: >$heard
	stdbuf -oL busctl --json=short monitor --match="$match" --match="interface='svm.Test'" >>$heard &
	children+=($!)
	eventually probe
}

probe() { busctl emit / svm.Test Ping && hears svm.Test; }

hears() { grep -qE -- "$1" "$heard"; }

# Waits until it has heard what was sent before this call, to say what was not sent.
heard_all() {
	pings=$((${pings:-0} + 1))
	busctl emit / svm.Test Ping$pings
	eventually hears "\"Ping$pings\""
}
