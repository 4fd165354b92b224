// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handle: opening and closing, and who may use it.
 *
 * A handle is bound to the process that opened it. A forked child has a copy of
 * it and of its descriptors, which still mean the parent's memory, so it is
 * refused. svm_open() takes no lock and shares nothing with other handles.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "enumerate.h"
#include "growable.h"
#include "handle.h"
#include "ring.h"

int svm_check_opener(const struct svm *svm)
{
	return svm->opener == getpid() ? 0 : -EXDEV;
}

uint32_t svm_call_flags(const struct svm *svm)
{
	return svm->pid ? SVM_F_OWNER_MM : 0;
}

/*
 * Asking sysfs takes longer than moving a page, so the answer is kept. Memory
 * that is taken offline later is found missing by the kernel.
 */
int svm_check_node(struct svm *svm, int node)
{
	_Atomic uint64_t *word;
	uint64_t bit;

	if (node < 0 || node >= SVM_NODES_MAX)
		return -EINVAL;
	word = &svm->nodes_seen[node / 64];
	bit = UINT64_C(1) << (node % 64);
	if (atomic_load_explicit(word, memory_order_relaxed) & bit)
		return 0;
	if (!svm->ops->node_has_memory(node))
		return -EINVAL;
	atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	return 0;
}

static int check_opts(const struct svm_open_opts *opts)
{
	if (opts->flags || opts->pid < 0)
		return -EINVAL;
	if (!opts->nr_fds != !opts->fds || (opts->nr_fds && !opts->pid))
		return -EINVAL;
	/* Opening a node binds to the caller's memory, not another's. */
	if (opts->device && opts->pid)
		return -EINVAL;
	/* Signal 0 asks only; EPERM still tells that it lives. */
	if (opts->pid && kill(opts->pid, 0) < 0 && errno == ESRCH)
		return -ESRCH;
	return 0;
}

static struct svm *new_handle(size_t max_devices, const struct svm_ops *ops)
{
	struct svm *svm;

	svm = calloc(1, sizeof(*svm) + max_devices * sizeof(svm->devices[0]));
	if (!svm)
		return NULL;
	svm->ops = ops;
	svm->opener = getpid();
	svm->page_size = (size_t)sysconf(_SC_PAGESIZE);
	pthread_mutex_init(&svm->stats_lock, NULL);
	pthread_mutex_init(&svm->orphans_lock, NULL);
	pthread_mutex_init(&svm->ring_lock, NULL);
	return svm;
}

/* Adds the device behind @fd, which the handle owns from then on. */
static int add_device(struct svm *svm, int fd)
{
	struct svm_device *dev = &svm->devices[svm->nr_devices];
	int ret = svm_device_attach(dev, fd, svm->ops);

	if (!ret)
		svm->nr_devices++;
	return ret;
}

/* Opens one node and adds it. */
static int open_device(struct svm *svm, uint32_t id)
{
	char path[PATH_MAX];
	__close_fd int fd = -1;
	int ret;

	ret = snprintf(path, sizeof(path), "%s/svm%u", svm->ops->dev, id);
	if (ret < 0 || (size_t)ret >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		switch (errno) {
		case ENOENT:
		case ENXIO:
		case ENODEV:
			return -ENODEV;
		case EPERM:
		case EACCES:
			return -EACCES;
		default:
			return -errno;
		}
	}
	ret = add_device(svm, fd);
	if (ret == -EBADF) /* a node of somebody else, of the same name */
		return -ENODEV;
	if (ret)
		return ret;
	(void)TAKE_FD(fd);
	return 0;
}

static void free_handle(struct svm **svm)
{
	*svm = svm_close(*svm);
}

static int open_named(struct svm **out, const char *name,
		      const struct svm_ops *ops)
{
	__cleanup(free_handle) struct svm *svm = NULL;
	size_t dir = strlen(ops->dev);
	uint32_t id;
	int ret;

	if (!strncmp(name, ops->dev, dir) && name[dir] == '/')
		name += dir + 1;
	ret = svm_parse_device_name(name, &id);
	if (ret)
		return ret;
	svm = new_handle(1, ops);
	if (!svm)
		return -ENOMEM;
	ret = open_device(svm, id);
	if (ret)
		return ret;
	*out = TAKE_PTR(svm);
	return 0;
}

static int open_all(struct svm **out, const struct svm_ops *ops)
{
	__cleanup(free_handle) struct svm *svm = NULL;
	__free_mem uint32_t *ids = NULL;
	size_t i, nr;
	int ret;

	ret = svm_list_devices(ops->dev, &ids, &nr);
	if (ret)
		return ret;
	svm = new_handle(nr, ops);
	if (!svm)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		ret = open_device(svm, ids[i]);
		if (ret && ret != -ENODEV && ret != -EACCES)
			return ret;
	}
	*out = TAKE_PTR(svm);
	return 0;
}

static int compare_devices(const void *a, const void *b)
{
	uint32_t x = ((const struct svm_device *)a)->id;
	uint32_t y = ((const struct svm_device *)b)->id;

	return (x > y) - (x < y);
}

static int open_other(struct svm **out, const struct svm_open_opts *opts,
		      const struct svm_ops *ops)
{
	__cleanup(free_handle) struct svm *svm = NULL;
	uint32_t i;
	int ret = 0;

	svm = new_handle(opts->nr_fds, ops);
	if (!svm)
		return -ENOMEM;
	svm->pid = opts->pid == getpid() ? 0 : opts->pid;
	for (i = 0; i < opts->nr_fds && !ret; i++)
		ret = add_device(svm, opts->fds[i]);
	qsort(svm->devices, svm->nr_devices, sizeof(svm->devices[0]),
	      compare_devices);
	for (i = 1; i < svm->nr_devices && !ret; i++)
		if (svm->devices[i].id == svm->devices[i - 1].id)
			ret = -EINVAL;
	if (ret) {
		svm->nr_devices = 0; /* the caller keeps the descriptors */
		return ret;
	}
	*out = TAKE_PTR(svm);
	return 0;
}

int svm_open_on(struct svm **out, const struct svm_open_opts *opts,
		const struct svm_ops *ops)
{
	struct svm_open_opts known;
	int ret;

	if (!out)
		return -EINVAL;
	ret = growable_read(&known, sizeof(known),
			    SIZE_UP_TO(struct svm_open_opts, fds), opts);
	if (ret)
		return ret;
	ret = check_opts(&known);
	if (ret)
		return ret;
	if (known.pid)
		return open_other(out, &known, ops);
	if (known.device)
		return open_named(out, known.device, ops);
	return open_all(out, ops);
}

SVM_PUBLIC int svm_open(struct svm **out, const struct svm_open_opts *opts)
{
	return svm_open_on(out, opts, &svm_system_ops);
}

SVM_PUBLIC struct svm *svm_close(struct svm *svm)
{
	unsigned int i;

	if (!svm)
		return NULL;
	for (i = 0; i < svm->nr_devices; i++)
		close(svm->devices[i].fd);
	svm_ring_close(svm->ring);
	pthread_mutex_destroy(&svm->ring_lock);
	pthread_mutex_destroy(&svm->orphans_lock);
	pthread_mutex_destroy(&svm->stats_lock);
	free(svm);
	return NULL;
}
