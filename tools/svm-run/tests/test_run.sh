#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# svm-run as a whole, with a libsvm that moves nothing: who joins, what becomes of exit statuses and signals,
# what is refused, what the reports say.
#
# usage: test_run.sh SVM-RUN-FAKE JSON-QUERY SUBJECT STATIC-SUBJECT

set -u
run=$1 query=$2 subject=$3 static=$4
export FAKE_SVM_DEVICES=2
# svm-run itself may be built with it, and a test below preloads something into svm-run
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
number=0 failures=0

ok() { # NAME STATUS
	number=$((number + 1))
	if (($2 == 0)); then
		echo "ok $number - $1"
	else
		failures=$((failures + 1))
		echo "not ok $number - $1"
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}

# expect NAME STATUS [COMMAND…]: runs it with its output in files
expect() {
	local name=$1 want=$2 got
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	((got == want)) || echo "exit status $got instead of $want" >>"$dir/err"
	ok "$name" $((got != want))
}

# says NAME TEXT: the last command said it on stderr
says() {
	grep -qF -- "$2" "$dir/err"
	ok "$1" $?
}

# field PATH: a number of the last JSON report
field() {
	"$query" "$dir/json" "$1"
}

# holds NAME EXPRESSION
holds() {
	(($2))
	ok "$1" $?
}

expect "the exit status is the program's" 7 "$run" -- "$subject" exit 7
expect "a signal's is 128 and its number" 137 "$run" -- "$subject" kill 9
expect "options behind the program are its own" 3 "$run" "$subject" exit 3 --report
expect "what is not there gives 127" 127 "$run" -- "$dir/nosuch"
says "and is named" "$dir/nosuch: No such file or directory"
expect "what is not executable gives 126" 126 "$run" -- /etc/passwd
expect "so does a directory" 126 "$run" -- /
printf 'exit 9\n' >"$dir/no-magic"
chmod +x "$dir/no-magic"
expect "a script without #! runs" 9 "$run" -- "$dir/no-magic"
printf '#!/bin/sh\nexit 10\n' >"$dir/script"
chmod +x "$dir/script"
expect "a script runs" 10 "$run" --report-json="$dir/json" -- "$dir/script"
holds "by its interpreter, under the runtime" "$(field processes.seen) == 1"

expect "a static program is refused" 125 "$run" -- "$static"
says "and why is said" "is statically linked"
expect "a static program is not refused if nothing moves" 4 env FAKE_SVM_DEVICES=0 "$run" -- "$static" exit 4
says "which is said" "nothing to move"
# it becomes static when it was moved, and stays until svm-run has found out
: >"$dir/told"
: >"$dir/left"
expect "a child that is static is reported" 0 env FAKE_SVM_TELLS="$dir/told" FAKE_SVM_MOVES=1 FAKE_SVM_LEFT="$dir/left" \
	"$run" --churn 1ms --report-json="$dir/json" -- \
	sh -c "until read -r _ <$dir/told; do :; done; exec $static until $dir/left"
holds "as out of reach" "$(field processes.out_of_reach) == 1"
mkdir "$dir/$(printf '%0200d' 7)"
cp "$static" "$dir/$(printf '%0200d' 7)/"$'\303\244\377'
# shellcheck disable=SC2016 # for the inner shell
expect "arguments are any bytes" 0 "$run" --churn 1ms --report-json="$dir/json" -- \
	sh -c 'sleep 0.1; exec "$1" check 1' $'\303\244\351\303' "$dir/$(printf '%0200d' 7)/"$'\303\244\377'
iconv -f UTF-8 -t UTF-16 "$dir/json" >/dev/null 2>>"$dir/err"
ok "their report is UTF-8 nevertheless" $?
[[ $(field command.3) == $'\303\244\357\277\275\357\277\275' ]]
ok "with what is none replaced" $?
[[ $(field processes.out_of_reach_list.0.program) == *$(printf '%0200d' 7)/$'\303\244\357\277\275' ]]
ok "names of programs are whole" $?

for option in --churn=5 --churn=0ms --churn=2h --churn=x --max-bytes=0 --max-bytes=2G --max-bytes=x \
	--device=sda --device=svm --device=svm64 --node=-1 --node=x --seed=x --nonsense; do
	expect "$option is refused" 125 "$run" "$option" -- "$subject" exit 0
done
expect "no program is refused" 125 "$run" --churn 1ms
expect "a device that is not there is refused" 125 "$run" --device svm9 -- "$subject" exit 0
says "by name" "svm9: there is no such device"
expect "a node that is not there is refused" 125 "$run" --node 77 -- "$subject" exit 0
says "by number" "node 77: there is no such node"
expect "a report that can't be written is refused" 125 "$run" --report="$dir/no/report" -- "$subject" exit 0
expect "--help" 0 "$run" --help
expect "--version" 0 "$run" --version

for what in check threads forks execs; do
	expect "$what under churn" 0 "$run" --churn 1ms --report-json="$dir/json" -- "$subject" $what 0.3
	[[ $what != forks ]] || holds "forked children join" "$(field processes.seen) == 9"
	if [[ $what == execs ]]; then
		holds "so do programs that are spawned" "$(field processes.seen) == 9"
		holds "and executed after fork" "$(field processes.programs) == 13"
	fi
	expect "$what on the devices" 0 "$run" --report-json="$dir/json" -- "$subject" $what 0.3
done
# until so much was moved that of each thing there is some, however slow the machine
: >"$dir/told"
export FAKE_SVM_TELLS=$dir/told
expect "churn moves" 0 env FAKE_SVM_MOVES=900 "$run" --churn 1ms --seed 5 --report --report-json="$dir/json" -- \
	"$subject" until "$dir/told"
holds "to each place" "$(field places.0.moves) > 0 && $(field places.1.moves) > 0 && $(field places.2.moves) > 0"
holds "as often as it says" "$(field passes) - $(field counters.migrate_calls) <= 1"
holds "and not more often than asked" "$(field passes) <= 1 + $(field elapsed_ns) / 1000000"
holds "some in the background" "$(field background_moves) > 0 && $(field background_moves) < $(field passes) / 2"
holds "of which some are cancelled" "$(field background_cancelled) > 0 &&
	$(field background_cancelled) < $(field background_moves) / 2"
holds "advice is given" "$(field advice_given) > 0"
holds "taken back" "$(field advice_taken_back) > 0 && $(field advice_taken_back) < $(field advice_given)"
holds "and followed" "$(field advice_followed_bytes) > 0"
holds "batches have several ranges" "$(field batches) > 0 && $(field batch_ranges) > $(field batches)"
holds "and are not the most of it" "$(field batches) < $(field passes) / 4"
holds "pages are found on devices and at home" "$(field pages_found.on_devices) > 0 &&
	$(field pages_found.in_system_memory) > $(field pages_found.elsewhere) &&
	$(field pages_found.elsewhere) > $(field pages_found.on_devices)"
holds "pieces are kept" "$(field kept.pieces) == 4 && $(field kept.pages_that_stayed) >= 4"
holds "and none is left" "$(field kept.taken_back) == 4 && $(field kept.moved_after_that) == 4"
holds "devices are made to free some" "$(field evictions.calls) > 0 && $(field evictions.bytes) > 0"
holds "now and then" "$(field evictions.calls) < $(field passes) / 4"
says "which is reported" "evicted   "
in_place=devices_in_place
holds "devices do atomics" "$(field $in_place.atomics) > 0 && $(field $in_place.atomics_refused) == 0"
holds "and read" "$(field $in_place.reads) > 0 && $(field $in_place.bytes_read) > 0"
holds "and have pages to themselves" "$(field $in_place.exclusive_pages) > 0"
holds "which are counted if they don't get them" "$(field $in_place.exclusive_refused) > 0"
holds "and released, but not all" "$(field $in_place.exclusive_released) > 0 &&
	$(field $in_place.exclusive_released) < $(field $in_place.exclusive_pages)"
holds "events of each device are counted" "$(field $in_place.events.migrated.cpu) >= $(field passes) - 3"
holds "and what they tell" "$(field $in_place.exclusive_ended_by_cpu) == 2 * $(field $in_place.events.exclusive-ended.cpu)"
holds "and lost ones" "$(field $in_place.events_dropped) == 2 * 3"
says "devices' work is reported" "device atomics"
says "and events" "events  "
says "with the seed that was given" "seed 5"
says "and refusals by reason" "pinned"
says "and no page lost" "no page lost"
: >"$dir/told"
expect "who may not evict does not" 0 env FAKE_SVM_MOVES=300 FAKE_SVM_DENIES=1 "$run" --churn 1ms --report \
	--report-json="$dir/json" -- "$subject" until "$dir/told"
holds "and has done none" "$(field evictions.calls) == 0"
[[ $(field evictions.left_out) == EPERM && $(field errors) == '{}' ]]
ok "which is no error" $?
says "but is said" "evictions       left out: Operation not permitted"
: >"$dir/told"
expect "naming a node leaves the devices out" 0 env FAKE_SVM_MOVES=1 "$run" --node 0 --report-json="$dir/json" -- \
	"$subject" until "$dir/told"
holds "altogether" "$(field places.0.moves) > 0 && $(field counters.bytes_to_device) == 0"
: >"$dir/told"
expect "settling moves" 0 env FAKE_SVM_MOVES=12 "$run" --report-json="$dir/json" --device svm1 -- \
	"$subject" until "$dir/told"
holds "all memory" "$(field places.0.bytes_moved) >= 4194304"
expect "settling goes on" 0 "$run" --report-json="$dir/json" --device svm1 -- "$subject" check 2
holds "but not over and over" "$(field places.0.bytes_moved) < 3 * 4194304 * (1 + $(field elapsed_ns) / 1000000000)"
[[ $(field places.0.name) == svm1 ]]
ok "to the device that was named" $?

# what the program sees of it
"$subject" state >"$dir/plain"
expect "signal mask and dispositions are as without" 0 "$run" -- "$subject" state
cmp -s "$dir/out" "$dir/plain"
ok "exactly" $?
(trap '' HUP CHLD && "$subject" state >"$dir/plain" && "$run" -- "$subject" state >"$dir/out" 2>"$dir/err")
cmp -s "$dir/out" "$dir/plain"
ok "also where signals are ignored" $?
"$subject" fds >"$dir/plain" 2>"$dir/err" </dev/null
expect "descriptors are open as without" 0 "$run" -- "$subject" fds
cmp -s "$dir/out" "$dir/plain"
ok "exactly" $?
# shellcheck disable=SC2016 # for the inner shell
expect "an LD_PRELOAD that is there is kept" 0 env LD_PRELOAD=libm.so.6 "$run" -- \
	grep -q '^libm.so.6:/' <(env LD_PRELOAD=libm.so.6 "$run" -- sh -c 'echo "$LD_PRELOAD"')
expect "the limit of open files is as without" 0 test "$(ulimit -n)" = "$("$run" -- bash -c 'ulimit -n')"

# pass_on NAME SIGNAL STATUS: to svm-run alone, when the program is ready
pass_on() {
	mkfifo "$dir/fifo"
	"$run" --churn 1ms -- "$subject" signal >"$dir/fifo" 2>"$dir/err" &
	local pid=$! got line
	read -r line <"$dir/fifo"
	kill "-$2" "$pid"
	wait "$pid"
	got=$?
	rm "$dir/fifo"
	: >"$dir/out"
	echo "exit status $got, first line '$line'" >>"$dir/err"
	ok "$1" $((got != $3))
}
for signal in 15 1 10; do
	pass_on "signal $signal is passed on" $signal $((40 + signal))
done

# stopping; in a process group of its own: in an orphaned one, as where there is no terminal, the
# kernel lets no SIGTSTP stop anybody
mkfifo "$dir/fifo"
set -m
"$run" --churn 1ms -- "$subject" signal >"$dir/fifo" 2>"$dir/err" &
pid=$!
set +m
read -r _ <"$dir/fifo"
child=$(pgrep -P "$pid")
kill -TSTP "$pid"
for ((tries = 0; tries < 1000; tries++)); do
	state=$(cut -d' ' -f3 "/proc/$pid/stat")$(cut -d' ' -f3 "/proc/$child/stat")
	[[ $state == TT ]] && break
	sleep 0.02
done
[[ $state == TT ]]
ok "SIGTSTP stops both" $?
kill -CONT "$pid"
kill -TERM "$pid"
wait "$pid"
ok "SIGCONT wakes both" $(($? != 55))
rm "$dir/fifo"

# svm-run dies
mkfifo "$dir/fifo" "$dir/done"
: >"$dir/told"
"$run" --churn 1ms -- sh -c "echo \$\$ >$dir/fifo; $subject until $dir/told && $subject forks 0.1; echo \$? >$dir/done" \
	2>"$dir/err" &
pid=$!
read -r _ <"$dir/fifo"
kill -KILL "$pid"
wait "$pid" 2>"$dir/out"
echo dead >"$dir/told"
read -r status <"$dir/done"
ok "the program goes on when svm-run dies" "$status"
rm "$dir/fifo" "$dir/done"

# what stays behind, and what is waited for
mkfifo "$dir/fifo"
expect "svm-run ends with the program" 6 "$run" --report -- \
	sh -c "$subject signal >$dir/fifo & echo \$! >$dir/pid; read -r _ <$dir/fifo; exit 6"
says "and tells who goes on" "still running   1"
kill -TERM "$(<"$dir/pid")"
ok "at once" $?
rm "$dir/fifo"
expect "--wait waits for all" 6 "$run" --wait --report-json="$dir/json" -- \
	sh -c "(sh -c '$subject check 0.5; touch $dir/late' >/dev/null 2>&1 &) ; exit 6"
[[ -e $dir/late ]]
ok "to the last" $?
holds "and nobody goes on" "$(field processes.still_running) == 0"

# svmd moves, not svm-run; the program stays until svmd was asked
stay="until read -r _ <$dir/told; do :; done"
: >"$dir/told"
expect "--join goes on with the program" 3 "$run" --join --report --report-json="$dir/json" -- bash -c "$stay; exit 3"
says "and says what svmd took" "svmd            took 1, refused 0"
holds "counts it" "$(field processes.sessions) == 1"
holds "and moves nothing itself" "$(field counters.migrate_calls) == 0"
: >"$dir/told"
expect "svmd may refuse" 5 env FAKE_SVM_REFUSES=1 "$run" --join --report -- bash -c "$stay; exit 5"
says "which is said" "svmd does not take the program: Too many users"
says "and counted" "took 0, refused 1"
: >"$dir/told"
expect "without a device svmd has nodes" 0 env FAKE_SVM_DEVICES=0 "$run" --join --report -- bash -c "$stay"
says "and takes it" "took 1, refused 0"
expect "--join and --churn exclude each other" 125 "$run" --join --churn=10ms -- "$subject" exit 0
says "and that is said" "no --churn, no --node"
expect "--join and --node likewise" 125 "$run" --join --node=0 -- "$subject" exit 0

# more than the descriptors allow
expect "more processes than can be tracked" 0 bash -c 'ulimit -n 270; "$@"' bash \
	"$run" --report-json="$dir/json" -- "$subject" forks 0.3
holds "are counted" "$(field processes.untracked) > 0"

echo "1..$number"
exit $((failures > 0))
