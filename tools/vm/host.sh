# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tools/svm-vm, the host's side: messages, long steps, missing packages, the mirror.

say() { printf 'svm-vm: %s\n' "$*" >&2; }

# 125: svm-vm's own failure, never the command's (as env, timeout and docker do it).
die() {
	say "$*"
	exit 125
}

# run_logged WHAT NAME COMMAND…: a long step. Its output goes to a log with that name, whose path LOG is;
# every 15 seconds a line says that it is alive and where it is. A failure shows the log's last lines
# and ends svm-vm.
# The command dies with this shell: a build that nobody waits for would hold the cache's locks.
run_logged() {
	local what=$1 start=$SECONDS next=15 pid rc=0 clock line
	new_log "build-$2"
	shift 2
	say "$what"
	setpriv --pdeathsig KILL "$@" >"$LOG" 2>&1 </dev/null &
	pid=$!
	# a read that times out is a sleep without a process, which would outlive us and hold the locks
	exec {clock}<> <(:)
	while kill -0 "$pid" 2>/dev/null; do
		read -rt 0.2 -u "$clock" _ || true
		if ((SECONDS - start >= next)); then
			next=$((next + 15))
			line=$(tail -n 1 "$LOG" | tr -d '\r' | cut -c 1-80)
			say "  … $((SECONDS - start)) s: $line"
		fi
	done
	exec {clock}<&-
	wait "$pid" || rc=$?
	if ((rc)); then
		say "FAILED (status $rc): $what"
		tail -n 25 "$LOG" | sed 's/^/  | /' >&2
		die "whole log: $LOG"
	fi
	if ((SECONDS - start >= 15)); then
		say "  done after $((SECONDS - start)) s"
	fi
}

need_root() {
	[[ $(id -u) == 0 ]] ||
		die "must run as root (it makes a chroot and mounts file systems); try: sudo $0 …"
}

# The host's packages, by the command or file that is missed.
host_packages_missing() {
	local pair
	for pair in mmdebstrap:mmdebstrap mke2fs:e2fsprogs \
		setpriv:util-linux unshare:util-linux perl:perl-base flock:util-linux dpkg-deb:dpkg; do
		command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
	done
	[[ -e $KEYRING ]] || echo debian-archive-keyring
}

need_host_packages() {
	local -a missing
	mapfile -t missing < <(host_packages_missing | sort -u)
	((${#missing[@]})) || return 0
	command -v apt-get >/dev/null ||
		die "missing on this host, and there is no apt-get to install it: ${missing[*]}"
	# shellcheck disable=SC2016 # for the inner shell
	run_logged "installing on this host: ${missing[*]}" host-packages \
		env DEBIAN_FRONTEND=noninteractive bash -c '
			install() { apt-get install -y --no-install-recommends "$@"; }
			install "$@" || { apt-get update && install "$@"; }' - "${missing[@]}"
	mapfile -t missing < <(host_packages_missing | sort -u)
	((${#missing[@]} == 0)) || die "still missing on this host: ${missing[*]}"
}

# The first line of a mirror list, for apt's mirror+file: method.
first_of_mirror_list() {
	local list=${1#mirror+file:}
	list=/${list##+(/)}
	[[ -r $list ]] && grep -m 1 -oE '^[a-z+]+:[^[:space:]]+' "$list"
}

# The Debian mirror: SVM_VM_MIRROR, or what this host's own apt uses for Debian's main archive
# (both formats of its source lists, as apt itself understands them).
find_mirror() {
	local site origin uri=
	if [[ -n ${SVM_VM_MIRROR:-} ]]; then
		uri=$SVM_VM_MIRROR
		[[ $uri =~ ^[a-z+]+:/[^[:space:]\"]+$ ]] || die "SVM_VM_MIRROR is not the URL of a Debian mirror: '$uri'"
	elif command -v apt-get >/dev/null; then
		# shellcheck disable=SC2016 # apt expands it
		while IFS='|' read -r site origin; do
			# the security archive has another layout and not what is wanted here
			[[ $site != *security* ]] || continue
			if [[ $origin == Debian ]]; then
				uri=$site
				break
			fi
			# lists that were never fetched say no origin: the usual path will do
			[[ -n $uri || -n $origin || $site != */debian?(/) && $site != mirror+file:* ]] || uri=$site
		done < <(apt-get indextargets --format '$(SITE)|$(ORIGIN)' 'Created-By: Packages' 2>/dev/null | sort -u)
	fi
	if [[ $uri == mirror+file:* ]]; then
		uri=$(first_of_mirror_list "$uri") || uri=
	fi
	[[ -n $uri ]] ||
		die "no Debian mirror found in this host's apt configuration; set SVM_VM_MIRROR=URL"
	echo "${uri%%+(/)}"
}

# What of the host's apt configuration the mirror may need: proxies and the like.
host_apt_options() {
	apt-config dump 2>/dev/null | grep -E '^Acquire::(https?|ftp)::' || true
}
