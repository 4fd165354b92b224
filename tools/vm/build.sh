# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tools/svm-vm, what it makes, each an artefact of the cache (cache.sh):
#
#   tree      root/            the guest's root file system, without a kernel
#   packages  upper/           what `--packages` adds to it; and, apart, the emulator
#   disk      root.img         either of them as a disk image
#   kernel    usr/, version    a kernel's modules and headers, as they are in Debian's packages; the
#                              debug kernel is built from Debian's source (debug.config, make-kernel)
#   boot      vmlinuz, initrd, modules.img  what QEMU starts, and the modules as a disk image
#   userland  files.tar        libsvm, the tools and the guest tests, built in the tree
#   module    files.tar        svm.ko and the tests' own modules, built in the tree with the kernel's headers
#   peer      files.tar        the kernel's test_hmm.ko, which Debian does not build; for svmbench
#
# KEY_* are their keys; make_* builds one in the directory it is given; need_* has it made and sets REPLY.

SUITE=trixie
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Bumped when a recipe below changes: the keys are of lists and sources, not of the recipes.
LAYOUT=1

# Run time and build time in one: the guest's own compiler builds what the guest runs. No cmocka: the unit
# tests are for the host, and without it are not built.
ROOT_PACKAGES=(
	ca-certificates build-essential cmake pkgconf kmod iproute2 procps util-linux
	libnuma-dev numactl libjson-c-dev libelf-dev pahole e2fsprogs
	libevent-dev libsystemd-dev libdrm-dev libibverbs-dev libncurses-dev
	busybox-static cpio less
)

# Files that nobody reads in the guest: less to unpack, less to put on the disk.
DPKG_EXCLUDE=(/usr/share/man /usr/share/doc /usr/share/info /usr/share/locale /usr/share/lintian)

# The emulator, of the guest's suite whatever the host has: QEMU before 8.1 translates code without holding
# its page against stores. With a CPU a thread it then keeps executing a breakpoint that the kernel, patching
# its own text, has long removed, and the kernel dies of an int3 that nobody knows.
QEMU_PACKAGES=qemu-system-x86

# What the root file system lacks to build a kernel; sorted.
KERNEL_PACKAGES="bc bison flex lz4"

# Modules for hardware that this VM can't have, two thirds of all. depmod reads every module there is.
MODULE_EXCLUDE=(
	sound drivers/media drivers/net/wireless drivers/net/ethernet drivers/net/usb drivers/net/can
	drivers/gpu/drm/amd drivers/gpu/drm/i915 drivers/gpu/drm/xe drivers/gpu/drm/nouveau
	drivers/gpu/drm/radeon drivers/iio drivers/hid drivers/usb drivers/staging drivers/comedi
	drivers/input drivers/isdn drivers/bluetooth net/bluetooth drivers/mtd drivers/hwmon
	drivers/platform drivers/power drivers/scsi drivers/message drivers/video drivers/leds
)

# --- keys and sources ---------------------------------------------------------------------------

tree_git() { git -c safe.directory='*' -C "$TOP" "$@"; }

# The working tree's files below the given folders, NUL-separated: tracked or not, but not the ignored ones.
source_files() {
	if tree_git rev-parse --is-inside-work-tree &>/dev/null; then
		tree_git ls-files -z --cached --others --exclude-standard -- "$@"
	else
		(cd "$TOP" && find "$@" \( -name .git -o -name 'build*' -type d \) -prune -o \
			\( -type f -o -type l \) -printf '%p\0' 2>/dev/null) | sed -z 's#^\./##'
	fi | sort -zu | while IFS= read -rd '' file; do
		# a tracked file may be deleted in the working tree
		[[ ! -f $TOP/$file ]] || printf '%s\0' "$file"
	done
}

# Without the module, and without tests that are for the host only: the VM need not wait for them.
userland_files() { source_files . | grep -zvE '^(kmod|tests/(kmod|unit|unit-svmd|svmd|fuzz|mutants))/' || true; }
all_files() { source_files .; }
module_files() { source_files kmod include tests/kmod; }

# A hash of the files below $1 that stdin names: names, contents, and which are executable.
hash_files() {
	local list
	list=$(mktemp)
	# prose and svm-vm itself are no part of what is built
	grep -zvE '^(\.ci/|LICENSES/|tools/svm-vm$|tools/vm/|tests/check$|tests/mutate$|\.git[a-z]*$|.*\.md$)' >"$list" || true
	(
		cd "$1" || exit
		xargs -0r sha256sum -- <"$list"
		xargs -0r stat -Lc '%A %n' -- <"$list" | cut -c 4,11-
	) | hash_text
	rm -f "$list"
}

# copy_files DIR FILES-FUNCTION: copies what the function names, and makes sure that it is what the key
# was computed from: somebody may be typing.
copy_files() {
	local before after
	mkdir -p "$1"
	before=$("$2" | hash_files "$TOP")
	"$2" | tar -C "$TOP" --null -T - -cf - | tar -C "$1" -xf -
	after=$("$2" | hash_files "$1")
	[[ $before == "$after" ]] || die "the sources changed while they were copied; run it again"
}

# compute_keys KERNEL PACKAGES [MODULE]: sets the KEY_*; KEY_MODULE only if the module is wanted (plain
# or debug).
compute_keys() {
	KEY_TREE=$(echo "$LAYOUT $SUITE ${ROOT_PACKAGES[*]} ${DPKG_EXCLUDE[*]}" | hash_text)
	# shellcheck disable=SC2034 # for the caller
	KEY_QEMU=$(packages_key "$QEMU_PACKAGES")
	KEY_DISK=$KEY_TREE
	[[ -z $2 ]] || KEY_DISK=$(packages_key "$2")
	KEY_KERNEL=$(kernel_key "$1")
	KEY_BOOT=$({
		echo "$KEY_TREE $KEY_KERNEL"
		cat "$VM"/{agent.c,initramfs-init,guest-init,make-initramfs}
	} | hash_text)
	KEY_PEER=$({
		echo "$KEY_TREE $KEY_KERNEL"
		cat "$VM/make-peer"
	} | hash_text)
	KEY_USERLAND=$({
		echo "$KEY_TREE"
		cat "$VM/make-userland"
		userland_files | hash_files "$TOP"
	} | hash_text)
	if [[ -n ${3:-} ]]; then
		KEY_MODULE=$({
			echo "$KEY_TREE $KEY_KERNEL $3"
			cat "$VM/make-module"
			module_files | hash_files "$TOP"
		} | hash_text)
	fi
}

# --- the root file system -----------------------------------------------------------------------

packages_key() { echo "$KEY_TREE $1" | hash_text; }

need_tree() { ensure tree "$KEY_TREE" make_tree; }
need_packages() { ensure packages "$(packages_key "$1")" make_packages "$1"; }
need_disk() { ensure disk "$KEY_DISK" make_disk "$1"; }

make_tree() {
	local dir=$1 mirror path
	local -a options=()
	mirror=$(find_mirror)
	host_apt_options >"$dir/apt.conf"
	[[ ! -s $dir/apt.conf ]] || options+=("--aptopt=$dir/apt.conf")
	for path in "${DPKG_EXCLUDE[@]}"; do
		options+=("--dpkgopt=path-exclude=$path/*")
	done
	# shellcheck disable=SC2016 # $1 is for mmdebstrap's shell
	run_logged "making the root file system: $SUITE from $mirror (a minute or two)" tree \
		unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
		mmdebstrap --mode=root --variant=minbase --architectures=amd64 --format=directory \
		--include="$(echo "${ROOT_PACKAGES[*]}" | tr ' ' ,)" --dpkgopt=force-unsafe-io "${options[@]}" \
		--setup-hook='mkdir -p "$1/usr/sbin" && printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"' \
		--setup-hook='chmod 755 "$1/usr/sbin/policy-rc.d"' \
		"$SUITE" "$dir/root" "deb [signed-by=$KEYRING] $mirror $SUITE main"
	(
		cd "$dir/root" || exit
		mkdir -p build mnt/share usr/lib/modules
		echo svm-vm >etc/hostname
		printf '127.0.0.1\tlocalhost svm-vm\n::1\tlocalhost\n' >etc/hosts
		: >etc/resolv.conf
		rm -rf boot/* var/lib/apt/lists/* var/cache/apt/*.bin
	)
}

# $2: package names, sorted, one space between them
make_packages() {
	local dir=$1 mirror tree
	need_tree
	tree=$REPLY
	mirror=$(find_mirror)
	# shellcheck disable=SC2016,SC2086 # $1 is for the inner shell; $2 is words
	run_logged "adding packages from $mirror: $2" packages \
		"$VM/in-root" --overlay "$dir" --network "$tree/root" -- bash -ec '
			export DEBIAN_FRONTEND=noninteractive
			echo "deb $1 $2 main" >/etc/apt/sources.list
			rm -f /etc/apt/sources.list.d/*
			shift 2
			apt-get -q update
			apt-get -q install -y --no-install-recommends -o DPkg::Options::=--force-unsafe-io "$@"
			apt-get clean
			rm -rf /var/lib/apt/lists/*' - "[signed-by=$KEYRING] $mirror" "$SUITE" $2
	rm -rf "$dir/work"
}

# Sets QEMU_PROGRAM: the guest's emulator on this host, by its own loader and libraries.
need_qemu() {
	local tree libraries=usr/lib/x86_64-linux-gnu
	need_tree
	tree=$REPLY/root
	need_packages "$QEMU_PACKAGES"
	export QEMU_MODULE_DIR=$REPLY/upper/$libraries/qemu
	# shellcheck disable=SC2034 # for machine.sh
	QEMU_PROGRAM=(
		"$tree/lib64/ld-linux-x86-64.so.2" --library-path "$REPLY/upper/$libraries:$tree/$libraries"
		"$REPLY/upper/usr/bin/qemu-system-x86_64"
		-L "$REPLY/upper/usr/share/seabios" -L "$REPLY/upper/usr/share/qemu"
	)
}

make_disk() {
	local dir=$1 tree
	local -a layer=()
	need_tree
	tree=$REPLY
	if [[ -n $2 ]]; then
		need_packages "$2"
		layer=(--layer "$REPLY")
	fi
	# no journal: the disk is thrown away after each run
	# shellcheck disable=SC2016 # for the inner shell
	run_logged "making the disk image" disk \
		"$VM/in-root" --outside "${layer[@]}" "$tree/root" -- bash -ec '
			size=$(du -sxm "$2" | cut -f 1)
			mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard -m 0 -L root \
				-d "$2" "$1/root.img" $((size + size / 4 + 2048))M' - "$dir"
}

# --- kernels ------------------------------------------------------------------------------------

# The Debian suite that the kernel of that name is from. Another one needs a case here; one that is not
# Debian's linux-image-amd64 also in kernel_key and need_kernel. Nothing else asks where a kernel comes from.
kernel_suite() {
	case $1 in
	stock | debug) echo $SUITE-backports ;;
	lts) echo $SUITE ;;
	esac
}

kernel_key() {
	if [[ $1 == debug ]]; then
		{
			# the version is the stock kernel's
			echo "$KEY_TREE $(kernel_key stock) $KERNEL_PACKAGES"
			cat "$VM"/{debug.config,make-kernel}
		} | hash_text
	else
		echo "$LAYOUT $SUITE $1 ${MODULE_EXCLUDE[*]}" | hash_text
	fi
}

need_kernel() {
	local maker=fetch_kernel
	[[ $1 != debug ]] || maker=make_debug_kernel
	ensure kernel "$(kernel_key "$1")" $maker "$1"
}

fetch_kernel() {
	local dir=$1 suite mirror
	suite=$(kernel_suite "$2")
	mirror=$(find_mirror)
	host_apt_options >"$dir/apt.conf"
	run_logged "fetching the $2 kernel and its headers: $suite from $mirror" "kernel-$2" \
		unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
		"$VM/fetch-kernel" "$dir" "$suite" "deb [arch=amd64 signed-by=$KEYRING] $mirror $suite main" \
		"${MODULE_EXCLUDE[@]}"
}

# fetch_source DIR SUITE KERNEL-TREE: puts Debian's source of that kernel's version, a tar archive, into DIR;
# sets REPLY to its path.
fetch_source() {
	local dir=$1 suite=$2 mirror version name
	mirror=$(find_mirror)
	# 7.2 of 7.2.12+deb13-amd64
	version=$(grep -oE '^[0-9]+\.[0-9]+' "$3/version")
	name=linux-source-$version
	host_apt_options >"$dir/apt.conf"
	# shellcheck disable=SC2016 # for the inner shell
	run_logged "fetching $name: $suite from $mirror" source \
		unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- bash -ec '
			"$1/fetch-debs" "$2" "$3" "$4" "^$5\$" "$5"
			dpkg-deb --fsys-tarfile "$2"/apt/debs/*.deb | tar -x -C "$2" --strip-components=3 --wildcards "*/$5.tar.*"
			rm -r "$2/apt" "$2/apt.conf"' \
		- "$VM" "$dir" "$suite" "deb [arch=amd64 signed-by=$KEYRING] $mirror $suite main" "$name"
	REPLY=$(echo "$dir/$name".tar.*)
}

make_debug_kernel() {
	local dir=$1 suite tree layer source
	suite=$(kernel_suite "$2")
	need_tree
	tree=$REPLY
	need_packages "$KERNEL_PACKAGES"
	layer=$REPLY
	need_kernel stock
	fetch_source "$dir" "$suite" "$REPLY"
	source=$REPLY
	mkdir "$dir/build"
	mv "$source" "$dir/build/linux.tar"
	cp "$VM/debug.config" "$dir/build/config"
	run_logged "building the debug kernel from ${source##*/} (13 minutes on 2 cores)" "kernel-$2" \
		"$VM/in-root" --layer "$layer" --build "$dir/build" "$tree/root" -- bash -c \
		"$(<"$VM/make-kernel")" make-kernel
	mv "$dir"/build/{usr,version} "$dir/"
	rm -rf "$dir/build"
}

# The style checker of the kernel's source, which its headers do not have.
need_checkpatch() { ensure checkpatch "$KEY_KERNEL" make_checkpatch "$1"; }

make_checkpatch() {
	local dir=$1 suite
	suite=$(kernel_suite "$2")
	need_kernel "$2"
	fetch_source "$dir" "$suite" "$REPLY"
	tar -x -C "$dir" -f "$REPLY" --strip-components=2 \
		--wildcards --no-wildcards-match-slash '*'/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch}
	rm "$REPLY"
}

need_boot() { ensure boot "$KEY_BOOT" make_boot "$1"; }

make_boot() {
	local dir=$1 tree kernel
	need_tree
	tree=$REPLY
	need_kernel "$2"
	kernel=$REPLY
	mkdir "$dir/build"
	cp "$VM"/{agent.c,initramfs-init,guest-init} "$dir/build/"
	run_logged "making the initramfs ($2 kernel)" "boot-$2" \
		"$VM/in-root" --kernel "$kernel" --build "$dir/build" "$tree/root" -- bash -c \
		"$(<"$VM/make-initramfs")" make-initramfs "$(<"$kernel/version")"
	mv "$dir"/build/{initrd,modules.img} "$dir/"
	ln "$kernel"/usr/lib/modules/*/vmlinuz "$dir/vmlinuz" || cp "$kernel"/usr/lib/modules/*/vmlinuz "$dir/vmlinuz"
	rm -rf "$dir/build"
}

# The kernel's own test of device memory, which svmbench measures beside ours. Nothing of it is in this tree.
need_peer() { ensure peer "$KEY_PEER" make_peer "$1"; }

make_peer() {
	local dir=$1 suite tree kernel
	suite=$(kernel_suite "$2")
	need_tree
	tree=$REPLY
	need_kernel "$2"
	kernel=$REPLY
	fetch_source "$dir" "$suite" "$kernel"
	mkdir -p "$dir/build/src"
	tar -x -C "$dir/build/src" -f "$REPLY" --strip-components=2 --wildcards '*/lib/test_hmm*'
	rm "$REPLY"
	run_logged "building test_hmm.ko for the $2 kernel, $(<"$kernel/version")" "peer-$2" \
		"$VM/in-root" --kernel "$kernel" --build "$dir/build" "$tree/root" -- bash -c \
		"$(<"$VM/make-peer")" make-peer "$(<"$kernel/version")"
	mv "$dir/build/files.tar" "$dir/"
	rm -rf "$dir/build"
}

# --- the project --------------------------------------------------------------------------------

need_userland() { ensure userland "$KEY_USERLAND" make_userland; }
need_module() { ensure module "$KEY_MODULE" make_module "$1" "$2"; }

# Warnings of a build that did not fail are shown too: nobody reads the log of a success.
show_warnings() {
	local count
	count=$(grep -c 'warning:' "$1") || return 0
	say "$count compiler warnings; the log is $1:"
	grep 'warning:' "$1" | sed 's/^/  | /' >&2
}

make_userland() {
	local dir=$1 tree
	need_tree
	tree=$REPLY
	copy_files "$dir/build/src" userland_files
	run_logged "building libsvm and the tools" userland \
		"$VM/in-root" --build "$dir/build" "$tree/root" -- bash -c \
		"$(<"$VM/make-userland")" make-userland
	show_warnings "$LOG"
	mv "$dir/build/files.tar" "$dir/"
	rm -rf "$dir/build"
}

make_module() {
	local dir=$1 tree kernel
	local -a options=()
	[[ $3 != debug ]] || options=(SVM_DEBUG=y)
	[[ -e $TOP/kmod/Makefile ]] || die "there is no kmod/ in this tree; --no-module does without"
	need_tree
	tree=$REPLY
	need_kernel "$2"
	kernel=$REPLY
	copy_files "$dir/build/src" module_files
	run_logged "building svm.ko ($3) for the $2 kernel, $(<"$kernel/version")" "module-$2-$3" \
		"$VM/in-root" --kernel "$kernel" --build "$dir/build" "$tree/root" -- bash -c \
		"$(<"$VM/make-module")" make-module "$(<"$kernel/version")" "${options[@]}"
	show_warnings "$LOG"
	mv "$dir/build/files.tar" "$dir/"
	rm -rf "$dir/build"
}
