# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tests in bash say: `want` and `eventually` note what is wrong and go on; `verdict` is the exit status.

failed=0

bad() {
	echo "FAILED: $*"
	# shellcheck disable=SC2034 # for who uses this
	failed=1
}

# want STATUS PATTERN COMMAND…: its exit status, and a pattern (extended) in what it writes
want() {
	local status=$1 pattern=$2 out got=0
	shift 2
	out=$("$@" 2>&1) || got=$?
	((got == status)) || bad "$*: exit status $got, not $status: $out"
	grep -qE -- "$pattern" <<<"$out" || bad "$*: no '$pattern' in: $out"
}

# eventually COMMAND…: succeeds within the patience of a test; for what has no event to wait for
eventually() {
	local end=$((SECONDS + 30 * ${SVM_TEST_SLOWNESS:-1}))
	until "$@" &>/dev/null; do
		((SECONDS < end)) || {
			bad "$*: not even after a long time"
			return 1
		}
		sleep 0.05
	done
}
