// SPDX-License-Identifier: GPL-2.0-or-later
#include "ring.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

static int ring_enter(const struct ring *ring, unsigned int submit,
		      unsigned int wait, unsigned int flags, const void *arg,
		      size_t size)
{
	return (int)syscall(__NR_io_uring_enter, ring->fd, submit, wait, flags,
			    arg, size);
}

static void *map_ring(struct ring *ring, int n, size_t size, off_t offset)
{
	void *addr = mmap(NULL, size, RW, MAP_SHARED | MAP_POPULATE, ring->fd,
			  offset);

	CHECK(addr != MAP_FAILED);
	ring->maps[n] = addr;
	ring->sizes[n] = size;
	return addr;
}

struct ring ring_make(unsigned int entries, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 1000 };
	struct ring ring = { .flags = flags };
	char *rings;
	size_t size;
	unsigned int i;

	if (!(device_info(open_control()).capabilities & SVM_CAP_URING))
		skip("the module takes no commands by io_uring here");
	ring.fd = (int)syscall(__NR_io_uring_setup, entries, &p);
	if (ring.fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip("no io_uring: %s", err_name(errno));
	CHECK_SYS(ring.fd);
	CHECK(p.features & IORING_FEAT_SINGLE_MMAP);
	CHECK(p.features & IORING_FEAT_EXT_ARG);
	ring.sqe_size = sizeof(struct io_uring_sqe);
	if (flags & IORING_SETUP_SQE128)
		ring.sqe_size *= 2;
	ring.cqe_size = sizeof(struct io_uring_cqe);
	if (flags & IORING_SETUP_CQE32)
		ring.cqe_size *= 2;
	size = p.cq_off.cqes + p.cq_entries * ring.cqe_size;
	if (size < p.sq_off.array + p.sq_entries * sizeof(unsigned int))
		size = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	rings = map_ring(&ring, 0, size, IORING_OFF_SQ_RING);
	ring.sqes = map_ring(&ring, 1, p.sq_entries * ring.sqe_size,
			     IORING_OFF_SQES);
	ring.sq_head = (unsigned int *)(rings + p.sq_off.head);
	ring.sq_tail = (unsigned int *)(rings + p.sq_off.tail);
	ring.sq_array = (unsigned int *)(rings + p.sq_off.array);
	ring.sq_mask = *(unsigned int *)(rings + p.sq_off.ring_mask);
	ring.cq_head = (unsigned int *)(rings + p.cq_off.head);
	ring.cq_tail = (unsigned int *)(rings + p.cq_off.tail);
	ring.cq_mask = *(unsigned int *)(rings + p.cq_off.ring_mask);
	ring.cqes = rings + p.cq_off.cqes;
	for (i = 0; i <= ring.sq_mask; i++)
		ring.sq_array[i] = i;
	return ring;
}

void need_uring(void)
{
	struct ring ring = ring_make(1, 0);

	ring_end(&ring);
}

void ring_end(struct ring *ring)
{
	CHECK_SYS(munmap(ring->maps[0], ring->sizes[0]));
	CHECK_SYS(munmap(ring->maps[1], ring->sizes[1]));
	CHECK_SYS(close(ring->fd));
}

struct io_uring_sqe *ring_next(struct ring *ring)
{
	unsigned int tail = *ring->sq_tail + ring->fresh;
	char *sqe = ring->sqes + (tail & ring->sq_mask) * ring->sqe_size;

	CHECK_LE(tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE),
		 ring->sq_mask);
	memset(sqe, 0, ring->sqe_size);
	ring->fresh++;
	return (struct io_uring_sqe *)sqe;
}

struct io_uring_sqe *ring_command(struct ring *ring, int fd, uint32_t op,
				  const void *arg, const void *result,
				  uint64_t data)
{
	struct io_uring_sqe *sqe = ring_next(ring);
	struct svm_uring_cmd cmd = {
		.arg = (uintptr_t)arg,
		.result = (uintptr_t)result,
	};

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->user_data = data;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return sqe;
}

struct io_uring_sqe *ring_migrate(struct ring *ring, int fd,
				  const struct svm_ioctl_submit *submit,
				  struct svm_job_result *result, uint64_t data)
{
	return ring_command(ring, fd, SVM_IOCTL_SUBMIT, submit, result, data);
}

struct io_uring_sqe *ring_access(struct ring *ring, int fd,
				 const struct svm_ioctl_access *access,
				 uint64_t data)
{
	return ring_command(ring, fd, SVM_IOCTL_ACCESS, access, NULL, data);
}

int ring_try_submit(struct ring *ring)
{
	unsigned int n = ring->fresh, flags = 0;
	int ret;

	__atomic_store_n(ring->sq_tail, *ring->sq_tail + n, __ATOMIC_RELEASE);
	ring->fresh = 0;
	if (ring->flags & IORING_SETUP_SQPOLL)
		flags = IORING_ENTER_SQ_WAKEUP;
	ret = ring_enter(ring, n, 0, flags, NULL, 0);
	return ret < 0 ? -errno : ret;
}

void ring_submit(struct ring *ring)
{
	unsigned int n = ring->fresh;

	CHECK_RET(ring_try_submit(ring), n);
}

bool ring_peek(struct ring *ring, struct completion *cqe)
{
	unsigned int head = *ring->cq_head;
	const struct io_uring_cqe *next;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	next = (void *)(ring->cqes + (head & ring->cq_mask) * ring->cqe_size);
	*cqe = (struct completion){ next->user_data, next->res };
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

struct completion ring_wait_at(const char *file, int line, struct ring *ring)
{
	struct __kernel_timespec time = { .tv_sec = (int)patience(60) };
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&time };
	struct completion cqe;

	while (!ring_peek(ring, &cqe)) {
		if (ring_enter(ring, 0, 1,
			       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
			       &arg, sizeof(arg)) < 0 &&
		    errno != EINTR)
			fail_at(file, line, "no completion: %s",
				err_name(errno));
	}
	return cqe;
}

void ring_run_at(const char *file, int line, struct ring *ring, unsigned int n,
		 int *res)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		res[i] = 1;
	ring_submit(ring);
	for (i = 0; i < n; i++) {
		struct completion cqe = ring_wait_at(file, line, ring);

		if (cqe.user_data >= n || res[cqe.user_data] != 1)
			fail_at(file, line, "a completion of %ju",
				(uintmax_t)cqe.user_data);
		res[cqe.user_data] = cqe.res;
	}
}
