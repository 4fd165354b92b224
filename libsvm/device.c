// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Devices: the contexts that a handle holds, what they are, and making and
 * removing devices. The list of a handle's devices never changes, so nothing
 * here locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "growable.h"
#include "handle.h"

static int get_info(int fd, const struct svm_ops *ops,
		    struct svm_ioctl_info *info)
{
	*info = (struct svm_ioctl_info){ .size = sizeof(*info) };
	return ops->ioctl(fd, SVM_IOCTL_INFO, info);
}

/**
 * svm_device_attach() - find out what is behind a descriptor
 * @dev: filled in; the counters stay as they are.
 * @fd: an open device node.
 * @ops: the system.
 *
 * Returns 0, -EBADF if it is no context, -EPROTO if the module does not speak
 * our language, -ENODEV if the device is gone.
 */
int svm_device_attach(struct svm_device *dev, int fd, const struct svm_ops *ops)
{
	struct svm_ioctl_info info;
	int ret = get_info(fd, ops, &info);

	switch (ret) {
	case 0:
		break;
	case -ENODEV:
	case -ENOMEM:
		return ret;
	case -E2BIG:
	case -EINVAL:
		return -EPROTO;
	default:
		return -EBADF;
	}
	if (info.type == SVM_DEVICE_NONE)
		return -EBADF;
	if (!info.uapi_version)
		return -EPROTO;
	dev->fd = fd;
	dev->id = info.id;
	dev->type = info.type;
	dev->node = info.node;
	dev->capabilities = info.capabilities;
	return 0;
}

/**
 * svm_find_device() - the handle's context on svmN
 * @svm: the handle.
 * @id: N.
 */
struct svm_device *svm_find_device(struct svm *svm, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < svm->nr_devices; i++)
		if (svm->devices[i].id == id)
			return &svm->devices[i];
	return NULL;
}

/**
 * svm_next_device() - go through the contexts that can do something
 * @svm: the handle.
 * @after: the one before, NULL to begin.
 * @capabilities: what they can.
 */
struct svm_device *svm_next_device(struct svm *svm, struct svm_device *after,
				   uint64_t capabilities)
{
	struct svm_device *dev = after ? after + 1 : svm->devices;

	for (; dev < svm->devices + svm->nr_devices; dev++)
		if ((dev->capabilities & capabilities) == capabilities)
			return dev;
	return NULL;
}

/**
 * svm_able_device() - the context on a device that must be able to do something
 * @svm: the handle.
 * @id: the N of svmN.
 * @capability: bit of enum svm_capability.
 * @dev: the context.
 *
 * Returns 0, -EXDEV in a forked child, -ENODEV, -EOPNOTSUPP.
 */
int svm_able_device(struct svm *svm, uint32_t id, uint64_t capability,
		    struct svm_device **dev)
{
	int ret = svm_check_opener(svm);

	if (ret)
		return ret;
	*dev = svm_find_device(svm, id);
	if (!*dev)
		return -ENODEV;
	return (*dev)->capabilities & capability ? 0 : -EOPNOTSUPP;
}

SVM_PUBLIC int svm_device_count(const struct svm *svm)
{
	return svm ? (int)svm->nr_devices : -EINVAL;
}

SVM_PUBLIC int svm_device_info(struct svm *svm, unsigned int index,
			       struct svm_device_info *info)
{
	struct svm_device_info answer = { .size = sizeof(answer) };
	struct svm_ioctl_info now;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = growable_check(info,
			     SIZE_UP_TO(struct svm_device_info, page_orders));
	if (!ret)
		ret = svm_check_opener(svm);
	if (ret)
		return ret;
	if (index >= svm->nr_devices)
		return -ENOENT;
	ret = get_info(svm->devices[index].fd, svm->ops, &now);
	if (ret)
		return ret;
	answer.type = now.type;
	answer.id = now.id;
	answer.node = now.node;
	answer.capabilities = now.capabilities;
	answer.bytes_total = now.bytes_total;
	answer.bytes_free = now.bytes_free;
	answer.page_orders = now.page_orders;
	growable_write(info, &answer, sizeof(answer));
	return 0;
}

/* Returns a descriptor. */
static int open_control(const struct svm_ops *ops)
{
	char path[PATH_MAX];
	int fd, ret;

	ret = snprintf(path, sizeof(path), "%s/svm-control", ops->dev);
	if (ret < 0 || (size_t)ret >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

int svm_device_create_on(uint64_t bytes, int node, uint32_t *id,
			 const struct svm_ops *ops)
{
	struct svm_ioctl_create create = {
		.size = sizeof(create),
		.type = SVM_DEVICE_RAM,
		.node = node,
		.bytes = bytes,
	};
	__close_fd int fd = -1;
	int ret;

	if (!id || !bytes || node < SVM_NODE_ANY)
		return -EINVAL;
	fd = open_control(ops);
	if (fd < 0)
		return fd;
	ret = ops->ioctl(fd, SVM_IOCTL_CREATE, &create);
	if (ret)
		return ret;
	*id = create.id;
	return 0;
}

SVM_PUBLIC int svm_device_create(uint64_t bytes, int node, uint32_t *id)
{
	return svm_device_create_on(bytes, node, id, &svm_system_ops);
}

int svm_device_destroy_on(uint32_t id, const struct svm_ops *ops)
{
	struct svm_ioctl_destroy destroy = {
		.size = sizeof(destroy),
		.id = id,
	};
	__close_fd int fd = open_control(ops);

	if (fd < 0)
		return fd;
	return ops->ioctl(fd, SVM_IOCTL_DESTROY, &destroy);
}

SVM_PUBLIC int svm_device_destroy(uint32_t id)
{
	return svm_device_destroy_on(id, &svm_system_ops);
}

SVM_PUBLIC int svm_evict(struct svm *svm, uint32_t id, uint64_t bytes,
			 uint64_t *evicted)
{
	struct svm_ioctl_evict evict = {
		.size = sizeof(evict),
		.bytes = bytes,
	};
	struct svm_device *dev;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = svm_check_opener(svm);
	if (ret)
		return ret;
	dev = svm_find_device(svm, id);
	if (!dev)
		return -ENODEV;
	ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_EVICT, &evict);
	if (ret)
		return ret;
	if (evicted)
		*evicted = evict.bytes_evicted;
	return 0;
}
