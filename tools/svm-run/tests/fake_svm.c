// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libsvm that moves nothing and counts everything: svm-run is tested with it
 * where there is neither a device nor a second NUMA node.
 *
 * FAKE_SVM_DEVICES is the number of its devices. A context is any descriptor. A
 * process that is gone gives -ESRCH, as with the real one. svmd takes everybody,
 * or with FAKE_SVM_REFUSES nobody. FAKE_SVM_TELLS is a file that gets a line when
 * svmd is asked, and when FAKE_SVM_MOVES moves were made, so that a program can
 * stay until then; FAKE_SVM_LEFT is one for when a process is let go. With
 * FAKE_SVM_DENIES nobody may evict.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <svm/access.h>
#include <svm/batch.h>
#include <svm/events.h>
#include <svm/exclusive.h>
#include <svm/fence.h>
#include <svm/session.h>

#define DEVICE_BYTES ((uint64_t)512 << 20)

struct svm {
	pid_t pid;
	unsigned int nr_devices;
	unsigned int nr_fds;
	int fds[64];
	uint32_t ids[64];
	struct svm_stats stats;
	unsigned int streams;
	unsigned int fences;
	unsigned int advised;
	unsigned int sessions;
	unsigned int batches;
	bool keeps;
	LIST_ENTRY(svm) keeper;
	uintptr_t kept_start;
	uintptr_t kept_end;
};

/* The handles that keep a piece. */
static LIST_HEAD(, svm) keepers = LIST_HEAD_INITIALIZER(keepers);

/* A move that has ended when it is looked at, or was cancelled. */
struct svm_fence {
	struct svm *svm;
	bool cancelled;
	struct svm_result result;
};

/* Moves, the results of which are there from the second look on. */
struct svm_batch {
	struct svm *svm;
	size_t nr;
	size_t taken;
	bool looked_at;
};

/* A stream that has an event for each move: the CPU took it back at once. */
struct svm_events {
	struct svm *svm;
	uint64_t told;
};

static unsigned int devices(void)
{
	const char *text = getenv("FAKE_SVM_DEVICES");

	return text ? (unsigned int)atoi(text) : 0;
}

/* The file behind a context is called svm0 or the like. */
static uint32_t id_of(int fd)
{
	char link[64], path[4096] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		abort();
	return (uint32_t)atoi(strrchr(path, '/') + 4);
}

/* Lets the program go on that waits for it. */
static void tell(const char *where, const char *what)
{
	const char *path = getenv(where);
	FILE *file = path ? fopen(path, "a") : NULL;

	if (file) {
		fprintf(file, "%s\n", what);
		fclose(file);
	}
}

/* Counts a move. */
static void count_move(struct svm *svm)
{
	const char *enough = getenv("FAKE_SVM_MOVES");

	svm->stats.migrate_calls++;
	if (enough && svm->stats.migrate_calls == strtoull(enough, NULL, 10))
		tell("FAKE_SVM_TELLS", "moved");
}

int svm_open(struct svm **out, const struct svm_open_opts *opts)
{
	struct svm *svm = calloc(1, sizeof(*svm));

	if (!svm)
		return -ENOMEM;
	if (opts && !opts->nr_fds != !opts->fds) {
		free(svm);
		return -EINVAL;
	}
	svm->pid = getpid();
	svm->nr_devices = devices();
	if (opts && opts->pid) {
		svm->pid = opts->pid;
		svm->nr_devices = opts->nr_fds;
		svm->nr_fds = opts->nr_fds;
		for (unsigned int i = 0; i < opts->nr_fds; i++) {
			svm->fds[i] = opts->fds[i];
			svm->ids[i] = id_of(opts->fds[i]);
		}
	}
	*out = svm;
	return 0;
}

struct svm *svm_close(struct svm *svm)
{
	if (svm) {
		if (svm->streams || svm->fences || svm->batches)
			abort();
		if (svm->keeps)
			LIST_REMOVE(svm, keeper);
		for (unsigned int i = 0; i < svm->nr_fds; i++)
			close(svm->fds[i]);
		if (svm->nr_fds && !svm->keeps)
			tell("FAKE_SVM_LEFT", "left");
	}
	free(svm);
	return NULL;
}

int svm_device_count(const struct svm *svm)
{
	return (int)svm->nr_devices;
}

int svm_device_info(struct svm *svm, unsigned int index,
		    struct svm_device_info *info)
{
	if (index >= svm->nr_devices)
		return -ENOENT;
	*info = (struct svm_device_info){
		.size = sizeof(*info),
		.type = SVM_DEVICE_RAM,
		.id = svm->nr_fds ? svm->ids[index] : index,
		.node = SVM_NODE_ANY,
		.capabilities = SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM |
				SVM_CAP_ACCESS | SVM_CAP_EXCLUSIVE |
				SVM_CAP_EVENTS,
		.bytes_total = DEVICE_BYTES,
		.bytes_free = DEVICE_BYTES,
		.page_orders = 1,
	};
	return 0;
}

/* Who keeps a piece of the same process? There is one at most. */
static const struct svm *keeper_of(const struct svm *svm)
{
	const struct svm *keeper = LIST_FIRST(&keepers);

	while (keeper && keeper->pid != svm->pid)
		keeper = LIST_NEXT(keeper, keeper);
	return keeper;
}

/* Is it kept from this handle? */
static bool is_kept(const struct svm *svm, const struct svm_range *range)
{
	const struct svm *keeper = keeper_of(svm);
	uintptr_t start = (uintptr_t)range->addr;

	return keeper && keeper != svm && start < keeper->kept_end &&
	       start + range->length > keeper->kept_start;
}

int svm_migrate_ranges(struct svm *svm, const struct svm_range *ranges,
		       size_t nr, struct svm_place to,
		       const struct svm_migrate_opts *opts,
		       struct svm_result *result)
{
	uint64_t bytes = 0, kept = 0;

	if (kill(svm->pid, 0))
		return -ESRCH;
	if (!nr || !opts || opts->flags != SVM_MIGRATE_RESIDENT_ONLY)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (!ranges[i].length || (uintptr_t)ranges[i].addr % 4096 ||
		    ranges[i].length % 4096)
			return -EINVAL;
		if (is_kept(svm, &ranges[i]))
			kept += ranges[i].length;
		else
			bytes += ranges[i].length;
	}
	count_move(svm);
	if (to.type == SVM_PLACE_DEVICE)
		svm->stats.bytes_to_device += bytes;
	else
		svm->stats.bytes_to_system += bytes;
	svm->stats.refused[SVM_PAGE_PINNED]++;
	result->bytes_moved = bytes;
	result->pages[SVM_PAGE_MOVED] = bytes / 4096;
	result->pages[SVM_PAGE_KEPT] = kept / 4096;
	return 0;
}

static bool has(const struct svm *svm, uint32_t id)
{
	for (unsigned int i = 0; i < svm->nr_fds; i++) {
		if (svm->ids[i] == id)
			return true;
	}
	return false;
}

/* Would it change what is there? That is not for svm-run to do. */
static bool is_idle(const struct svm_access_op *op)
{
	uint64_t all = op->width == 8 ? UINT64_MAX : UINT32_MAX;

	if (op->type >= SVM_ACCESS_ADD &&
	    ((op->width != 4 && op->width != 8) || op->addr % op->width))
		return false;
	switch (op->type) {
	case SVM_ACCESS_READ:
		return op->length && op->length <= SVM_ACCESS_MAX_BYTES;
	case SVM_ACCESS_ADD:
	case SVM_ACCESS_OR:
	case SVM_ACCESS_XOR:
	case SVM_ACCESS_MAX:
		return !op->data;
	case SVM_ACCESS_AND:
	case SVM_ACCESS_MIN:
		return op->data == all;
	case SVM_ACCESS_CAS:
		return op->data == op->compare && op->data == 4711;
	default:
		return false;
	}
}

ssize_t svm_access(struct svm *svm, uint32_t id, struct svm_access_op *ops,
		   size_t nr, const struct svm_access_opts *opts)
{
	if (kill(svm->pid, 0))
		return -ESRCH;
	if (!has(svm, id) || !opts || !nr)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (!is_idle(&ops[i]))
			abort();
		ops[i].old = 4711;
		ops[i].result = 0;
	}
	return (ssize_t)nr;
}

ssize_t svm_exclusive_acquire(struct svm *svm, uint32_t id, void *addr,
			      size_t length,
			      const struct svm_exclusive_opts *opts)
{
	if (kill(svm->pid, 0))
		return -ESRCH;
	if (!has(svm, id) || (uintptr_t)addr % 4096 || !length ||
	    length % 4096 || opts->hold_ms > 10)
		abort();
	/* one is refused */
	return (ssize_t)(length / 4096) - 1;
}

ssize_t svm_exclusive_release(struct svm *svm, uint32_t id, void *addr,
			      size_t length)
{
	(void)addr;
	if (!has(svm, id))
		abort();
	return (ssize_t)(length / 4096) - 1;
}

int svm_events_open(struct svm_events **out, struct svm *svm, uint32_t id,
		    const struct svm_events_opts *opts)
{
	struct svm_events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	if (!has(svm, id) || !opts || opts->mask)
		abort();
	events->svm = svm;
	svm->streams++;
	*out = events;
	return 0;
}

struct svm_events *svm_events_close(struct svm_events *events)
{
	events->svm->streams--;
	free(events);
	return NULL;
}

ssize_t svm_events_next(struct svm_events *events, struct svm_event *list,
			size_t max, int timeout_ms)
{
	size_t nr = 0;

	if (timeout_ms)
		abort();
	while (nr < max && events->told < events->svm->stats.migrate_calls) {
		list[nr++] = (struct svm_event){
			.type = events->told % 2 ? SVM_EVENT_MIGRATED
						 : SVM_EVENT_EXCLUSIVE_ENDED,
			.cause = SVM_CAUSE_CPU,
			.length = 8192,
		};
		events->told++;
	}
	return (ssize_t)nr;
}

int svm_events_count(struct svm_events *events, uint64_t *total,
		     uint64_t *dropped)
{
	(void)total;
	(void)events;
	*dropped = 3;
	return 0;
}

const char *svm_event_name(unsigned int type)
{
	return type == SVM_EVENT_MIGRATED ? "migrated" : "exclusive-ended";
}

const char *svm_cause_name(unsigned int cause)
{
	return cause == SVM_CAUSE_CPU ? "cpu" : "other";
}

int svm_migrate_async(struct svm *svm, void *addr, size_t length,
		      struct svm_place to, const struct svm_migrate_opts *opts,
		      struct svm_fence **out)
{
	const struct svm_range range = { addr, length };
	struct svm_fence *fence = calloc(1, sizeof(*fence));
	int err;

	if (!fence)
		return -ENOMEM;
	err = svm_migrate_ranges(svm, &range, 1, to, opts, &fence->result);
	if (err) {
		free(fence);
		return err;
	}
	fence->svm = svm;
	svm->fences++;
	*out = fence;
	return 0;
}

/* To keep is for a handle of its own, which ends it: there is no taking back. */
static int keep(struct svm *svm, const void *addr, size_t length)
{
	if (svm->nr_fds != 1 || svm->keeps || keeper_of(svm))
		abort();
	svm->keeps = true;
	svm->kept_start = (uintptr_t)addr;
	svm->kept_end = svm->kept_start + length;
	LIST_INSERT_HEAD(&keepers, svm, keeper);
	return SVM_ADVICE_KEEP;
}

/* What svm-run could not take back is not for it to give. */
int svm_advise(struct svm *svm, const void *addr, size_t length,
	       const struct svm_advise_opts *opts)
{
	if (kill(svm->pid, 0))
		return -ESRCH;
	if ((uintptr_t)addr % 4096 || !length || length % 4096)
		abort();
	if (opts->set == SVM_ADVICE_KEEP && !opts->clear)
		return keep(svm, addr, length);
	if ((opts->set | opts->clear) &
		    ~(uint32_t)(SVM_ADVICE_PREFER | SVM_ADVICE_READ_MOSTLY) ||
	    !(opts->set | opts->clear) || (opts->set & opts->clear) ||
	    !(opts->set & SVM_ADVICE_PREFER) != !opts->place.type)
		abort();
	/* now and then there are too many, but a clean sweep always goes */
	if (opts->set && !(++svm->advised % 16))
		return -ENOSPC;
	return (int)opts->set;
}

int svm_settle(struct svm *svm, void *addr, size_t length,
	       struct svm_result *result)
{
	(void)addr;
	if (kill(svm->pid, 0))
		return -ESRCH;
	result->bytes_moved = length;
	return 0;
}

int svm_fence_is_async(const struct svm_fence *fence)
{
	return !!fence;
}

int svm_fence_wait(struct svm_fence *fence, int timeout_ms)
{
	if (!fence || timeout_ms)
		abort();
	return 0;
}

int svm_fence_cancel(struct svm_fence *fence)
{
	fence->cancelled = true;
	return 0;
}

int svm_fence_result(struct svm_fence *fence, int *error,
		     struct svm_result *result)
{
	*error = fence->cancelled ? -ECANCELED : 0;
	*result = fence->result;
	return 0;
}

struct svm_fence *svm_fence_close(struct svm_fence *fence)
{
	fence->svm->fences--;
	free(fence);
	return NULL;
}

/* Page by page: on a device, nowhere, or in system memory. */
static struct svm_page where_is(uintptr_t addr)
{
	struct svm_page page = { .place = SVM_PLACE_SYSTEM };

	if (addr / 4096 % 8 == 7)
		page.place = SVM_PLACE_DEVICE;
	else if (addr / 4096 % 8 >= 5)
		page.place = SVM_PLACE_NONE;
	return page;
}

ssize_t svm_residency(struct svm *svm, const void *addr, size_t length,
		      struct svm_page *pages, size_t count)
{
	size_t nr = length / 4096;

	if (kill(svm->pid, 0))
		return -ESRCH;
	if ((uintptr_t)addr % 4096 || !nr || length % 4096 || nr > count)
		abort();
	for (size_t i = 0; i < nr; i++)
		pages[i] = where_is((uintptr_t)addr + i * 4096);
	return (ssize_t)nr;
}

/* What is there already, or nowhere, need not move. */
static void check_needed(const struct svm_range *range, struct svm_place to)
{
	for (size_t at = 0; at < range->length; at += 4096) {
		struct svm_page page = where_is((uintptr_t)range->addr + at);

		if (page.place == SVM_PLACE_NONE ||
		    (page.place == to.type && page.id == to.id))
			abort();
	}
}

/* One move for all that there is to count. */
int svm_migrate_batch(struct svm *svm, const struct svm_range *ranges,
		      size_t nr, struct svm_place to,
		      const struct svm_migrate_opts *opts,
		      struct svm_batch **out)
{
	struct svm_batch *batch = calloc(1, sizeof(*batch));
	struct svm_result result = SVM_RESULT_INIT;
	int err;

	if (!batch)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		check_needed(&ranges[i], to);
	err = svm_migrate_ranges(svm, ranges, nr, to, opts, &result);
	if (err) {
		free(batch);
		return err;
	}
	batch->svm = svm;
	batch->nr = nr;
	svm->batches++;
	*out = batch;
	return 0;
}

int svm_batch_next(struct svm_batch *batch, size_t *index, int *error,
		   struct svm_result *result)
{
	if (batch->taken == batch->nr)
		return -ENODATA;
	if (!batch->looked_at) {
		batch->looked_at = true;
		return -EAGAIN;
	}
	if (index)
		*index = batch->taken;
	batch->taken++;
	*error = 0;
	*result = (struct svm_result)SVM_RESULT_INIT;
	return 0;
}

struct svm_batch *svm_batch_close(struct svm_batch *batch)
{
	if (batch)
		batch->svm->batches--;
	free(batch);
	return NULL;
}

int svm_evict(struct svm *svm, uint32_t id, uint64_t bytes, uint64_t *evicted)
{
	static bool denied;

	if (!has(svm, id) || !bytes || bytes % 4096 || denied)
		abort();
	denied = getenv("FAKE_SVM_DENIES");
	if (denied)
		return -EPERM;
	*evicted = bytes;
	return 0;
}

int svm_get_stats(struct svm *svm, struct svm_stats *stats)
{
	*stats = svm->stats;
	stats->size = sizeof(*stats);
	return 0;
}

const char *svm_status_name(unsigned int status)
{
	return status == SVM_PAGE_PINNED ? "pinned" : "other";
}

const char *svm_place_name(unsigned int place)
{
	return place == SVM_PLACE_DEVICE ? "device" : "system";
}

/* --- svmd ------------------------------------------------------------------ */

struct svm_session {
	struct svm *svm;
	int fd;
};

int svm_join(struct svm *svm, const struct svm_join_opts *opts,
	     struct svm_session **out)
{
	struct svm_session *session;

	(void)opts;
	if (kill(svm->pid, 0) < 0)
		return -ESRCH;
	tell("FAKE_SVM_TELLS", "asked");
	if (getenv("FAKE_SVM_REFUSES"))
		return -EUSERS;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->svm = svm;
	/* readable: there is a welcome */
	session->fd = eventfd(1, EFD_CLOEXEC);
	svm->sessions++;
	*out = session;
	return 0;
}

int svm_session_fd(const struct svm_session *session)
{
	return session->fd;
}

int svm_session_process(struct svm_session *session)
{
	eventfd_t value;

	(void)eventfd_read(session->fd, &value);
	return 0;
}

struct svm_session *svm_leave(struct svm_session *session)
{
	if (!session)
		return NULL;
	session->svm->sessions--;
	close(session->fd);
	free(session);
	return NULL;
}
