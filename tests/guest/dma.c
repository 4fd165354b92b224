// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that masters the bus, QEMU's edu: it moves bytes by its own DMA between
 * mirrored pages, which are mapped for it while they are in the mirror. Each 4 KiB
 * take it 0.2 s, so the ranges are short.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "engine.h"
#include "harness.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M edu_dma_bits=64",
};

#define DRIVER "/sys/bus/pci/drivers/svm-edu/"
#define BITS "/sys/module/svm/parameters/edu_dma_bits"
#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110

#define PAGES 4
#define LENGTH (PAGES * PAGE)

/* --- the driver ------------------------------------------------------------- */

/* The path in /sys of the first function of this kind; skips without one. */
static const char *pci_function(unsigned int vendor, unsigned int device)
{
	static char path[300];
	struct dirent *entry;
	DIR *d = opendir("/sys/bus/pci/devices");
	char file[320], text[16];

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s",
			 entry->d_name);
		snprintf(file, sizeof(file), "%s/vendor", path);
		if (!read_file(file, text, sizeof(text)) ||
		    strtoul(text, NULL, 16) != vendor)
			continue;
		snprintf(file, sizeof(file), "%s/device", path);
		if (!read_file(file, text, sizeof(text)) ||
		    strtoul(text, NULL, 16) != device)
			continue;
		closedir(d);
		return path;
	}
	skip("no PCI function %04x:%04x", vendor, device);
}

static const char *edu_path(void)
{
	return pci_function(EDU_VENDOR, EDU_DEVICE);
}

/* Write a function's name to a file of the driver: 0 or a negative errno. */
static int tell_driver(const char *file, const char *path)
{
	char name[300];

	snprintf(name, sizeof(name), "%s%s", DRIVER, file);
	errno = 0;
	return write_file(name, strrchr(path, '/') + 1) ? 0 : -errno;
}

static bool edu_is_bound(void)
{
	char file[320];

	snprintf(file, sizeof(file), "%s/svm", edu_path());
	return !access(file, F_OK);
}

static void edu_unbind(void)
{
	CHECK_RET(tell_driver("unbind", edu_path()), 0);
	CHECK(!edu_is_bound());
}

/* By its number the first time, as an operator would; later by its name. */
static void edu_bind(void)
{
	if (edu_is_bound())
		return;
	write_file(DRIVER "new_id", "1234 11e8");
	if (!edu_is_bound())
		CHECK_RET(tell_driver("bind", edu_path()), 0);
	CHECK(edu_is_bound());
}

static unsigned int edu_id(void)
{
	char dir[320];
	struct dirent *entry;
	unsigned int id;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/svm", edu_path());
	d = opendir(dir);
	while (d && (entry = readdir(d)))
		if (sscanf(entry->d_name, "svm%u", &id) == 1) {
			closedir(d);
			return id;
		}
	FAIL("the function has no device: %s", dir);
}

static int open_edu(void)
{
	edu_path();
	edu_bind();
	return open_device(edu_id());
}

static size_t edu_mapped(void)
{
	char file[100];

	snprintf(file, sizeof(file), "/sys/class/svm/svm%u/bytes_dma_mapped",
		 edu_id());
	return read_number(file);
}

/* --- what it does -------------------------------------------------------------- */

CASE(what_it_is)
{
	int fd = open_edu(), control = open_control();
	struct svm_ioctl_info info = device_info(fd);
	char *addr = map_anon(PAGE);
	struct svm_ioctl_migrate m = arg_migrate(addr, PAGE, TO_DEVICE);
	struct svm_ioctl_destroy d = arg_destroy(info.id);

	CHECK_EQ(info.type, SVM_DEVICE_DMA);
	CHECK_EQ(info.bytes_total, 0);
	CHECK_EQ(info.bytes_free, 0);
	CHECK(info.capabilities & SVM_CAP_DMA);
	CHECK(info.capabilities & SVM_CAP_ACCESS);
	CHECK(!(info.capabilities & SVM_CAP_TO_DEVICE));

	fill(addr, PAGE, 1);
	check_refused(fd, SVM_IOCTL_MIGRATE, &m, sizeof(m), EOPNOTSUPP);
	access_fails(fd, op_atomic(SVM_ACCESS_ADD, 8, addr, 1), EOPNOTSUPP);
	check_fill(addr, PAGE, 1);
	/* Its driver made it, and its driver removes it. */
	check_refused(control, SVM_IOCTL_DESTROY, &d, sizeof(d), EBUSY);
	CHECK_EQ(device_info(fd).id, info.id);
}

CASE(the_cpu_plays_the_others)
{
	if (device_info(open_control()).capabilities & SVM_CAP_TO_DEVICE)
		CHECK(!(device_info(open_device(0)).capabilities &
			SVM_CAP_DMA));
	CHECK(access("/sys/class/svm/svm0/bytes_dma_mapped", F_OK));
}

CASE(copy)
{
	int fd = open_edu();
	char *from = map_anon(LENGTH), *to = map_anon(LENGTH);

	fill(from, LENGTH, 1);
	CHECK_EQ(edu_mapped(), 0);
	dev_copy(fd, to, from, LENGTH);
	check_fill(to, LENGTH, 1);
	check_fill(from, LENGTH, 1);
	CHECK_EQ(edu_mapped(), 2 * LENGTH);
}

/* Neither on pages nor on words; into and out of a hole. */
CASE(copy_of_odd_bytes)
{
	int fd = open_edu();
	char *from = map_anon(LENGTH), *to = map_anon(LENGTH);

	fill(from, LENGTH, 1);
	dev_copy(fd, to + 4001, from + 77, 4500);
	check_zero(to, 4000);
	CHECK(!to[4000] && !memcmp(to + 4001, from + 77, 4500));
	CHECK(!to[4001 + 4500]);
	dev_copy(fd, from + 1, map_anon(PAGE), 1);
	CHECK_EQ(from[1], 0);
}

CASE(copy_overlapping)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH), *want = malloc(LENGTH);

	CHECK(want);
	fill(addr, LENGTH, 1);
	memcpy(want, addr, LENGTH);
	memmove(want + 100, want, 2 * PAGE);
	dev_copy(fd, addr + 100, addr, 2 * PAGE);
	CHECK(!memcmp(addr, want, LENGTH));
	memmove(want, want + PAGE, PAGE + 300);
	dev_copy(fd, addr, addr + PAGE, PAGE + 300);
	CHECK(!memcmp(addr, want, LENGTH));
	dev_copy(fd, addr, addr, PAGE);
	CHECK(!memcmp(addr, want, LENGTH));
}

CASE(read_write_fill)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH), *buffer = malloc(LENGTH);

	CHECK(buffer);
	fill(buffer, LENGTH, 1);
	dev_write(fd, addr, LENGTH, buffer);
	check_fill(addr, LENGTH, 1);
	fill(addr, LENGTH, 2);
	CHECK_EQ(dev_read(fd, addr, LENGTH, buffer), 0);
	check_fill(buffer, LENGTH, 2);
	dev_set(fd, addr + PAGE - 8, 16, 2, 0x1234);
	CHECK_EQ(*(uint64_t *)(addr + PAGE - 8), 0x1234123412341234);
	CHECK_EQ(*(uint64_t *)(addr + PAGE), 0x1234123412341234);
	check_part(addr, PAGE - 8, 2, 0);
	check_part(addr + PAGE + 8, PAGE, 2, PAGE + 8);
}

/* A huge page of an IOMMU's or of the host's is still 4 KiB at a time. */
CASE(huge_page)
{
	int fd = open_edu();
	char *addr = map_thp(HUGE_PAGE);

	fill(addr, HUGE_PAGE, 1);
	dev_copy(fd, addr + MIB(1), addr + 8192 - 16, PAGE);
	CHECK(!memcmp(addr + MIB(1), addr + 8192 - 16, PAGE));
	check_part(addr + MIB(1) + PAGE, PAGE, 1, MIB(1) + PAGE);
}

CASE(shared_memory_and_file)
{
	int fd = open_edu(), file = real_file(LENGTH);
	char *from = map_shared(LENGTH), *buffer = malloc(LENGTH);
	char *to = CHECK_SYS(mmap(NULL, LENGTH, RW, MAP_SHARED, file, 0));

	CHECK(buffer);
	fill(from, LENGTH, 1);
	dev_copy(fd, to, from, LENGTH);
	CHECK_SYS(munmap(to, LENGTH));
	/* In the file, not only in its page cache. */
	CHECK_SYS(fsync(file));
	CHECK_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK_EQ(pread(file, buffer, LENGTH, 0), LENGTH);
	check_fill(buffer, LENGTH, 1);
}

/* --- what it may not -------------------------------------------------------- */

CASE(unmapped)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH), *from = map_anon(LENGTH);

	fill(from, LENGTH, 1);
	dev_copy(fd, addr, from, LENGTH);
	CHECK_EQ(edu_mapped(), 2 * LENGTH);
	CHECK_SYS(munmap(addr, LENGTH));
	CHECK_EQ(edu_mapped(), LENGTH);
	access_fails(fd, op_copy(addr, from, PAGE), EFAULT);
	access_fails(fd, op_copy(from, addr, PAGE), EFAULT);
	check_fill(from, LENGTH, 1);

	/* Something else is there now, and nothing of before. */
	CHECK_SYS(mmap(addr, LENGTH, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0));
	dev_copy(fd, from, addr, LENGTH);
	check_zero(from, LENGTH);
}

CASE(protected)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH), *other = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	fill(other, LENGTH, 2);
	dev_copy(fd, addr, addr, LENGTH);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	access_fails(fd, op_copy(addr, other, LENGTH), EPERM);
	access_fails(fd, op_fill(addr, 8, 8, 0), EPERM);
	check_fill(addr, LENGTH, 1);
	dev_copy(fd, other, addr, LENGTH);
	check_fill(other, LENGTH, 1);

	CHECK_SYS(mprotect(addr, LENGTH, PROT_NONE));
	access_fails(fd, op_copy(other, addr, PAGE), EFAULT);
	access_fails(fd, op_copy(addr, other, PAGE), EFAULT);
	check_fill(other, LENGTH, 1);

	/* The second half only: nothing of the first is changed. */
	CHECK_SYS(mprotect(addr, LENGTH, RW));
	CHECK_SYS(mprotect(addr + LENGTH / 2, LENGTH / 2, PROT_READ));
	access_fails(fd, op_fill(addr, LENGTH, 8, 0), EPERM);
	check_fill(addr, LENGTH, 1);
}

/* --- what happens to the memory ------------------------------------------------- */

CASE(device_memory_comes_home)
{
	int fd = open_edu(), ram = open_device(0);
	char *from = map_anon(LENGTH), *to = map_anon(LENGTH);

	need_device_memory();
	fill(from, LENGTH, 1);
	move_all(ram, from, LENGTH, TO_DEVICE);
	move_all(ram, to, LENGTH, TO_DEVICE);
	dev_copy(fd, to, from, LENGTH);
	check_home(fd, from, LENGTH);
	check_home(fd, to, LENGTH);
	check_fill(to, LENGTH, 1);
	check_fill(from, LENGTH, 1);
}

/* Where it goes, there the device finds it. */
CASE(moved_while_mapped)
{
	int fd = open_edu(), ram = open_device(0), nodes[2], i;
	char *addr = map_anon(LENGTH), *there = find_gap(LENGTH);

	need_two_nodes(nodes);
	fill(addr, LENGTH, 0);
	move_all(fd, addr, LENGTH, TO_NODE(nodes[1]));
	dev_check_fill(fd, addr, LENGTH, 0);
	for (i = 0; i < 2; i++) {
		move_all(fd, addr, LENGTH, TO_NODE(nodes[i]));
		CHECK_EQ(edu_mapped(), 0);
		dev_fill(fd, addr, LENGTH, i + 1);
		check_fill(addr, LENGTH, i + 1);
	}
	if (device_info(ram).capabilities & SVM_CAP_TO_DEVICE) {
		move_all(ram, addr, LENGTH, TO_DEVICE);
		CHECK_EQ(edu_mapped(), 0);
		/* By the CPU, which brings it home: to other frames. */
		fill(addr, LENGTH, 3);
		dev_check_fill(fd, addr, LENGTH, 3);
	}
	fill(addr, LENGTH, 4);
	CHECK_SYS(mremap(addr, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED,
			 there));
	CHECK_EQ(edu_mapped(), 0);
	dev_check_fill(fd, there, LENGTH, 4);
}

CASE(discarded)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, 1);
	dev_check_fill(fd, addr, LENGTH, 1);
	CHECK_SYS(madvise(addr, PAGE, MADV_DONTNEED));
	CHECK_EQ(edu_mapped(), LENGTH - PAGE);
	dev_check_zero(fd, addr, PAGE);
	dev_fill(fd, addr, PAGE, 2);
	check_fill(addr, PAGE, 2);
	check_part(addr + PAGE, LENGTH - PAGE, 1, PAGE);
}

struct sharer {
	char *addr;
	struct gate look, looked;
};

static void sharer(void *arg)
{
	struct sharer *s = arg;

	gate_wait(&s->look);
	check_fill(s->addr, LENGTH, 1);
	gate_open(&s->looked, 1);
	gate_wait(&s->look);
}

/* It breaks copy-on-write, and does not write what the child has. */
CASE(fork_while_mapped)
{
	struct sharer s = { .addr = map_anon(LENGTH),
			    .look = gate_make(),
			    .looked = gate_make() };
	int fd = open_edu();
	pid_t pid;

	fill(s.addr, LENGTH, 1);
	dev_fill(fd, s.addr, LENGTH, 1);
	pid = child(sharer, &s);
	/* To be read as before, through a mapping that may only be read. */
	dev_check_fill(fd, s.addr, LENGTH, 1);
	dev_fill(fd, s.addr, LENGTH, 2);
	gate_open(&s.look, 1);
	gate_wait(&s.looked);
	check_fill(s.addr, LENGTH, 2);
	gate_open(&s.look, 1);
	child_ok(pid);
	dev_check_fill(fd, s.addr, LENGTH, 2);
}

/* What it writes is not lost when the memory is reclaimed. */
CASE(swapped_out)
{
	int fd = open_edu();
	char *addr = map_anon(LENGTH);

	need_swap(MIB(8));
	fill(addr, LENGTH, 1);
	swap_out(addr, LENGTH);
	/* In by reading: mapped clean, with its copy in swap still good. */
	dev_check_fill(fd, addr, LENGTH, 1);
	dev_fill(fd, addr, LENGTH, 2);
	swap_out(addr, LENGTH);
	CHECK_EQ(edu_mapped(), 0);
	check_fill(addr, LENGTH, 2);
}

CASE(exclusive)
{
	int fd = open_edu();
	char *addr = map_anon(PAGE);

	quiet_kernel();
	need_exclusive();
	fill(addr, PAGE, 1);
	acquire_all(fd, addr, PAGE);
	dev_fill(fd, addr, PAGE, 2);
	CHECK_EQ(query(fd, addr, PAGE), 1);
	CHECK_EQ(edu_mapped(), PAGE);
	check_fill(addr, PAGE, 2);
	CHECK_EQ(query(fd, addr, PAGE), 0);
	CHECK_EQ(edu_mapped(), 0);
}

struct disturber {
	char *addr;
	atomic_bool stop;
	atomic_ulong turns;
};

/* Memory that is moved to other frames, with its content kept. */
static void *disturb(void *arg)
{
	struct disturber *d = arg;
	int ram = open_device(0), nodes[2];
	bool device = device_info(ram).capabilities & SVM_CAP_TO_DEVICE;

	need_two_nodes(nodes);
	while (!d->stop) {
		struct dest to = TO_NODE(nodes[d->turns % 2]);

		if (device && d->turns % 3 == 2)
			to = TO_DEVICE;
		migrate(ram, d->addr, LENGTH, to, 0, NULL, NULL);
		d->turns++;
		sleep_ms(20);
	}
	return NULL;
}

/* No transfer goes to a page that is somebody else's already. */
CASE(disturbed)
{
	struct disturber d = { .addr = map_anon(LENGTH) };
	char *source = map_anon(LENGTH);
	double end = seconds() + patience(20);
	int fd = open_edu(), i;
	pthread_t thread;

	thread = thread_start(disturb, &d);
	for (i = 0; i < 4 || (d.turns < 2 && seconds() < end); i++) {
		fill(source, LENGTH, i);
		dev_copy(fd, d.addr, source, LENGTH);
		check_fill(d.addr, LENGTH, i);
		fill(source, LENGTH, 99);
		dev_copy(fd, source, d.addr, LENGTH);
		check_fill(source, LENGTH, i);
	}
	d.stop = true;
	thread_join(thread);
	CHECK_GT(d.turns, 1);
}

static void *copies(void *arg)
{
	int fd = *(int *)arg, i;
	char *from = map_anon(2 * PAGE), *to = map_anon(2 * PAGE);
	uint64_t seed = (uintptr_t)from;

	for (i = 0; i < 3; i++) {
		fill(from, 2 * PAGE, seed + i);
		dev_copy(fd, to, from, 2 * PAGE);
		check_fill(to, 2 * PAGE, seed + i);
	}
	return NULL;
}

/* Its one buffer serves one at a time. */
CASE(threads_and_contexts)
{
	int fds[2] = { open_edu(), open_edu() };
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		threads[i] = thread_start(copies, &fds[i % 2]);
	for (i = 0; i < 4; i++)
		thread_join(threads[i]);
	/* And what one had mapped goes with it. */
	close(fds[0]);
	CHECK_EQ(edu_mapped(), 2 * 4 * PAGE);
	close(fds[1]);
	CHECK_EQ(edu_mapped(), 0);
}

/* --- address spaces that end ------------------------------------------------- */

struct owner {
	int sock;
	char *addr;
	struct gate done;
};

static void owner(void *arg)
{
	struct owner *o = arg;
	int fd = open_edu();

	o->addr = map_anon(LENGTH);
	fill(o->addr, LENGTH, 1);
	dev_check_fill(fd, o->addr, LENGTH, 1);
	send_fd(o->sock, fd);
	CHECK_EQ(write(o->sock, &o->addr, sizeof(o->addr)), sizeof(o->addr));
	gate_wait(&o->done);
}

struct worker {
	int fd;
	char *addr;
	atomic_int last;
	atomic_ulong done;
	atomic_bool stop;
};

/* DMA from an address space that is about to end. */
static void *works(void *arg)
{
	struct worker *w = arg;
	char *buffer = malloc(LENGTH);

	CHECK(buffer);
	while (!w->stop) {
		struct svm_access_op op = op_read(w->addr, LENGTH, buffer);

		w->last = access_flags(w->fd, &op, SVM_F_OWNER_MM);
		if (!w->last) {
			check_fill(buffer, LENGTH, 1);
			w->done++;
		}
	}
	free(buffer);
	return NULL;
}

/* Such an invalidation must not wait for a transfer. */
CASE(process_mrelease_during_dma)
{
	struct owner o = { .done = gate_make() };
	struct worker w = { .last = 1 };
	int sv[2], pidfd;
	pthread_t thread;
	pid_t pid;

	edu_path();
	edu_bind();
	make_sockets(sv);
	o.sock = sv[1];
	pid = child(owner, &o);
	close(sv[1]);
	w.fd = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &w.addr, sizeof(w.addr)), sizeof(w.addr));

	thread = thread_start(works, &w);
	CHECK(EVENTUALLY(w.done));
	CHECK_EQ(edu_mapped(), LENGTH);
	pidfd = child_kill_and_catch(pid);
	note("%u times: again", process_mrelease_all(pidfd));
	CHECK(EVENTUALLY(w.last == -EFAULT));
	CHECK_EQ(edu_mapped(), 0);
	child_let_end(pid);
	CHECK(EVENTUALLY(w.last == -ESRCH));
	w.stop = true;
	thread_join(thread);
}

CASE(killed_while_mapped)
{
	struct owner o = { .done = gate_make() };
	int sv[2], fd;
	pid_t pid;

	edu_path();
	edu_bind();
	make_sockets(sv);
	o.sock = sv[1];
	pid = child(owner, &o);
	close(sv[1]);
	fd = receive_fd(sv[0]);
	CHECK_EQ(edu_mapped(), LENGTH);
	child_kill(pid);
	/* The context is still there; its memory is not. */
	CHECK(EVENTUALLY(!edu_mapped()));
	close(fd);
}

/* --- the device goes --------------------------------------------------------- */

CASE(unbound_while_mapped)
{
	int fd = open_edu(), again;
	char *addr = map_anon(LENGTH), *other = map_anon(LENGTH);
	struct svm_access_op op = op_copy(other, addr, PAGE);

	fill(addr, LENGTH, 1);
	dev_copy(fd, other, addr, LENGTH);
	CHECK_EQ(edu_mapped(), 2 * LENGTH);
	edu_unbind();
	CHECK_RET(access_op(fd, &op), -ENODEV);
	/* Notifiers find nothing to unmap. */
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_SYS(munmap(other, LENGTH));
	check_fill(addr, LENGTH, 1);

	edu_bind();
	again = open_edu();
	CHECK_RET(access_op(fd, &op), -ENODEV);
	CHECK_EQ(edu_mapped(), 0);
	dev_check_fill(again, addr, LENGTH, 1);
	close(fd);
	CHECK_EQ(edu_mapped(), LENGTH);
	dev_check_fill(again, addr, LENGTH, 1);
}

static void *works_until_gone(void *arg)
{
	struct worker *w = arg;

	do {
		struct svm_access_op op = op_fill(w->addr, LENGTH, 8, 5);

		w->last = access_op(w->fd, &op);
		CHECK(!w->last || w->last == -ENODEV);
		w->done += !w->last;
	} while (!w->last);
	return NULL;
}

CASE(unbound_while_it_works)
{
	struct worker w = { .addr = map_anon(LENGTH) };
	pthread_t threads[2];
	size_t i;

	w.fd = open_edu();
	threads[0] = thread_start(works_until_gone, &w);
	threads[1] = thread_start(works_until_gone, &w);
	CHECK(EVENTUALLY(w.done));
	edu_unbind();
	thread_join(threads[0]);
	thread_join(threads[1]);
	CHECK_EQ(w.last, -ENODEV);
	for (i = 0; i < LENGTH / 8; i++)
		CHECK_EQ(((uint64_t *)w.addr)[i], 5);
}

/* Unbound and open: a new one has another file. */
CASE(new_device_for_the_function)
{
	int fd = open_edu(), i;
	char *addr = map_anon(PAGE);

	for (i = 0; i < 10; i++) {
		edu_unbind();
		edu_bind();
	}
	CHECK_EQ(svm_call(fd, SVM_IOCTL_INFO,
			  &(struct svm_ioctl_info){
				  .size = sizeof(struct svm_ioctl_info) }),
		 -ENODEV);
	fd = open_edu();
	dev_fill(fd, addr, PAGE, 1);
	check_fill(addr, PAGE, 1);
}

/* The CPU uses the pages meanwhile: a copy that the device can reach is no use. */
CASE(one_that_can_not_reach_all_memory)
{
	const char *path = edu_path();

	edu_bind();
	edu_unbind();
	CHECK(setting(BITS, "28"));
	CHECK_RET(tell_driver("bind", path), -EOPNOTSUPP);
	CHECK(!edu_is_bound());
	CHECK(write_file(BITS, "0"));
	CHECK_RET(tell_driver("bind", path), -EINVAL);
	CHECK(write_file(BITS, "65"));
	CHECK_RET(tell_driver("bind", path), -EINVAL);
	CHECK(write_file(BITS, "64"));
	CHECK_RET(tell_driver("bind", path), 0);
}

/* Whoever binds another function by mistake does no harm. */
CASE(another_kind_of_function)
{
	const char *path = pci_function(IVSHMEM_VENDOR, IVSHMEM_DEVICE);
	char file[320];
	int ret;

	snprintf(file, sizeof(file), "%s/driver", path);
	if (!access(file, F_OK))
		skip("ivshmem has a driver");
	snprintf(file, sizeof(file), "%s/driver_override", path);
	CHECK(write_file(file, "svm-edu"));
	ret = tell_driver("bind", path);
	CHECK(write_file(file, "\n"));
	CHECK_RET(ret, -ENODEV);
}
