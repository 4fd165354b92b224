#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each public header compiles alone, in C and in C++, without a warning.
#
# usage: check-headers.sh INCLUDE-DIRECTORY HEADER...
set -eu

flags="-fsyntax-only -Wall -Wextra -Wpedantic -Werror -I$1 -I$1/uapi"
shift
headers=$*
checked=0
skipped=""

# check COMPILER LANGUAGE STANDARDS...
check()
{
	compiler=$1
	language=$2
	shift 2
	if ! command -v "$compiler" >/dev/null; then
		skipped="$skipped $compiler"
		return
	fi
	for std; do
		for header in $headers; do
			# shellcheck disable=SC2086
			printf '#include "%s"\n#include "%s"\n' \
				"$header" "$header" |
				"$compiler" -x "$language" -std="$std" $flags -
			checked=$((checked + 1))
		done
		# The INIT macros and the inline functions, used.
		# shellcheck disable=SC2086
		"$compiler" -x "$language" -std="$std" $flags - <<-'END'
		#include <svm/access.h>
		#include <svm/events.h>
		#include <svm/exclusive.h>
		int use(struct svm *svm);
		int use(struct svm *svm)
		{
			struct svm_open_opts open_opts = SVM_OPEN_OPTS_INIT;
			struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
			struct svm_result result = SVM_RESULT_INIT;
			struct svm_device_info info = SVM_DEVICE_INFO_INIT;
			struct svm_summary summary = SVM_SUMMARY_INIT;
			struct svm_stats stats = SVM_STATS_INIT;

			struct svm_access_opts access_opts = SVM_ACCESS_OPTS_INIT;
			struct svm_exclusive_opts exclusive_opts =
				SVM_EXCLUSIVE_OPTS_INIT;
			struct svm_events_opts events_opts = SVM_EVENTS_OPTS_INIT;
			struct svm_access_op op = svm_op_cas(8, svm, 1, 2);
			struct svm_events *events;

			if (svm_access(svm, 0, &op, 1, &access_opts) ||
			    svm_exclusive_acquire(svm, 0, svm, 1,
						  &exclusive_opts) ||
			    svm_events_open(&events, svm, 0, &events_opts))
				return 1;
			if (svm_open(&svm, &open_opts) ||
			    svm_device_info(svm, 0, &info) ||
			    svm_get_stats(svm, &stats) ||
			    svm_summarize(svm, svm, 1, &summary))
				return 1;
			return svm_migrate(svm, svm, 1, svm_on_device(0), &opts,
					   &result) +
			       svm_migrate(svm, svm, 1, svm_on_node(0), &opts,
					   &result);
		}
		END
		checked=$((checked + 1))
	done
}

check gcc c c99 c11 gnu17
check clang c c99 c11 gnu17
check g++ c++ c++11 c++17 gnu++20
check clang++ c++ c++11 c++17 gnu++20

echo "$checked compilations${skipped:+, not installed:$skipped}"
[ "$checked" -gt 0 ] || exit 77
