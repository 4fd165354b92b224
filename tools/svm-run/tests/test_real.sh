#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# svm-run with the real libsvm on whatever this machine has: programs must come out right, and it must say
# where their memory went.
#
# usage: test_real.sh SVM-RUN SUBJECT

set -u
run=$1 subject=$2
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
failures=0

for what in check threads forks execs; do
	for policy in --churn=2ms --wait; do
		"$run" $policy --report -- "$subject" $what 0.5 >"$dir/out" 2>&1 || {
			echo "not ok - $what $policy"
			sed 's/^/# /' "$dir/out"
			failures=$((failures + 1))
			continue
		}
		echo "ok - $what $policy"
	done
done
sed 's/^/# /' "$dir/out"
exit $((failures > 0))
