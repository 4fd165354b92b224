#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interfaces in docs/dbus/*.xml are what svmd shows, their manual pages are what svmd-bus-doc makes of them, and the
# errors and actions that pages name are those that there are.
#
# usage: dbus-docs.sh SVMD SVMD-BUS-DOC SOURCE-DIRECTORY [--update]

set -euo pipefail

svmd=$1 doc=$2 source=$3
man=$source/docs/man
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

bad() {
	echo "$*"
	failed=1
}

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
		# it says itself what is not described, and what is not there
		"$doc" "$work/$interface.xml" >"$work/$interface.5" || failed=1
	done < <(sed -n 's/.*<interface name="\(org\.svmd1\.[A-Za-z]*\)".*/\1/p' "$work/xml")
done < <("$svmd" --bus-introspect=list)

if [[ ${4:-} == --update ]]; then
	cp "$work"/org.svmd1.*.xml "$source/docs/dbus/"
	cp "$work"/org.svmd1.*.5 "$man/"
	exit $failed
fi

for file in "$work"/org.svmd1.*.xml; do
	interface=$(basename "$file" .xml)
	diff -u "$source/docs/dbus/$interface.xml" "$file" ||
		bad "docs/dbus/$interface.xml is not what svmd shows: run $0 … --update"
	diff -u "$man/$interface.5" "$work/$interface.5" ||
		bad "docs/man/$interface.5 is not what svmd-bus-doc writes: run $0 … --update"
	grep -qxF ".BR $interface (5)." "$man/org.svmd1.5" || bad "org.svmd1(5) does not refer to $interface(5)"
done
for interface in $("$doc" list) $(cd "$source/docs/dbus" && basename -s .xml -- *.xml) \
	$(cd "$man" && basename -s .5 -- org.svmd1.*.5 | grep -vx org.svmd1); do
	[[ -e $work/$interface.xml ]] || bad "$interface is no interface of svmd"
done
if "$svmd" --bus-introspect=/nothing 2>/dev/null; then
	bad "introspecting nothing succeeds"
fi

# same WHAT FILE FILE
same() {
	sort -u "$2" >"$work/one"
	sort -u "$3" >"$work/other"
	[[ -s $work/one ]] || bad "no $1"
	diff "$work/one" "$work/other" || bad "$1 differ: $2 $3"
}
# Names in a section of the overview, and in lines of the generated pages.
section() { sed -n "/^\.SH $1\$/,/^\.SH /s/^\.B //p" "$man/org.svmd1.5" | sed 's/\\-/-/g'; }
bold() { grep -hE "$1" "$work"/org.svmd1.*.5 | grep -oE '\\fB[^\\]*(\\-[^\\]*)*\\fP' | sed 's/\\fB//; s/\\fP//; s/\\-/-/g'; }

grep -ohE 'BUS_ERROR\("[A-Za-z]+"\)' "$source"/daemon/bus_*.c | sed 's/.*("//; s/")//' >"$work/errors"
section ERRORS >"$work/errors-overview"
bold '^Errors: ' >"$work/errors-pages"
same 'errors of svmd and of the overview' "$work/errors" "$work/errors-overview"
same 'errors of svmd and of the methods' "$work/errors" "$work/errors-pages"
sed -n 's/.*<action id="\([^"]*\)".*/\1/p' "$source/systemd/org.svmd1.policy" >"$work/actions"
section ACCESS >"$work/actions-overview"
bold 'polkit is asked' >"$work/actions-pages"
same 'actions of polkit and of the overview' "$work/actions" "$work/actions-overview"
same 'actions of polkit and of the methods' "$work/actions" "$work/actions-pages"

# refused WHAT SED-SCRIPT: what svmd-bus-doc has to say no to
refused() {
	sed -E "$2" "$work/org.svmd1.Manager.xml" >"$work/wrong.xml"
	! cmp -s "$work/org.svmd1.Manager.xml" "$work/wrong.xml" || bad "this changes nothing: $1"
	! "$doc" "$work/wrong.xml" >"$work/page" 2>/dev/null || bad "svmd-bus-doc has no objection: $1"
}
refused 'a member that is not described' 's/"Rounds"/"Squares"/'
refused 'a member that is described and not there' '/"GetEvents"/,/<\/method>/d'
refused 'a method that has become a signal' 's/<method name="GetStatistics"/<signal name="GetStatistics"/'
refused 'an argument of another name' 's/name="since"/name="until"/'
refused 'an argument less' '/name="since"/d'
refused 'an argument more' 's|(.*)name="since"(.*)|&\n\1name="until"\2|'
refused 'a property without a type' 's/(name="Rounds") type="t"/\1/'
refused 'a name that is too long' "s/\"Rounds\"/\"$(printf '%0200d' 0)\"/"
refused 'an interface of another name' 's/org.svmd1.Manager/org.svmd1.Boss/'
refused 'an annotation that is not known' 's/"const"/"const" name="org.freedesktop.DBus.Deprecated"/; s/name="org.freedesktop.DBus.Property.EmitsChangedSignal"//'
refused 'an element that is not known' 's|<node>|&\n<nodes>|'
sed 's/name="Rounds" type="t"/name="Rounds" type="u"/' "$work/org.svmd1.Manager.xml" >"$work/wrong.xml"
"$doc" "$work/wrong.xml" >"$work/page" || bad "a type that differs is refused"
! cmp -s "$work/page" "$man/org.svmd1.Manager.5" || bad "the page does not tell the type"
! "$doc" "$work/nothing.xml" 2>/dev/null || bad "svmd-bus-doc reads a file that is not there"
exit $failed
