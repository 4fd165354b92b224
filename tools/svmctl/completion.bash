# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of svmctl

_svmctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' sub='' word words=''
	local verbs='status top session device policy hold migrate evict explain events statistics dump reload'
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $word == -* ]] && continue
		if [[ -z $verb ]]; then
			verb=$word
		elif [[ -z $sub ]]; then
			sub=$word
		fi
	done
	if [[ $cur == -* ]]; then
		words='--json --color --bus --follow --since --reason --help --version'
	elif [[ -z $verb ]]; then
		words=$verbs
	else
		case $verb in
		policy)
			if [[ -z $sub ]]; then
				words='show set reset'
			else
				words='default off hot-cold pressure thrash locality interleave manual dry-run'
			fi
			;;
		session | migrate | explain)
			[[ -n $sub ]] || words=$(svmctl session 2>/dev/null | awk 'NR > 2 { print $1 }')
			;;
		device | evict)
			[[ -n $sub ]] || words=$(svmctl device 2>/dev/null | grep -o '^svm[0-9]*')
			;;
		hold) [[ -n $sub ]] || words='session: node: device:' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _svmctl svmctl
