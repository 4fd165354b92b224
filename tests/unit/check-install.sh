#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Install the library into an empty directory and do what a user does there:
# compile the examples with what pkg-config says, run them, read the man pages.
#
# usage: check-install.sh BUILD-DIRECTORY SOURCE-DIRECTORY COMPILER [FLAGS...]
set -eu

build=$1
source=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root

fail()
{
	echo "$*"
	exit 1
}

cmake --install "$build" --component libsvm --prefix "$root" >"$tmp/log" ||
	fail "$(cat "$tmp/log")"
pc=$(find "$root" -name svm.pc)
libdir=$(dirname "$(dirname "$pc")")
# The file has the prefix that the build was configured with.
flags=$(PKG_CONFIG_PATH=${pc%/*} pkg-config \
	--define-variable=prefix="$root" --cflags --libs svm)

# Beside the support-vector-machine library: none of our files has its name.
for file in "$libdir/libsvm.so" "$libdir/libsvm.so.4" "$libdir/libsvm.a" \
	"$root/include/svm.h" "$root/include/libsvm/svm.h"; do
	[ ! -e "$file" ] || fail "$file would clash"
done
[ -e "$libdir/libsvm.so.0" ] || fail "no libsvm.so.0"
[ -e "$libdir/svm/libsvm.so" ] || fail "the link for the linker dangles"

examples=0
for example in "$(find "$root" -name hello.c -printf %h)"/*.c; do
	name=$(basename "$example" .c)
	# shellcheck disable=SC2086
	"$@" -Wall -Wextra -Werror "$example" -o "$tmp/$name" $flags
	LD_LIBRARY_PATH=$libdir "$tmp/$name" >"$tmp/out" 2>&1 ||
		fail "$name: exit status $?: $(cat "$tmp/out")"
	examples=$((examples + 1))
done
[ $examples -ge 4 ] || fail "only $examples examples"

# Each function that is exported has a page.
# shellcheck disable=SC2013 # a symbol is a word
for symbol in $(sed -n 's/^\t\(svm_.*\);$/\1/p' "$source/libsvm/libsvm.map"); do
	[ -e "$root/share/man/man3/$symbol.3" ] ||
		fail "no man page for $symbol"
done
status=0
cd "$root/share/man"
"$source/tests/unit/check-man.sh" man*/* || status=$?
[ $status = 0 ] || [ $status = 77 ] || exit $status
echo "$examples examples run"
