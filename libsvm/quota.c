// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How much of a device the memory of a handle's process may take. The module
 * keeps the books; no state here, no locks.
 */
#include <errno.h>

#include "growable.h"
#include "handle.h"

static int quota_call(struct svm *svm, uint32_t id, struct svm_ioctl_quota *arg)
{
	struct svm_device *dev;
	int ret;

	ret = svm_check_opener(svm);
	if (ret)
		return ret;
	dev = svm_find_device(svm, id);
	if (!dev)
		return -ENODEV;
	arg->size = sizeof(*arg);
	arg->flags |= svm_call_flags(svm);
	return svm->ops->ioctl(dev->fd, SVM_IOCTL_QUOTA, arg);
}

SVM_PUBLIC int svm_get_quota(struct svm *svm, uint32_t id,
			     struct svm_quota *quota)
{
	struct svm_quota answer = { .size = sizeof(answer) };
	struct svm_ioctl_quota arg = { 0 };
	int ret;

	if (!svm)
		return -EINVAL;
	ret = growable_check(quota,
			     SIZE_UP_TO(struct svm_quota, bytes_default));
	if (!ret)
		ret = quota_call(svm, id, &arg);
	if (ret)
		return ret;
	answer.bytes = arg.bytes;
	answer.bytes_used = arg.bytes_used;
	answer.bytes_default = arg.bytes_default;
	growable_write(quota, &answer, sizeof(answer));
	return 0;
}

SVM_PUBLIC int svm_set_quota(struct svm *svm, uint32_t id, uint64_t bytes)
{
	struct svm_ioctl_quota arg = {
		.flags = SVM_QUOTA_SET,
		.bytes = bytes,
	};

	if (!svm)
		return -EINVAL;
	return quota_call(svm, id, &arg);
}
