// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring of io_uring's, by the bare system calls: all that is wanted of it is to
 * submit up to SVM_JOBS_MAX commands by one call, and to hear of their ends.
 *
 * Making one takes some calls, so a handle keeps the last one that was given back for
 * the next who wants one.
 *
 * Locking: svm.ring_lock for the one that is kept. A ring that was taken is its
 * taker's alone; with the kernel the indices are shared, by acquire and release.
 *
 * Limits: SVM_JOBS_MAX entries, and room for as many completions and more, so none
 * overflows.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "ring.h"

/**
 * struct svm_ring - a ring
 * @ops: the system.
 * @fd: the ring's descriptor.
 * @rings: indices and completions, as mapped.
 * @rings_size: bytes.
 * @sqes: the entries, as mapped.
 * @sqes_size: bytes.
 * @sq_tail: behind the last entry that is there for the kernel.
 * @sq_mask: for indices of entries.
 * @cq_head: the next completion.
 * @cq_tail: behind the last one.
 * @cq_mask: for indices of completions.
 * @cqes: the completions.
 * @added: entries since the last submission.
 * @mark: a page that a forked child has not, but for zeroes.
 * @page_size: its size.
 */
struct svm_ring {
	const struct svm_ops *ops;
	int fd;
	void *rings;
	size_t rings_size;
	struct io_uring_sqe *sqes;
	size_t sqes_size;
	unsigned int *sq_tail;
	unsigned int sq_mask;
	unsigned int *cq_head;
	unsigned int *cq_tail;
	unsigned int cq_mask;
	struct io_uring_cqe *cqes;
	unsigned int added;
	char *mark;
	size_t page_size;
};

/* Forgets a ring, or what there is of it. Returns NULL. */
struct svm_ring *svm_ring_close(struct svm_ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->mark)
		munmap(ring->mark, ring->page_size);
	if (ring->sqes)
		munmap(ring->sqes, ring->sqes_size);
	if (ring->rings)
		munmap(ring->rings, ring->rings_size);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
	return NULL;
}

static void cleanup_ring(struct svm_ring **ring)
{
	svm_ring_close(*ring);
}

static void *map_part(const struct svm_ring *ring, size_t size, off_t offset)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, offset);

	return addr == MAP_FAILED ? NULL : addr;
}

static int map_ring(struct svm_ring *ring, const struct io_uring_params *p)
{
	size_t entries = p->sq_off.array + p->sq_entries * sizeof(unsigned int);
	size_t done = p->cq_off.cqes + p->cq_entries * sizeof(*ring->cqes);
	unsigned int *array, i;
	char *base;

	ring->rings_size = entries > done ? entries : done;
	ring->rings = map_part(ring, ring->rings_size, IORING_OFF_SQ_RING);
	if (!ring->rings)
		return -errno;
	ring->sqes_size = p->sq_entries * sizeof(*ring->sqes);
	ring->sqes = map_part(ring, ring->sqes_size, IORING_OFF_SQES);
	if (!ring->sqes)
		return -errno;
	base = ring->rings;
	ring->sq_tail = (unsigned int *)(base + p->sq_off.tail);
	ring->sq_mask = *(unsigned int *)(base + p->sq_off.ring_mask);
	ring->cq_head = (unsigned int *)(base + p->cq_off.head);
	ring->cq_tail = (unsigned int *)(base + p->cq_off.tail);
	ring->cq_mask = *(unsigned int *)(base + p->cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(base + p->cq_off.cqes);
	array = (unsigned int *)(base + p->sq_off.array);
	for (i = 0; i < p->sq_entries; i++)
		array[i] = i;
	return 0;
}

/*
 * getpid(2) would be a system call for each result: the price of what a ring is to
 * do without.
 */
static int map_mark(struct svm_ring *ring)
{
	void *addr = mmap(NULL, ring->page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		return -errno;
	ring->mark = addr;
	if (madvise(addr, ring->page_size, MADV_WIPEONFORK) < 0)
		return -errno;
	*ring->mark = 1;
	return 0;
}

static int open_ring(const struct svm *svm, struct svm_ring **out)
{
	__cleanup(cleanup_ring) struct svm_ring *ring = NULL;
	struct io_uring_params p = { 0 };
	int ret;

	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->ops = svm->ops;
	ring->page_size = svm->page_size;
	ring->fd = svm->ops->ring_setup(SVM_JOBS_MAX, &p);
	if (ring->fd < 0)
		return ring->fd;
	/* Since Linux 5.4; commands are younger. */
	if (!(p.features & IORING_FEAT_SINGLE_MMAP))
		return -EOPNOTSUPP;
	ret = map_ring(ring, &p);
	if (!ret)
		ret = map_mark(ring);
	if (ret)
		return ret;
	*out = TAKE_PTR(ring);
	return 0;
}

/* A ring with nothing in it, or NULL where there is none to be had. */
struct svm_ring *svm_ring_take(struct svm *svm)
{
	struct svm_ring *ring;
	int ret;

	pthread_mutex_lock(&svm->ring_lock);
	ring = TAKE_PTR(svm->ring);
	pthread_mutex_unlock(&svm->ring_lock);
	if (ring || svm->ring_refused)
		return ring;
	ret = open_ring(svm, &ring);
	/* That does not change. Want of memory or descriptors may. */
	if (ret == -ENOSYS || ret == -EPERM || ret == -EOPNOTSUPP)
		svm->ring_refused = true;
	return ring;
}

/* Gives back a ring in which nothing is left. */
void svm_ring_give(struct svm *svm, struct svm_ring *ring)
{
	struct svm_ring *kept;

	pthread_mutex_lock(&svm->ring_lock);
	kept = svm->ring;
	svm->ring = ring;
	pthread_mutex_unlock(&svm->ring_lock);
	svm_ring_close(kept);
}

/* Whether this is the process that made it. */
bool svm_ring_is_ours(const struct svm_ring *ring)
{
	return *ring->mark;
}

/* Readable while there is a completion. */
int svm_ring_fd(const struct svm_ring *ring)
{
	return ring->fd;
}

/* There are as many entries as anybody adds before he submits them. */
static struct io_uring_sqe *next_entry(struct svm_ring *ring, uint64_t data)
{
	unsigned int at = (*ring->sq_tail + ring->added++) & ring->sq_mask;
	struct io_uring_sqe *sqe = &ring->sqes[at];

	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = data;
	return sqe;
}

/*
 * Adds a job for an open device. The request has to stay until it was submitted, and
 * the result until the completion.
 */
void svm_ring_add_job(struct svm_ring *ring, int fd,
		      const struct svm_ioctl_submit *request,
		      struct svm_job_result *result, uint64_t data)
{
	struct io_uring_sqe *sqe = next_entry(ring, data);
	const struct svm_uring_cmd cmd = {
		.arg = (uintptr_t)request,
		.result = (uintptr_t)result,
	};

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = SVM_IOCTL_SUBMIT;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
}

/* Adds what completes at once. */
void svm_ring_add_nothing(struct svm_ring *ring, uint64_t data)
{
	next_entry(ring, data)->opcode = IORING_OP_NOP;
}

/*
 * Submits what was added. Returns how many of the first were taken; the others
 * are forgotten. A negative errno if it was none.
 */
int svm_ring_submit(struct svm_ring *ring)
{
	unsigned int done = 0, tail = *ring->sq_tail;
	int ret = 0;

	__atomic_store_n(ring->sq_tail, tail + ring->added, __ATOMIC_RELEASE);
	while (done < ring->added) {
		ret = ring->ops->ring_enter(ring->fd, ring->added - done, 0, 0);
		if (ret <= 0)
			break;
		done += ret;
	}
	__atomic_store_n(ring->sq_tail, tail + done, __ATOMIC_RELEASE);
	ring->added = 0;
	return done || !ret ? (int)done : ret;
}

/* Whether there is a completion. */
bool svm_ring_has_next(const struct svm_ring *ring)
{
	return *ring->cq_head !=
	       __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
}

/* Takes a completion, if there is one. */
bool svm_ring_next(struct svm_ring *ring, uint64_t *data, int *error)
{
	unsigned int head = *ring->cq_head;
	const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];

	if (!svm_ring_has_next(ring))
		return false;
	*data = cqe->user_data;
	*error = cqe->res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Waits for a completion. Returns 0 or a negative errno. */
int svm_ring_wait(struct svm_ring *ring)
{
	int ret = ring->ops->ring_enter(ring->fd, 0, 1, IORING_ENTER_GETEVENTS);

	return ret < 0 ? ret : 0;
}
