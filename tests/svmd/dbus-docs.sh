#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interfaces in docs/dbus/*.xml are what svmd shows, and org.svmd1(5) tells of every member.
#
# usage: dbus-docs.sh SVMD SOURCE-DIRECTORY [--update]

set -euo pipefail

svmd=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The part of the XML that is ours: what sd-bus adds is its own and differs between its releases.
extract() {
	awk -v name="$1" '
		$0 ~ "<interface name=\"" name "\"" { inside = 1 }
		inside { print }
		inside && /<\/interface>/ { exit }'
}

while read -r path; do
	"$svmd" --bus-introspect="$path" >"$work/xml"
	while read -r interface; do
		{
			echo '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"'
			echo '"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">'
			echo '<!-- SPDX-License-Identifier: GPL-2.0-or-later -->'
			echo '<node>'
			extract "$interface" <"$work/xml"
			echo '</node>'
		} >"$work/$interface.xml"
	done < <(sed -n 's/.*<interface name="\(org\.svmd1\.[A-Za-z]*\)".*/\1/p' "$work/xml")
done < <("$svmd" --bus-introspect=list)

if [[ ${3:-} == --update ]]; then
	cp "$work"/org.svmd1.*.xml "$source/docs/dbus/"
	exit
fi

for file in "$work"/org.svmd1.*.xml; do
	diff -u "$source/docs/dbus/${file##*/}" "$file" || {
		echo "docs/dbus/${file##*/} is not what svmd shows: run $0 … --update"
		failed=1
	}
	while read -r member; do
		grep -qE "^\.(B|BR|BI) $member\b" "$source/docs/man/org.svmd1.5" || {
			echo "org.svmd1(5) says nothing of $member of ${file##*/}"
			failed=1
		}
	done < <(sed -n 's/.*<\(method\|property\|signal\) name="\([A-Za-z]*\)".*/\2/p' "$file")
done
for file in "$source"/docs/dbus/*.xml; do
	[[ -e $work/${file##*/} ]] || {
		echo "${file##*/} is of no interface"
		failed=1
	}
done
if "$svmd" --bus-introspect=/nothing 2>/dev/null; then
	echo "introspecting nothing succeeds"
	failed=1
fi
exit $failed
