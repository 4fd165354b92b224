# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tools/svm-vm, the virtual machine: how it is made up, and whether KVM can run it.

MIN_MEMORY=3072   # MiB: two ram devices, the reserved range, and room to work
FAR_NODE=1152     # MiB of the node without CPUs, at the top of memory; its upper part is the following two
NVDIMM=128        # MiB of persistent memory, as old NVDIMMs appear
RESERVED=512      # MiB of the reserved range, at the very top
LOW_MEMORY=2048   # MiB below 4 GiB; the rest lies above 4 GiB

# Memory as MiB from 6G, 4096M, 4096 (MiB).
parse_memory() {
	local size
	[[ $1 =~ ^0*([1-9][0-9]{0,7})([GgMm]?)([Ii]?[Bb])?$ ]] ||
		die "--memory: not a size: '$1' (as in 6G or 4096M)"
	size=${BASH_REMATCH[1]}
	[[ ${BASH_REMATCH[2]} != [Gg] ]] || size=$((size * 1024))
	((size >= MIN_MEMORY)) ||
		die "--memory $1 is too little: the devices and the reserved range need at least $((MIN_MEMORY / 1024))G"
	echo "$size"
}

# An option value for QEMU: a comma separates, two stand for one.
qemu_quote() { echo "${1//,/,,}"; }

# Nodes 0 and 1 have the CPUs and share the memory but for the top, which is node 2: no CPUs, farther
# away, slower: a CXL expander. Sets QEMU_NUMA.
numa_arguments() {
	local memory=$1 cpus=$2 near i sockets=2 cores
	near=$(((memory - FAR_NODE) / 2 / 128 * 128))
	cores=$((cpus / 2))
	if ((cpus % 2)); then
		sockets=$cpus cores=1
	fi
	QEMU_NUMA=(
		-smp "$cpus,sockets=$sockets,cores=$cores,threads=1"
		-object "memory-backend-ram,id=mem0,size=$((memory - FAR_NODE - near))M"
		-object "memory-backend-ram,id=mem1,size=${near}M"
		-object "memory-backend-ram,id=mem2,size=${FAR_NODE}M"
		-numa "node,nodeid=0,memdev=mem0,initiator=0"
		-numa "node,nodeid=1,memdev=mem1,initiator=$((cpus > 1))"
		-numa "node,nodeid=2,memdev=mem2,initiator=0"
	)
	for ((i = 0; i < sockets; i++)); do
		QEMU_NUMA+=(-numa "cpu,node-id=$((i * 2 >= sockets && i > 0)),socket-id=$i")
	done
	QEMU_NUMA+=(
		-numa dist,src=0,dst=1,val=20 -numa dist,src=0,dst=2,val=30 -numa dist,src=1,dst=2,val=30
	)
	for ((i = 0; i < (cpus > 1 ? 2 : 1); i++)); do
		hmat_arguments "$i" "$i" 80 20
		hmat_arguments "$i" $((1 - i)) 140 10
		hmat_arguments "$i" 2 250 5
		QEMU_NUMA+=(-numa "hmat-cache,node-id=$i,size=16M,level=1,associativity=direct,policy=write-back,line=64")
	done
}

# From an initiator to a target: latency in ns, bandwidth in GB/s.
hmat_arguments() {
	local from_to="hmat-lb,initiator=$1,target=$2,hierarchy=memory"
	QEMU_NUMA+=(
		-numa "$from_to,data-type=access-latency,latency=$3"
		-numa "$from_to,data-type=access-bandwidth,bandwidth=${4}G"
	)
}

# The kernel's parameters for the ranges at the top of memory $1, on 128 MiB boundaries (a memory block of
# the kernel). No NVDIMM of QEMU's: with that, HMAT and an IOMMU there are more ACPI tables than SeaBIOS takes.
memory_maps() {
	local reserved=$(((4096 + $1 - LOW_MEMORY - RESERVED) / 128 * 128))
	# shellcheck disable=SC2016 # $ is a sign of the kernel's
	printf 'memmap=%dM$0x%x memmap=%dM!0x%x' "$RESERVED" $((reserved << 20)) \
		"$NVDIMM" $(((reserved - NVDIMM) << 20))
}

# After need_qemu. machine_arguments ACCEL MEMORY CPUS BOOT CONSOLE COMMAND-LINE: sets QEMU to all but disks and the agent's port.
machine_arguments() {
	local accel=$1 memory=$2 cpus=$3 boot=$4 console=$5 append=$6
	local cpu=max,-erms,-fsrm
	if [[ $accel == kvm ]]; then
		cpu=host
		accel=(-accel kvm)
	elif [[ $1 == icount ]]; then
		# each instruction takes a nanosecond of the guest's time, and waiting takes none
		accel=(-accel "tcg,thread=single,tb-size=512" -icount "shift=0,sleep=off")
	else
		# -erms: `rep movsb` is emulated byte by byte, and the kernel copies by it where it may
		accel=(-accel "tcg,thread=multi,tb-size=512")
	fi
	numa_arguments "$memory" "$cpus"
	QEMU=(
		"${QEMU_PROGRAM[@]}" -nodefaults -no-user-config -display none -vga none -nic none -no-reboot
		-name svm-vm
		-machine "q35,hmat=on,usb=off,max-ram-below-4g=${LOW_MEMORY}M" "${accel[@]}" -cpu "$cpu"
		-m "${memory}M" "${QEMU_NUMA[@]}"
		-object memory-backend-ram,id=bar,size=256M,share=on
		-device ivshmem-plain,memdev=bar
		-device virtio-gpu-pci
		-device "edu,dma_mask=0xffffffffffffffff"
		-device "intel-iommu,intremap=off"
		-chardev "file,id=console,path=$(qemu_quote "$console")" -serial chardev:console
		-kernel "$boot/vmlinuz" -initrd "$boot/initrd"
		-append "console=ttyS0 panic=-1 loglevel=7 intel_iommu=on $(memory_maps "$memory") $append"
	)
}

# Says kvm or tcg. KVM only if it has really booted a guest: /dev/kvm may exist and not work. The
# answer is kept for this host's kernel and QEMU.
find_accel() {
	local boot=$1 key probe answer=tcg
	case ${SVM_VM_ACCEL:-} in
	tcg | kvm)
		echo "$SVM_VM_ACCEL"
		return
		;;
	'') ;;
	*) die "SVM_VM_ACCEL must be tcg or kvm, not '$SVM_VM_ACCEL'" ;;
	esac
	if [[ ! -w /dev/kvm ]]; then
		echo tcg
		return
	fi
	key=$(echo "$(uname -rv) $("${QEMU_PROGRAM[@]}" --version) $(stat -Lc %t:%T /dev/kvm)" | hash_text)
	if [[ -s $CACHE/accel-$key ]]; then
		cat "$CACHE/accel-$key"
		return
	fi
	say "trying whether KVM works here"
	new_dir run probe
	probe=$REPLY
	machine_arguments kvm "$MIN_MEMORY" 2 "$boot" "$probe/console" "svm_vm_probe=1"
	timeout -s KILL 10 setpriv --pdeathsig KILL "${QEMU[@]}" >"$probe/said" 2>&1 </dev/null || true
	if grep -q 'svm-vm: probe ok' "$probe/console" 2>/dev/null; then
		answer=kvm
	else
		say "KVM does not work here: the CPU will be emulated (TCG)"
	fi
	echo "$answer" >"$CACHE/accel-$key.$$"
	mv "$CACHE/accel-$key.$$" "$CACHE/accel-$key"
	echo "$answer"
}
