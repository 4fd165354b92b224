// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/svm-control: making and removing devices, and what the module can do on
 * this kernel.
 *
 * Anybody who may open it may ask; changing anything needs CAP_SYS_ADMIN.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nodemask.h>

#include "control.h"
#include "device.h"
#include "ioctl.h"

static int svm_control_info(void *owner, void *arg)
{
	struct svm_ioctl_info *info = arg;

	if (info->flags)
		return -EINVAL;
	info->uapi_version = SVM_UAPI_VERSION;
	info->type = SVM_DEVICE_NONE;
	info->id = U32_MAX;
	info->node = SVM_NODE_ANY;
	info->capabilities = svm_module_capabilities();
	info->bytes_total = 0;
	info->bytes_free = 0;
	info->page_orders = 0;
	info->max_call_bytes = SVM_MAX_CALL_BYTES;
	return 0;
}

static int svm_control_create(void *owner, void *arg)
{
	struct svm_ioctl_create *create = arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (create->flags || create->reserved)
		return -EINVAL;
	if (!(svm_module_capabilities() & SVM_CAP_CREATE))
		return -EOPNOTSUPP;

	BUILD_BUG_ON(SVM_NODE_ANY != NUMA_NO_NODE);
	return svm_device_create(create->type, create->bytes, create->node,
				 &create->id);
}

static int svm_control_destroy(void *owner, void *arg)
{
	struct svm_ioctl_destroy *destroy = arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (destroy->flags || destroy->reserved)
		return -EINVAL;
	return svm_device_destroy(destroy->id);
}

static const struct svm_ioctl svm_control_ioctls[] = {
	SVM_IOCTL_ENTRY(SVM_IOCTL_INFO, struct svm_ioctl_info, max_call_bytes,
			svm_control_info),
	SVM_IOCTL_ENTRY(SVM_IOCTL_CREATE, struct svm_ioctl_create, reserved,
			svm_control_create),
	SVM_IOCTL_ENTRY(SVM_IOCTL_DESTROY, struct svm_ioctl_destroy, reserved,
			svm_control_destroy),
};

static long svm_control_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	return svm_ioctl_dispatch(svm_control_ioctls,
				  ARRAY_SIZE(svm_control_ioctls), NULL, cmd,
				  (void __user *)arg);
}

static const struct file_operations svm_control_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = svm_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice svm_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "svm-control",
	.fops = &svm_control_fops,
};

int svm_control_init(void)
{
	return misc_register(&svm_control);
}

void svm_control_exit(void)
{
	misc_deregister(&svm_control);
}
