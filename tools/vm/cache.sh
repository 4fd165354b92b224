# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tools/svm-vm, the cache. An artefact is a directory CACHE/KIND-KEY, where KEY is a hash of what it
# is made from. It is built in CACHE/tmp/ and renamed when it is whole, so that whatever is found is finished.
#
# Locks (flock, so they vanish with their holder):
#   CACHE/lock           shared by everyone who uses the cache; `clean` wants it alone
#   CACHE/locks/KIND-KEY held while that artefact is built; others wait for it
#   the artefact itself  shared while it is used; what nobody uses may be pruned

open_cache() {
	local fd a b
	case $CACHE in
	*[:,\\\"]*) die "the cache directory's name must not contain any of : , \\ \": $CACHE" ;;
	esac
	if [[ -e $CACHE && ! -d $CACHE ]]; then
		die "the cache is not a directory: $CACHE"
	fi
	if [[ ! -e $CACHE/CACHEDIR.TAG && -n $(ls -A "$CACHE" 2>/dev/null) && ! -e $CACHE/lock ]]; then
		# `clean` would remove it one day
		die "not empty, and not a cache of svm-vm: $CACHE (set SVM_VM_CACHE to another directory)"
	fi
	while :; do
		mkdir -p "$CACHE" 2>/dev/null || die "cannot make the cache directory $CACHE"
		exec {fd}>>"$CACHE/lock" || die "cannot write to the cache directory $CACHE"
		flock -s "$fd"
		# `clean` may have removed it while we waited
		a=$(stat -c %d:%i "$CACHE/lock" 2>/dev/null) || a=
		b=$(stat -Lc %d:%i "/proc/self/fd/$fd")
		[[ $a != "$b" ]] || break
		exec {fd}>&-
	done
	mkdir -p "$CACHE"/{locks,logs,tmp,run}
	[[ -e $CACHE/CACHEDIR.TAG ]] ||
		printf 'Signature: 8a477f597d28d172789f06886806bc55\n# cache of svm-vm\n' >"$CACHE/CACHEDIR.TAG"
	sweep_tmp
}

clean_cache() {
	local fd
	if [[ ! -d $CACHE ]]; then
		say "nothing to clean: $CACHE does not exist"
		return 0
	fi
	[[ -e $CACHE/CACHEDIR.TAG && -e $CACHE/lock ]] || die "not a cache of svm-vm, not removed: $CACHE"
	exec {fd}>>"$CACHE/lock"
	flock -n -x "$fd" || die "the cache is in use by another svm-vm, not removed: $CACHE"
	# what makes it known as a cache goes last: a clean that was interrupted can be repeated
	find "$CACHE" -mindepth 1 -maxdepth 1 ! -name CACHEDIR.TAG ! -name lock \
		-exec rm -rf --one-file-system -- {} + || die "cannot remove all of $CACHE"
	rm -rf --one-file-system -- "$CACHE" || die "cannot remove all of $CACHE"
	say "removed $CACHE"
}

# What killed builds have left: nobody holds the lock on it any more. The last minute's are left
# alone: they may be just between their making and their locking.
sweep_tmp() {
	local dir fd
	while IFS= read -r dir; do
		exec {fd}<"$dir" || continue
		if flock -n -x "$fd"; then
			rm -rf --one-file-system -- "$dir"
		fi
		exec {fd}<&-
	done < <(find "$CACHE/tmp" "$CACHE/run" -mindepth 1 -maxdepth 1 -type d -mmin +1)
}

# A new directory below tmp/ or run/, locked for as long as this process and its children live; sets REPLY.
new_dir() {
	local fd
	REPLY=$(mktemp -d "$CACHE/$1/$2.XXXXXX")
	exec {fd}<"$REPLY"
	flock -s "$fd"
}

# Marks an artefact as in use by this process and its children; false if it is not there (any more).
use_artefact() {
	local fd
	[[ -d $1 ]] && exec {fd}<"$1" || return 1
	flock -s "$fd"
	if [[ $1 -ef /proc/self/fd/$fd ]]; then
		touch -c "$1"
		return 0
	fi
	exec {fd}<&-
	return 1
}

# ensure KIND KEY BUILDER [ARGS…]: makes CACHE/KIND-KEY by calling BUILDER DIR ARGS…, unless it is
# there; keeps it in use; sets REPLY to it.
ensure() {
	local kind=$1 key=$2 builder=$3 final lock tmp
	shift 3
	final=$CACHE/$kind-$key
	until use_artefact "$final"; do
		exec {lock}>>"$CACHE/locks/$kind-$key"
		if ! flock -n "$lock"; then
			say "waiting for another svm-vm that makes the same: $kind"
			flock "$lock"
		fi
		if [[ ! -d $final ]]; then
			new_dir tmp "$kind"
			tmp=$REPLY
			# Not in a condition, or set -e would not end it at the first failure; and not in a
			# subshell, which would not end when this process is killed.
			"$builder" "$tmp" "$@"
			chmod 755 "$tmp"
			mv -T "$tmp" "$final"
		fi
		exec {lock}>&-
	done
	REPLY=$final
}

# prune KIND COUNT: of that kind keeps the COUNT that were used last, and all in use.
prune() {
	local kind=$1 keep=$2 dir fd n=0
	local -a dirs
	mapfile -t dirs < <(ls -dt -- "$CACHE/$kind"-* 2>/dev/null)
	for dir in "${dirs[@]}"; do
		((++n > keep)) || continue
		exec {fd}<"$dir" || continue
		if flock -n -x "$fd"; then
			mv -T "$dir" "$CACHE/tmp/old.$$.${dir##*/}"
			rm -rf --one-file-system -- "$CACHE/tmp/old.$$.${dir##*/}"
		fi
		exec {fd}<&-
	done
}

# Sets LOG to a new path below logs/, and drops the oldest of that kind (console, build).
new_log() {
	local old
	find "$CACHE/logs" -maxdepth 1 -name "${1%%-*}-*.log" -printf '%T@ %p\0' | sort -zrn | tail -zn +41 |
		while IFS= read -rd '' old; do rm -f -- "${old#* }"; done
	# shellcheck disable=SC2034 # for the caller
	LOG=$CACHE/logs/$1-$(printf '%(%Y%m%d-%H%M%S)T' -1)-$$.log
}

hash_text() {
	local sum
	sum=$(sha256sum)
	echo "${sum:0:16}"
}
