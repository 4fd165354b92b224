// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel made of arrays; see fake.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <numaif.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-engine.h"

struct fake fake;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The page at an address, or NULL if nothing is mapped there. */
static struct fake_page *page_at(uintptr_t addr)
{
	size_t i = (addr - FAKE_BASE) / FAKE_PAGE;

	if (addr < FAKE_BASE || i >= FAKE_PAGES ||
	    fake.page[i].place == SVM_PLACE_UNMAPPED)
		return NULL;
	return &fake.page[i];
}

/* The file system */

static ino_t make_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return st.st_ino;
}

void fake_add_node_file(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fake.dev, name);
	make_file(path);
}

void fake_add_control(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/svm-control", fake.dev);
	fake.control_inode = make_file(path);
}

struct fake_device *fake_add_device(unsigned int id, uint64_t room)
{
	struct fake_device *dev = &fake.device[id];
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/svm%u", fake.dev, id);
	*dev = (struct fake_device){
		.exists = true,
		.inode = make_file(path),
		.type = SVM_DEVICE_RAM,
		.version = SVM_UAPI_VERSION,
		.capabilities = SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM |
				SVM_CAP_RESIDENCY | SVM_CAP_ACCESS |
				SVM_CAP_EXCLUSIVE | SVM_CAP_EVENTS |
				SVM_CAP_ADVISE,
		.room = room,
	};
	return dev;
}

static const char *const kind_names[] = {
	[FAKE_ANON] = "",
	[FAKE_FILE] = "/usr/lib/libexample.so.1",
	[FAKE_SHMEM] = "/memfd:example (deleted)",
	[FAKE_HUGETLB] = "/anon_hugepage (deleted)",
	[FAKE_SPECIAL] = "/dev/example",
};

static FILE *proc_file(const char *name, const char *mode)
{
	char path[PATH_MAX];

	if (fake.pid)
		snprintf(path, sizeof(path), "%s/%d", fake.proc, (int)fake.pid);
	else
		snprintf(path, sizeof(path), "%s/self", fake.proc);
	mkdir(path, 0700);
	strcat(path, name);
	return fopen(path, mode);
}

/* Writes maps and pagemap as the layout is now. */
void fake_publish(void)
{
	FILE *maps = proc_file("/maps", "w");
	FILE *pagemap = proc_file("/pagemap", "w");
	size_t i, first;

	assert_non_null(maps);
	assert_non_null(pagemap);
	for (first = 0; first < FAKE_PAGES; first = i) {
		const struct fake_page *page = &fake.page[first];

		for (i = first + 1; i < FAKE_PAGES; i++)
			if ((fake.page[i].place == SVM_PLACE_UNMAPPED) !=
				    (page->place == SVM_PLACE_UNMAPPED) ||
			    fake.page[i].kind != page->kind)
				break;
		if (page->place == SVM_PLACE_UNMAPPED)
			continue;
		fprintf(maps, "%lx-%lx rw-p 00000000 08:01 %d %20s%s\n",
			(unsigned long)(FAKE_BASE + first * FAKE_PAGE),
			(unsigned long)(FAKE_BASE + i * FAKE_PAGE),
			page->kind == FAKE_ANON ? 0 : 42, "",
			kind_names[page->kind]);
	}
	fseek(pagemap, (long)(FAKE_BASE / FAKE_PAGE * 8), SEEK_SET);
	for (i = 0; i < FAKE_PAGES; i++) {
		uint64_t entry = 0;

		switch (fake.page[i].place) {
		case SVM_PLACE_SYSTEM:
		case SVM_PLACE_ZERO:
		case SVM_PLACE_SPECIAL:
		case SVM_PLACE_OTHER_DEVICE: /* which the CPU can reach */
			entry = UINT64_C(1) << 63;
			break;
		case SVM_PLACE_SWAP:
		case SVM_PLACE_DEVICE:
			entry = UINT64_C(1) << 62;
			break;
		}
		fwrite(&entry, sizeof(entry), 1, pagemap);
	}
	assert_int_equal(fclose(maps), 0);
	assert_int_equal(fclose(pagemap), 0);
}

void fake_map(size_t first, size_t nr, enum fake_kind kind, int place, int id)
{
	size_t i;

	assert_true(first + nr <= FAKE_PAGES);
	for (i = first; i < first + nr; i++)
		fake.page[i] = (struct fake_page){
			.place = (uint8_t)place,
			.kind = (uint8_t)kind,
			.id = (uint16_t)id,
		};
}

void fake_trait(size_t first, size_t nr, unsigned int traits)
{
	size_t i;

	for (i = first; i < first + nr; i++)
		fake.page[i].traits = (uint8_t)traits;
}

void *fake_addr(size_t page)
{
	return (void *)(FAKE_BASE + page * FAKE_PAGE);
}

size_t fake_count(int place, int id)
{
	size_t i, n = 0;

	for (i = 0; i < FAKE_PAGES; i++)
		n += fake.page[i].place == place &&
		     (id < 0 || fake.page[i].id == id);
	return n;
}

/* The module */

static struct fake_device *device_of(int fd, bool *control)
{
	struct stat st;
	size_t i;

	if (fstat(fd, &st) < 0)
		return NULL;
	*control = fake.control_inode && st.st_ino == fake.control_inode;
	for (i = 0; i < FAKE_DEVICES; i++)
		if (fake.device[i].exists && fake.device[i].inode == st.st_ino)
			return &fake.device[i];
	return NULL;
}

static uint32_t id_of(const struct fake_device *dev)
{
	return (uint32_t)(dev - fake.device);
}

static int check_call(struct fake_device *dev, uint32_t flags, uint64_t addr,
		      uint64_t length)
{
	dev->calls++;
	dev->last_flags = flags;
	if (fake.pid && !(flags & SVM_F_OWNER_MM))
		return -EXDEV;
	if (!length || addr % FAKE_PAGE || length % FAKE_PAGE ||
	    addr + length < addr)
		return -EINVAL;
	return 0;
}

static bool nothing_mapped(uint64_t addr, uint64_t length)
{
	uint64_t i;

	for (i = 0; i < length; i += FAKE_PAGE)
		if (page_at(addr + i))
			return false;
	return true;
}

static uint8_t move_one(struct fake_device *dev, struct fake_page *page,
			const struct svm_ioctl_migrate *arg)
{
	bool to_device = arg->dest == SVM_DEST_DEVICE;

	if (!page)
		return SVM_PAGE_UNMAPPED;
	switch (page->kind) {
	case FAKE_FILE:
		return SVM_PAGE_FILE;
	case FAKE_SHMEM:
		return SVM_PAGE_SHMEM;
	case FAKE_HUGETLB:
		return SVM_PAGE_HUGETLB;
	case FAKE_SPECIAL:
		return SVM_PAGE_SPECIAL;
	}
	switch (page->place) {
	case SVM_PLACE_SWAP:
		return SVM_PAGE_SWAPPED;
	case SVM_PLACE_NONE:
		if (!to_device || arg->flags & SVM_MIGRATE_RESIDENT_ONLY)
			return SVM_PAGE_HOLE;
		break;
	case SVM_PLACE_ZERO:
		if (!to_device)
			return SVM_PAGE_ALREADY;
		break;
	case SVM_PLACE_SYSTEM:
		if (!to_device &&
		    (arg->node == SVM_NODE_ANY || arg->node == page->id))
			return SVM_PAGE_ALREADY;
		break;
	case SVM_PLACE_DEVICE:
		if (to_device && page->id == id_of(dev))
			return SVM_PAGE_ALREADY;
		break;
	}
	if (page->traits & FAKE_PINNED)
		return SVM_PAGE_PINNED;
	if (page->traits & FAKE_SWAPCACHE && !to_device)
		return SVM_PAGE_SWAPPED;
	if (to_device) {
		if (!dev->room)
			return SVM_PAGE_DEVICE_FULL;
		dev->room--;
		page->place = SVM_PLACE_DEVICE;
		page->id = (uint16_t)id_of(dev);
	} else {
		uint16_t node = arg->node < 0 ? 0 : (uint16_t)arg->node;

		if (!fake.node_room[node])
			return SVM_PAGE_NO_MEMORY;
		fake.node_room[node]--;
		if (page->place == SVM_PLACE_DEVICE)
			fake.device[page->id].room++;
		page->place = SVM_PLACE_SYSTEM;
		page->id = node;
	}
	return SVM_PAGE_MOVED;
}

static struct fake_advice *advice_at(struct fake_device *dev, uint64_t addr)
{
	return &dev->advice[(addr - FAKE_BASE) / FAKE_PAGE];
}

/* The next page of a call, to where the call or the page wants it. */
static uint8_t move_preferred(struct fake_device *dev,
			      const struct svm_ioctl_migrate *arg)
{
	struct svm_ioctl_migrate one = *arg;
	const struct fake_advice *a;

	if (arg->dest != SVM_DEST_PREFERRED || !page_at(arg->next))
		return move_one(dev, page_at(arg->next), arg);
	a = advice_at(dev, arg->next);
	if (!(a->bits & SVM_ADVICE_PREFER))
		return SVM_PAGE_INDIFFERENT;
	one.dest = a->dest;
	one.node = a->node;
	return move_one(dev, page_at(arg->next), &one);
}

int fake_migrate(struct fake_device *dev, struct svm_ioctl_migrate *arg)
{
	uint8_t *status = (uint8_t *)(uintptr_t)arg->status;
	size_t i, nr = arg->length / FAKE_PAGE;
	int ret = check_call(dev, arg->flags, arg->addr, arg->length);

	if (ret)
		return ret;
	if (arg->dest == SVM_DEST_DEVICE && arg->node != SVM_NODE_ANY)
		return -EINVAL;
	if (arg->status ? arg->status_count < nr : arg->status_count > 0)
		return -EMSGSIZE;
	if (nothing_mapped(arg->addr, arg->length))
		return -EFAULT;
	arg->next = arg->addr;
	if (dev->stands_still)
		return 0;
	for (i = 0; i < nr && i < fake.call_pages; i++) {
		uint8_t s = move_preferred(dev, arg);

		arg->pages[s]++;
		if (s == SVM_PAGE_MOVED)
			arg->bytes_moved += FAKE_PAGE;
		else if (s != SVM_PAGE_ALREADY)
			dev->stats.refused[s]++;
		if (status)
			status[i] = s;
		arg->next += FAKE_PAGE;
	}
	if (arg->flags & SVM_MIGRATE_EVICT)
		arg->bytes_evicted = 3 * FAKE_PAGE;
	dev->stats.migrate_calls++;
	if (arg->dest == SVM_DEST_DEVICE)
		dev->stats.bytes_to_device += arg->bytes_moved;
	else
		dev->stats.bytes_to_system += arg->bytes_moved;
	return 0;
}

static int do_residency(struct fake_device *dev,
			struct svm_ioctl_residency *arg)
{
	struct svm_page *pages = (struct svm_page *)(uintptr_t)arg->pages;
	size_t i, nr = arg->length / FAKE_PAGE;
	int ret = check_call(dev, arg->flags, arg->addr, arg->length);

	if (ret)
		return ret;
	if (arg->count < nr)
		return -EMSGSIZE;
	arg->next = arg->addr;
	if (dev->stands_still)
		return 0;
	for (i = 0; i < nr && i < fake.call_pages; i++) {
		const struct fake_page *page = page_at(arg->next);

		pages[i] = (struct svm_page){ .place = SVM_PLACE_UNMAPPED };
		if (page)
			pages[i] = (struct svm_page){
				.place = page->place,
				.flags = SVM_PAGE_F_READ,
				.id = page->id,
			};
		arg->next += FAKE_PAGE;
	}
	return 0;
}

static int do_advise(struct fake_device *dev, struct svm_ioctl_advise *arg)
{
	bool prefer = arg->set & SVM_ADVICE_PREFER;
	size_t i, nr = arg->length / FAKE_PAGE;
	int ret = check_call(dev, arg->flags, arg->addr, arg->length);

	if (ret)
		return ret;
	if ((arg->set & arg->clear) || !(arg->set | arg->clear) ||
	    !prefer != !arg->dest ||
	    (arg->dest != SVM_DEST_SYSTEM && arg->node != SVM_NODE_ANY))
		return -EINVAL;
	if (nothing_mapped(arg->addr, arg->length))
		return -EFAULT;
	arg->next = arg->addr;
	if (dev->stands_still)
		return 0;
	for (i = 0; i < nr && i < fake.call_pages; i++) {
		struct fake_advice *a = advice_at(dev, arg->next);

		if (page_at(arg->next)) {
			if (prefer || arg->clear & SVM_ADVICE_PREFER)
				a->dest = arg->dest, a->node = arg->node;
			a->bits = (a->bits & ~arg->clear) | arg->set;
			arg->bytes += FAKE_PAGE;
		}
		arg->next += FAKE_PAGE;
	}
	return 0;
}

static bool same_advice(const struct fake_advice *a,
			const struct fake_advice *b)
{
	return a->bits == b->bits && a->dest == b->dest && a->node == b->node;
}

static int do_advice(struct fake_device *dev, struct svm_ioctl_advice *arg)
{
	struct svm_advice_range *ranges =
		(struct svm_advice_range *)(uintptr_t)arg->ranges;
	uint64_t at, end = arg->addr + arg->length;
	int ret = check_call(dev, arg->flags, arg->addr, arg->length);

	if (ret)
		return ret;
	for (at = arg->addr; at < end;) {
		const struct fake_advice *a = advice_at(dev, at);
		uint64_t from = at;

		while (at < end && same_advice(a, advice_at(dev, at)))
			at += FAKE_PAGE;
		if (!a->bits)
			continue;
		arg->found++;
		if (arg->filled < arg->count)
			ranges[arg->filled++] = (struct svm_advice_range){
				.addr = from,
				.length = at - from,
				.advice = a->bits,
				.dest = a->dest,
				.node = a->node,
			};
	}
	return 0;
}

static int device_ioctl(struct fake_device *dev, unsigned int cmd, void *arg)
{
	struct svm_ioctl_evict *evict = arg;
	struct svm_ioctl_quota *quota = arg;
	struct svm_ioctl_stats *stats = arg;
	struct svm_ioctl_info *info = arg;

	if (dev->gone)
		return -ENODEV;
	if (cmd != SVM_IOCTL_INFO && dev->error) {
		if (!dev->error_after)
			return dev->error;
		dev->error_after--;
	}
	switch (cmd) {
	case SVM_IOCTL_INFO:
		if (info->size != sizeof(*info) || info->flags)
			return -EINVAL;
		if (dev->error && dev->error_after == UINT_MAX)
			return dev->error;
		info->uapi_version = dev->version;
		info->type = dev->type;
		info->id = id_of(dev);
		info->node = 0;
		info->capabilities = dev->capabilities;
		info->bytes_total = 1 << 30;
		info->bytes_free = dev->room * FAKE_PAGE;
		info->page_orders = 1;
		return 0;
	case SVM_IOCTL_MIGRATE:
		return fake_migrate(dev, arg);
	case SVM_IOCTL_RESIDENCY:
		return do_residency(dev, arg);
	case SVM_IOCTL_ACCESS:
		return fake_access(dev, arg);
	case SVM_IOCTL_EXCLUSIVE:
		return fake_exclusive(dev, arg);
	case SVM_IOCTL_EVENTS:
		return fake_events(dev, arg);
	case SVM_IOCTL_ADVISE:
		return do_advise(dev, arg);
	case SVM_IOCTL_ADVICE:
		return do_advice(dev, arg);
	case SVM_IOCTL_EVICT:
		evict->bytes_evicted = evict->bytes ? evict->bytes : 12345;
		return 0;
	case SVM_IOCTL_QUOTA:
		dev->quota = *quota;
		if (!(quota->flags & SVM_QUOTA_SET))
			quota->bytes = 1 << 20;
		quota->bytes_used = 1 << 19;
		quota->bytes_default = 1 << 21;
		return 0;
	case SVM_IOCTL_STATS:
		if (stats->scope == SVM_STATS_CONTEXT) {
			dev->stats.size = sizeof(dev->stats);
			*stats = dev->stats;
		} else {
			stats->faults = 77;
		}
		return 0;
	default:
		return fake_job_ioctl(dev, cmd, arg);
	}
}

static int control_ioctl(unsigned int cmd, void *arg)
{
	struct svm_ioctl_destroy *destroy = arg;
	struct svm_ioctl_create *create = arg;
	struct svm_ioctl_info *info = arg;

	switch (cmd) {
	case SVM_IOCTL_INFO:
		info->type = SVM_DEVICE_NONE;
		info->uapi_version = SVM_UAPI_VERSION;
		return 0;
	case SVM_IOCTL_CREATE:
		if (fake.create_error)
			return fake.create_error;
		fake.created = *create;
		create->id = 3;
		return 0;
	case SVM_IOCTL_DESTROY:
		if (destroy->id >= FAKE_DEVICES)
			return -ENOENT;
		fake.destroyed = destroy->id;
		return 0;
	default:
		return -ENOTTY;
	}
}

static int fake_ioctl(int fd, unsigned int cmd, void *arg)
{
	struct fake_device *dev;
	bool control = false;
	int ret = -ENOTTY;

	pthread_mutex_lock(&lock);
	dev = device_of(fd, &control);
	if (control)
		ret = control_ioctl(cmd, arg);
	else if (dev)
		ret = device_ioctl(dev, cmd, arg);
	pthread_mutex_unlock(&lock);
	return ret;
}

static ssize_t fake_read(int fd, void *buffer, size_t size)
{
	struct fake_device *dev;
	bool control = false;
	ssize_t ret = -EINVAL;

	pthread_mutex_lock(&lock);
	dev = device_of(fd, &control);
	if (dev && !control)
		ret = fake_read_events(dev, buffer, size);
	pthread_mutex_unlock(&lock);
	return ret;
}

/* Never waits: time is over, or what was waited for comes. */
static int fake_wait(int fd, int timeout_ms)
{
	struct fake_device *dev;
	bool control = false;
	int ret = 0;

	pthread_mutex_lock(&lock);
	dev = device_of(fd, &control);
	assert_non_null(dev);
	assert_true(timeout_ms >= -1);
	dev->waits++;
	dev->nr_events += dev->wait_brings;
	if (dev->wait_error)
		ret = dev->wait_error;
	else if (dev->nr_events)
		ret = 1;
	pthread_mutex_unlock(&lock);
	return ret;
}

/* move_pages(2), after do_pages_move() in the kernel's mm/migrate.c */

static int where(const struct fake_page *page)
{
	if (!page)
		return -EFAULT;
	switch (page->place) {
	case SVM_PLACE_SYSTEM:
		return page->id;
	case SVM_PLACE_ZERO:
	case SVM_PLACE_SPECIAL:
		return -EFAULT;
	default:
		return -ENOENT;
	}
}

/* What the kernel says when it looks a page up; 1 to have it in the batch. */
static int queue(struct fake_page *page, int node, bool same_folio)
{
	if (page && page->traits & FAKE_VANISHES)
		page->place = SVM_PLACE_NONE;
	if (where(page) < 0)
		return where(page);
	if (page->traits & FAKE_STUCK)
		return -EFAULT;
	if (page->id == node)
		return node;
	if (page->traits & FAKE_SHARED)
		return -EACCES;
	/* The huge page was taken off its list for the page before already. */
	return same_folio ? -EBUSY : node + 1000;
}

/* Moves a batch. Returns how many stayed, or -ENOMEM. */
static long move_batch(void **addr, size_t nr, int node)
{
	long failed = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct fake_page *page = page_at((uintptr_t)addr[i]);

		if (page->traits & FAKE_PINNED) {
			failed++;
			continue;
		}
		do { /* a huge page as a whole */
			if (!fake.node_room[node])
				return -ENOMEM;
			fake.node_room[node]--;
			page->id = (uint16_t)node;
			page++;
		} while (page < fake.page + FAKE_PAGES &&
			 page->traits & FAKE_TAIL);
	}
	return failed;
}

static long move_all(size_t count, void **addr, int node, int *status)
{
	size_t i, start = 0;
	long ret;

	for (i = 0; i < count; i++) {
		struct fake_page *page = page_at((uintptr_t)addr[i]);
		bool tail = page && page->traits & FAKE_TAIL && i > start;
		int said = queue(page, node, tail);

		if (said >= 1000)
			continue;
		status[i] = said;
		ret = move_batch(addr + start, i - start, node);
		if (ret < 0)
			return ret;
		if (ret > 0)
			return ret + (long)(count - i) - 1;
		for (; start < i; start++)
			status[start] = node;
		start = i + 1;
	}
	ret = move_batch(addr + start, count - start, node);
	if (ret)
		return ret;
	for (; start < count; start++)
		status[start] = node;
	return 0;
}

static long fake_move_pages(pid_t pid, unsigned long count, void **pages,
			    const int *nodes, int *status, int flags)
{
	unsigned long i;
	long ret = 0;

	pthread_mutex_lock(&lock);
	if (nodes)
		fake.move_calls++;
	else
		fake.query_calls++;
	if (pid != fake.pid) {
		ret = -ESRCH;
	} else if (fake.move_error && !fake.move_error_after) {
		ret = fake.move_error;
	} else if (nodes) {
		if (fake.move_error)
			fake.move_error_after--;
		if (flags != MPOL_MF_MOVE || nodes[0] >= FAKE_NODES)
			ret = -EINVAL;
		else if (!fake.nodes[nodes[0]])
			ret = -ENODEV;
		else
			ret = move_all(count, pages, nodes[0], status);
	} else {
		if (fake.move_error)
			fake.move_error_after--;
		for (i = 0; i < count; i++)
			status[i] = where(page_at((uintptr_t)pages[i]));
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static bool fake_node_has_memory(int node)
{
	return node < FAKE_NODES && fake.nodes[node];
}

static int fake_ring_setup(unsigned int entries, struct io_uring_params *params)
{
	(void)entries;
	(void)params;
	fake.ring_calls++;
	return -EPERM;
}

/* Setup and teardown */

int fake_start(void **state)
{
	size_t i;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_forget_jobs();
	snprintf(fake.dir, sizeof(fake.dir), "/tmp/svm-unit-XXXXXX");
	if (!mkdtemp(fake.dir))
		return -1;
	snprintf(fake.dev, sizeof(fake.dev), "%s/dev", fake.dir);
	snprintf(fake.proc, sizeof(fake.proc), "%s/proc", fake.dir);
	if (mkdir(fake.dev, 0700) < 0 || mkdir(fake.proc, 0700) < 0)
		return -1;
	for (i = 0; i < FAKE_PAGES; i++)
		fake.page[i].place = SVM_PLACE_UNMAPPED;
	fake.nodes[0] = true;
	fake.nodes[1] = true;
	for (i = 0; i < FAKE_NODES; i++)
		fake.node_room[i] = 10 * FAKE_PAGES;
	fake.call_pages = FAKE_PAGES;
	fake.ops = (struct svm_ops){
		.dev = fake.dev,
		.proc = fake.proc,
		.ioctl = fake_ioctl,
		.read = fake_read,
		.wait = fake_wait,
		.move_pages = fake_move_pages,
		.ring_setup = fake_ring_setup,
		.node_has_memory = fake_node_has_memory,
	};
	return 0;
}

int fake_stop(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", fake.dir);
	return system(command) ? -1 : 0;
}

struct svm *fake_open(void)
{
	struct svm *svm = NULL;

	fake_publish();
	assert_int_equal(svm_open_on(&svm, NULL, &fake.ops), 0);
	assert_non_null(svm);
	return svm;
}

/* On the contexts of another process, which hands over svm0. */
struct svm *fake_open_for(pid_t pid)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	char path[PATH_MAX];
	struct svm *svm = NULL;
	int fd;

	fake.pid = pid;
	fake_publish();
	snprintf(path, sizeof(path), "%s/svm0", fake.dev);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	opts.pid = pid;
	opts.nr_fds = 1;
	opts.fds = &fd;
	assert_int_equal(svm_open_on(&svm, &opts, &fake.ops), 0);
	return svm;
}
