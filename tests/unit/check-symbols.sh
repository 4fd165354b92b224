#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What libsvm.so exports, with versions, is what the map lists and what the
# headers declare; and it is called what it must be called to live beside the
# support-vector-machine library.
#
# usage: check-symbols.sh LIBRARY MAP HEADER...
set -eu

library=$1
map=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nm -D --defined-only "$library" | awk '$2 == "T" { print $3 }' |
	sort >"$tmp/exported"
awk '/^LIBSVM_/ { version = $1 }
     /^\tsvm_.*;$/ { sub(";", ""); print $1 "@@" version }' "$map" |
	sort >"$tmp/mapped"
# Declarations begin at the line's start and are not inline.
sed -n '/^static inline/d; s/^[a-z].*[ *]\(svm_[a-z_]*\)(.*/\1/p' "$@" |
	sort -u >"$tmp/declared"
sed 's/@@.*//' "$tmp/mapped" | sort -u >"$tmp/names"

[ -s "$tmp/mapped" ]
diff -u "$tmp/mapped" "$tmp/exported"
diff -u "$tmp/declared" "$tmp/names"
# Nothing but text is exported: no data means no state to share.
if nm -D --defined-only "$library" | grep -qv ' [TA] '; then
	echo "exports other than functions:"
	nm -D --defined-only "$library" | grep -v ' [TA] '
	exit 1
fi
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = libsvm.so.0 ] || { echo "soname is $soname"; exit 1; }
echo "$(wc -l <"$tmp/exported") functions, $soname"
