# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A group of guest tests in bash, for tests/guest/run: a case is a function case_NAME, and a line of the group's file
# begins with it. The group sets setup and teardown, functions around each case; ends with `main "$@"`.

# shellcheck source=tests/guest/want.sh
. "$(dirname "${BASH_SOURCE[0]}")/want.sh"

# skip WHY…: ends the case as skipped
skip() {
	echo "SKIP: $*"
	exit 77
}

# note TEXT…: a line that is read although the case passes
note() { echo "# $*" >&2; }

run_one() {
	declare -F "case_$1" >/dev/null || {
		echo "no case $1" >&2
		exit 2
	}
	setup "$1"
	"case_$1"
	exit $failed
}

main() {
	case ${1:-} in
	--list)
		sed -n 's/^case_\([a-z0-9_]*\)() .*/\1/p' "$0"
		((!${keep:-0})) || echo stops
		;;
	--case) run_one "$2" ;;
	*) exit 2 ;;
	esac
}
