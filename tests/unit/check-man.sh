#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Man pages are read without a warning, and have something in them.
#
# usage: check-man.sh PAGE...    below a directory for man, or anywhere if no page stands for another
set -eu

command -v man >/dev/null || {
	echo "SKIP: man is not installed, so the pages were not read"
	exit 77
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for page; do
	MANPATH=$PWD LC_ALL=C.UTF-8 MANWIDTH=80 \
		man --warnings -l -P cat "$page" >"$tmp/page" 2>"$tmp/warnings"
	[ ! -s "$tmp/warnings" ] || {
		echo "$page: $(cat "$tmp/warnings")"
		exit 1
	}
	[ -s "$tmp/page" ] || {
		echo "$page is empty"
		exit 1
	}
done
echo "$# man pages"
