#compdef svmctl
# SPDX-License-Identifier: GPL-2.0-or-later

_svmctl_words() {
	case $words[1] in
	policy)
		if ((CURRENT == 2)); then
			compadd show set reset
		else
			compadd default off hot-cold pressure thrash locality interleave manual dry-run
		fi
		;;
	session | migrate | explain)
		((CURRENT == 2)) && compadd -- ${(f)"$(svmctl session 2>/dev/null | awk 'NR > 2 { print $1 }')"}
		;;
	device | evict)
		((CURRENT == 2)) && compadd -- ${(f)"$(svmctl device 2>/dev/null | grep -o '^svm[0-9]*')"}
		;;
	hold)
		((CURRENT == 2)) && compadd -S '' session: node: device:
		;;
	esac
}

_arguments \
	'--json[write JSON]' \
	'--color[colours]:when:(auto always never)' \
	{-b,--bus}'[bus]:bus:(system user)' \
	{-f,--follow}'[events: go on with new ones]' \
	'--since[events: after this one]:number:' \
	'--reason[hold: what for]:text:' \
	'1:verb:(status top session device policy hold migrate evict explain events statistics dump reload)' \
	'*::arguments:_svmctl_words'
