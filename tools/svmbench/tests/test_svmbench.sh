#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# svmbench as a whole, with a libsvm that plays a device and can be told to cheat.
#
# usage: test_migrate.sh SVMBENCH-FAKE JSON-QUERY

set -u
bench=$1 query=$2
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
number=0 failures=0
small=(migrate --sizes "64K,4M" --runs 5)

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

# expect NAME STATUS [VARIABLE=VALUE…] ARGUMENT…: runs the bench
expect() {
	local name=$1 want=$2 got
	local -a variables=()
	shift 2
	while (($#)) && [[ $1 == FAKE_* ]]; do
		variables+=("$1")
		shift
	done
	env "${variables[@]}" "$bench" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	((got == want)) || echo "exit status $got instead of $want" >>"$dir/err"
	ok "$name" $((got != want))
}

# says NAME PATTERN: the last run printed it
says() {
	cat "$dir/out" "$dir/err" | grep -qE -- "$2"
	ok "$1" $?
}

# field PATH, count PATH KEY=VALUE…: of the last run's JSON
field() { "$query" "$dir/out" "$1"; }
count() { "$query" "$dir/out" "$@"; }

# holds NAME EXPRESSION
holds() {
	(($2))
	ok "$1" $?
}

expect "--help" 0 --help
says "lists the commands" '^ +migrate'
expect "--version" 0 --version
expect "no command is refused" 2
expect "a wrong command is refused" 2 nonsense
says "by name" "no command 'nonsense'"
expect "migrate --help" 0 migrate --help
for option in --sizes=0 --sizes=x --sizes= "--sizes=64K," --sizes=100 --sizes=5T --sizes=1000T --sizes=99999999999999999999 \
	--pages=2m --pages= --runs=4 --runs=x --runs=100000 --warmup=-1 --device=sda --device=svm --nonsense word \
	'--device=svm0 --create' '--json --list' --check --growth=3 '--compare=x --growth=x' '--list --html=x' '--list --compare=x' '--list --record=x'; do
	# shellcheck disable=SC2086 # two options
	expect "$option is refused" 2 FAKE_SVM_DEVICES=1 migrate $option
done
expect "a device that is not there is refused" 1 FAKE_SVM_DEVICES=1 migrate --device svm5
says "by name" 'svm5: there is no such device'

expect "without a device memcpy is measured" 0 "${small[@]}"
says "and it says so" 'there is no device'
expect "without a device, as JSON" 0 "${small[@]}" --json
holds "with memcpy" "$(count results what=memcpy runs=5) == 3"
holds "and nothing that looks like a device" "$(count results "what=to device") == 0"

expect "with a device" 0 FAKE_SVM_DEVICES=1 "${small[@]}"
says "there is a table" '^ *4M +4k +1 thread +fault back +svm0 > node[0-9]+ '
expect "with a device, as JSON" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --json
for what in memcpy "to system" "fault back"; do
	holds "$what is there" "$(count results "what=$what" runs=5 skipped= failed=) == 3"
done
holds "as is what happens twice in a run" "$(count results "what=to device" runs=10) == 3"
holds "with figures that fit together" "$(field results.1.min_ns) <= $(field results.1.median_ns) &&
	$(field results.1.median_ns) <= $(field results.1.max_ns)"
holds "and parameters" "$(field parameters.sizes.0) == 65536 && $(field parameters.sizes.1) == 4194304 &&
	$(field parameters.runs) == 5"
holds "and the device" "$(field environment.devices.0.id) == 0"
holds "a huge page of 64K is skipped" "$(count results bytes=65536 pages=huge what=all) == 1"
holds "faults are counted" "$(count results "what=fault back" faults=5) == 1 &&
	$(count results "what=fault back" faults=10) == 2"
expect "only 4k pages" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --pages 4k --json
holds "are measured" "$(count results pages=4k) == 8 && $(count results pages=huge) == 0"

expect "--list measures nothing" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --list
says "and tells what" '^ *4M +4k +1 thread +to system +svm0 > node'

expect "--create makes a device" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 "${small[@]}" --create --json
holds "uses it" "$(count environment.devices temporary=true) == 1"
holds "and no other" "$(count environment.devices temporary=false) == 0"
says "and removes it" '^destroyed$'
expect "a device is made where there is none" 0 FAKE_SVM_MODULE=1 "${small[@]}"
says "and removed" '^destroyed$'
expect "a device with room is preferred" 0 FAKE_SVM_DEVICES=2 FAKE_SVM_MODULE=1 "${small[@]}" --json
holds "indeed" "$(count environment.devices temporary=true) == 0"
expect "a device without room" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 migrate --device svm0 --sizes 516M --list
says "skips a size" 'skipped: svm0 has only 512 MiB free'
expect "what a machine has no room for" 0 FAKE_SVM_DEVICES=1 migrate --sizes 4T --runs 5
says "is skipped" 'skipped: takes .* of memory, .* is available'
expect "what takes none" 0 FAKE_SVM_DEVICES=1 mirror --sizes 4T --list
says "is not" ' 4T +4k +mirror +svm0'

for cheat in nothing lie corrupt; do
	expect "a device that does $cheat fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=$cheat "${small[@]}"
	says "and it is said" FAILED
	expect "as JSON too" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=$cheat "${small[@]}" --json
	[[ $(field ok) == false ]]
	ok "which is not ok" $?
	holds "for a reason" "$(count results "what=to device" failed=) == 0"
done
expect "a page that is busy for a moment is tried again" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=busy "${small[@]}"
says "which is told" 'tried again'

expect "a move of 8M" 0 FAKE_SVM_DEVICES=1 migrate --sizes 8M --pages 4k --runs 5 --json
for what in setup:1 replace:2 finalize:3; do
	for way in device system; do
		holds "tells of ${what%:*} to $way" "$(count results "what=to $way: ${what%:*}" "median_ns=${what#*:}" runs=5) == 1"
	done
done
holds "and the rest" "$(count results "what=to device: rest" runs=5) == 1"
for what in "to device" "to system"; do
	holds "of one CPU $what" "$(count results "what=$what" workers=1 team=CPU runs=5) == 1"
	holds "and of two" "$(count results "what=$what" workers=2 team=CPUs runs=5) == 1"
done
says "and copy_cpus is what it was" '^copy_cpus is 4$'
expect "without a tracer" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=untraced migrate --sizes 8M --pages 4k --runs 5
says "it says why not" 'phases +skipped: the tracer: Operation not permitted'

large=(migrate --sizes 8M --pages 4k --runs 5)
expect "where there is one CPU" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=single "${large[@]}" --json
holds "there is nothing by two" "$(count results team=CPU) == 2 && $(count results team=CPUs) == 0"
expect "where copy_cpus may not be written" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=forbid "${large[@]}"
says "it says so" 'by 1 CPU +skipped: copy_cpus: Permission denied'
expect "by one CPU that had help fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=helped "${large[@]}"
says "by name" '1 CPU +to device .*FAILED: other CPUs copied 8 MiB'
says "and restores copy_cpus" '^copy_cpus is 4$'
expect "by one CPU that moves nothing fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=nothing "${large[@]}"
says "also by name" '1 CPU +to device .*FAILED'
says "and restores copy_cpus, too" '^copy_cpus is 4$'
expect "copy_cpus that can't be restored fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=kept "${large[@]}"
says "for that reason" '1 CPU +to device .*FAILED: copy_cpus: Permission denied'

expect "the kernel's copy" 0 FAKE_SVM_DEVICES=1 FAKE_KERNEL_COPY=good "${large[@]}" --json
holds "is measured by one CPU" "$(count results "what=kernel copy" workers=1 team=CPU median_ns=8388608 runs=5) == 1"
holds "and by two" "$(count results "what=kernel copy" workers=2 team=CPUs median_ns=4194304 runs=5) == 1"
expect "without a device" 0 FAKE_KERNEL_COPY=good "${large[@]}" --json
holds "it is, too" "$(count results "what=kernel copy" runs=5) == 2"
expect "of what it does not take" 0 FAKE_SVM_DEVICES=1 FAKE_KERNEL_COPY=good migrate --sizes 3M --pages 4k --runs 5 --json
holds "there is none" "$(count results "what=kernel copy") == 0"
expect "one that is wrong fails" 1 FAKE_SVM_DEVICES=1 FAKE_KERNEL_COPY=bad "${large[@]}"
says "by name" 'kernel copy .*FAILED: .*svm_copy_rate: Input/output error'

# the other commands: all of them find their device, and each cheat
tiny=(--sizes 4M --pages 4k --runs 5)
for what in fault access scale; do
	expect "$what without a device" 0 "$what" "${tiny[@]}" --json
	holds "measures none" "$(count results "from=svm0") == 0"
	expect "$what" 0 FAKE_SVM_DEVICES=1 "$what" "${tiny[@]}" --json
	holds "uses the device" "$(count results "measure=$what" from=svm0 runs=0) == 0 &&
		$(count results "measure=$what" from=svm0) > 0"
	expect "$what as a table" 0 FAKE_SVM_DEVICES=1 "$what" "${tiny[@]}"
	says "has a line of it" '^ *4M +4k .* svm0 '
	expect "$what --list" 0 FAKE_SVM_DEVICES=1 "$what" "${tiny[@]}" --list
	says "has no figures" '^ *4M +4k .* svm0( > node[0-9]+)?$'
done
expect "fault, for a record" 0 FAKE_SVM_DEVICES=1 fault --sizes 8M --pages 4k --runs 5 --json
holds "has a latency for each fault" "$(field results.0.latencies_ns.count) == 20 && $(field results.0.operations) == 4"
holds "that go up" "$(field results.0.latencies_ns.min) <= $(field results.0.latencies_ns.p50) &&
	$(field results.0.latencies_ns.p50) <= $(field results.0.latencies_ns.p90) &&
	$(field results.0.latencies_ns.p90) <= $(field results.0.latencies_ns.max)"
holds "and counts faults of what is in order" "$(field results.1.faults) == 20"
expect "a fault that is none fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=double fault --sizes 8M --pages 4k
says "by name" 'FAILED: 4 touches made 1 faults'
for cheat in "misread what the device read" "miswrite what the device|a word|the content" "misadd the sum"; do
	expect "a device that does ${cheat%% *} fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT="${cheat%% *}" access "${tiny[@]}"
	says "and it is said" "FAILED: (${cheat#* }).*WRONG"
done
expect "atomics" 0 FAKE_SVM_DEVICES=1 access "${tiny[@]}" --json
holds "are counted" "$(count results what=add operations=4096 runs=5) == 2"
holds "those again, too" "$(count results "what=add again" operations=4096 runs=5) == 2"

expect "evict makes a device of its own" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 evict "${tiny[@]}" --json
holds "and uses it" "$(count results from=svm1 runs=5) == 2 && $(count environment.devices temporary=false) == 0"
expect "evict without the privilege" 0 FAKE_SVM_DEVICES=1 evict "${tiny[@]}"
says "says what it lacks" 'skipped: '
expect "evict with a device that is named" 0 FAKE_SVM_DEVICES=1 evict "${tiny[@]}" --device svm0 --json
holds "uses that" "$(count results from=svm0 runs=5) == 2"
for what in fault/random fault/sequential "evict/all at once" "evict/2M a call" "scale/to device" "scale/to system" \
	"async/to device" "async/to system"; do
	expect "phases of ${what/\//, }" 0 FAKE_SVM_DEVICES=1 "${what%%/*}" --sizes 8M --pages 4k --runs 5 --device svm0 --json
	for phase in setup:1 replace:2 finalize:3; do
		holds "are ${phase%:*}" "$(count results "what=${what#*/}: ${phase%:*}" "median_ns=${phase#*:}" runs=5) == 1"
	done
	holds "and the rest" "$(count results "what=${what#*/}: rest" runs=5) == 1"
done
expect "a device that is not emptied fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=stuck evict "${tiny[@]}" --device svm0
says "by name" 'FAILED: 0 B were evicted'

expect "scale" 0 FAKE_SVM_DEVICES=1 scale "${tiny[@]}" --json
for team in "1 thread" "2 threads" "4 threads" "2 contexts" "4 contexts" "2 processes" "4 processes"; do
	holds "$team" "$(count results "what=to device" "workers=${team%% *}" "team=${team#* }" runs=5) == 1"
done
for cheat in lie corrupt nothing; do
	expect "scale with a device that does $cheat fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=$cheat scale "${tiny[@]}"
	says "for threads" '1 thread +memcpy .*FAILED'
	says "and processes" '2 processes +to device .*FAILED'
done
expect "a process that dies is missed" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=die scale "${tiny[@]}"
says "by name" 'FAILED: one of 2 is gone'

expect "async" 0 FAKE_SVM_DEVICES=1 async "${tiny[@]}" --json
for what in "to device" "to system" compute "to device, computing" "to system, computing"; do
	holds "has $what" "$(count results measure=async "what=$what" runs=5) == 1"
done
holds "which takes as long as both" "$(count results "what=to device, computing" median_ns=0) == 0"
for cheat in "wait nothing in the background" "cancel a move in the background: .*anceled" "lie the move said all" \
	"nothing not all moved" "corrupt the content is WRONG"; do
	expect "a device that does ${cheat%% *} fails" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT="${cheat%% *}" async "${tiny[@]}"
	says "and it is said" "FAILED: .*${cheat#* }"
done
expect "mirror without a device" 0 mirror --json
holds "measures nothing" "$(count results measure=mirror) == 0"
expect "mirror" 0 FAKE_SVM_DEVICES=1 mirror --list
says "needs no room on the device" '^ *4G +4k .*mirror +svm0$'

expect "all" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 all "${tiny[@]}" --json
for what in migrate fault access evict scale async; do
	holds "has $what" "$(count results "measure=$what" runs=0) == 0 && $(count results "measure=$what") > 0"
done
expect "all, as tables" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 all "${tiny[@]}"
says "has them by name" '^access:$'

# targets
expect "--check without test_hmm misses targets" 3 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 all "${tiny[@]}" --check
says "by name" '^4k, to system, 1 CPU : test_hmm .* NOT MEASURED +no migrate 4k, to system, 1 CPU, svm$'
says "and why not: one size tells nothing" '^4k, to device, all sizes alike .* 0.91 +NOT MEASURED +no other sizes$'
expect "--check without svm_copy_rate misses targets" 3 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 all --sizes 8M --runs 5 --check
says "for that reason" '^huge, to device, 1 CPU : copy .* NOT MEASURED +no migrate huge, kernel copy, 1 CPU$'
says "for two CPUs" '^huge, to system, 2 CPUs : 2 copies .* NOT MEASURED +no migrate huge, kernel copy, 2 CPUs$'
says "and test_hmm" '^4k, to device, 1 CPU : test_hmm .* NOT MEASURED +no migrate 4k, to device, 1 thread, hmm$'
expect "with it" 3 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 FAKE_KERNEL_COPY=good all --sizes 8M --runs 5 --check --json
holds "there are targets measured and not" "$(count targets measured=true reached=false) + $(count targets measured=true reached=true) > 8 &&
	$(count targets measured=false reached=false) > 4 && $(count targets measured=false reached=true) == 0"
for way in device system; do
	for pages in huge 4k; do
		holds "$pages to $way by one CPU is compared with its copy" \
			"$(count targets "name=$pages, to $way, 1 CPU : copy" reference_ns=8388608 measured=true) == 1"
	done
	holds "huge by two with that of two" \
		"$(count targets "name=huge, to $way, 2 CPUs : 2 copies" reference_ns=4194304 measured=true) == 1"
	holds "and 4k by two with that of one" \
		"$(count targets "name=4k, to $way, 2 CPUs : copy" reference_ns=8388608 measured=true) == 1"
done
expect "a failure counts more than a target" 1 FAKE_SVM_DEVICES=1 FAKE_SVM_CHEAT=lie all "${tiny[@]}" --check

# with an earlier run
old=$dir/old.json
expect "a run to compare with" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --json
cp "$dir/out" "$old"
expect "a comparison" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --compare "$old"
says "has a line for each" '^migrate +4M +huge +1 thread +fault back +svm0 > node[0-9]+ .* [0-9]+\.[0-9]{3} '
expect "as JSON" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --compare "$old" --json
holds "with all that it was" "$(field results.0.then.median_ns) == $("$query" "$old" results.0.median_ns)"
# all is a thousand times as slow as then, or as fast; the device had another number; the format is older
for unit in '' '000000'; do
	sed -E "s/(\"(median|mad)_ns\":)([0-9]+)/\1${unit:+\3}${unit:-1}/; s/svm0/svm7/; /\"(measure|team|workers)\"/d" "$old" \
		>"$dir/changed.json"
	expect "a run that differs is compared" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --compare "$dir/changed.json"
	expect "--growth" "$([[ -n $unit ]] && echo 0 || echo 3)" FAKE_SVM_DEVICES=1 "${small[@]}" --compare "$dir/changed.json" --growth 3
	if [[ -z $unit ]]; then
		says "is told" 'figures have grown by more than 3 %'
		says "it is slower" '^migrate +4M +4k .* to device .*SLOWER$'
		! grep -q 'faster$' "$dir/out"
		ok "and nothing is faster" $?
	else
		says "it is faster" '^migrate +4M +4k .* to device .*faster$'
		! grep -q 'SLOWER$' "$dir/out"
		ok "and nothing is slower" $?
	fi
done
expect "other figures are not compared" 0 FAKE_SVM_DEVICES=1 fault "${tiny[@]}" --compare "$old" --json
! grep -q '"then"' "$dir/out"
ok "indeed" $?
expect "an earlier run that is not there is refused" 1 migrate --compare "$dir/nothing"
says "by name" 'nothing: No such file'

# what is kept with the sources
expect "--record" 0 FAKE_SVM_DEVICES=1 FAKE_KERNEL_COPY=good "${small[@]}" --record "$dir/record.json"
cp "$dir/record.json" "$dir/out"
holds "has all that is ours" "$(count results measure=migrate runs=5) == 6 && $(count results runs=10) == 3 &&
	$(count results what=memcpy) == 0 && $(count results what=move_pages) == 0 && $(count results "what=kernel copy") == 0"
[[ $(grep -c median_ns "$dir/record.json") == 9 ]]
ok "in a line each" $?
expect "a comparison with it" 0 FAKE_SVM_DEVICES=1 "${small[@]}" --compare "$dir/record.json" --growth 1000
says "has a line for each" '^migrate +4M +huge +1 thread +fault back +svm0 > node[0-9]+ .* [0-9]+\.[0-9]{3} '
expect "a figure that is gone" 3 FAKE_SVM_DEVICES=1 migrate --sizes 4M --runs 5 --compare "$dir/record.json" --growth 1000
says "is missed" '3 figures of the earlier run were not measured'
expect "a measure that is not taken" 0 FAKE_SVM_DEVICES=1 access "${tiny[@]}" --compare "$dir/record.json" --growth 1000
expect "a record that can't be written" 1 FAKE_SVM_DEVICES=1 "${small[@]}" --record "$dir/none/record.json"
says "is told by name" 'none/record.json: No such file'
expect "a full disk, too" 1 FAKE_SVM_DEVICES=1 "${small[@]}" --record /dev/full
says "by name" '/dev/full: '
expect "single" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 single "${tiny[@]}" --json
for what in migrate fault access evict; do
	holds "has $what" "$(count results "measure=$what" runs=0) == 0 && $(count results "measure=$what") > 0"
done
holds "and not what several do" "$(count results measure=scale) == 0"
echo '{ "results": 3 }' >"$dir/bad.json"
expect "and one that is none" 1 migrate --compare "$dir/bad.json"
says "also by name" 'bad.json: not what svmbench --json prints'
echo 'results' >"$dir/bad.json"
expect "nor JSON" 1 migrate --compare "$dir/bad.json"

# the report with charts
expect "--html" 0 FAKE_SVM_DEVICES=1 FAKE_SVM_MODULE=1 all --sizes 64K,4M --runs 5 --html "$dir/r.html"
cp "$dir/r.html" "$dir/out"
says "has charts" '<figcaption>migrate, 4k pages, by size'
says "of operations too" '<figcaption>fault, huge pages, 4M .*percentile'
says "and the tables" '^ +4M +huge +random +svm0 &gt; node'
! grep -qiE '<script|https?:|url\(|nan|inf[^o]' "$dir/out"
ok "and nothing from elsewhere, and no number that is none" $?
[[ $(grep -c '<svg' "$dir/out") -ge 15 && $(grep -c '<svg' "$dir/out") == $(grep -c '</svg>' "$dir/out") ]]
ok "each chart is whole" $?
# 7 px a character is more than most fonts take; what reaches over the edge is cut off
awk -F'"' '/<svg/ { width = $2; sub(/^0 0 /, "", width); sub(/ .*/, "", width) }
	/<text/ {
		text = $0; gsub(/<[^>]*>/, "", text); gsub(/&[a-z]+;/, "x", text)
		if ($6 == "start" && $2 + 7 * length(text) > width || $6 == "end" && $2 < 7 * length(text)) exit bad = 1
		seen++
	}
	END { exit bad || !seen }' "$dir/out"
ok "with all of its text" $?
expect "a report that can't be written is refused before anything is measured" 1 FAKE_SVM_DEVICES=1 \
	migrate --html "$dir/none/r.html"
says "by name" 'none/r.html: No such file'
[[ ! -s $dir/out ]]
ok "and nothing was" $?
expect "a full disk is told" 1 FAKE_SVM_DEVICES=1 "${tiny[0]/--sizes/migrate}" "${tiny[@]}" --html /dev/full
says "by name" '/dev/full: '

# a temporary device does not stay behind
FAKE_SVM_MODULE=1 "$bench" migrate --sizes 64M --runs 500 >"$dir/out" 2>"$dir/err" &
pid=$!
for ((tries = 0; tries < 1000; tries++)); do
	! grep -q '^created$' "$dir/err" || break
	sleep 0.02
done
kill -INT "$pid" 2>/dev/null || kill -TERM "$pid"
kill -TERM "$pid"
wait "$pid"
ok "a signal ends it" $(($? != 143 && $? != 130))
says "by the front door" '^destroyed$'
says "nor does copy_cpus" '^copy_cpus is 4$'

echo "1..$number"
exit $((failures > 0))
