// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM_IOCTL_QUOTA: how much of a device an address space may have.
 *
 * It is the administrator's default, a part of the device, until the owner has
 * one of its own. The pool sees to it that it is kept, under its lock, when page
 * frames are taken; a call reads the quota once, at its beginning.
 *
 * Locking: the device's gate. Quotas are single words.
 */
#include <linux/capability.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/pfn.h>

#include "context.h"
#include "device.h"
#include "owner.h"
#include "pool.h"
#include "quota.h"

static u64 svm_quota_default(struct svm_device *sdev)
{
	u64 bytes = mul_u64_u32_div(sdev->bytes,
				    READ_ONCE(sdev->quota_percent), 100);

	return round_down(bytes, PAGE_SIZE);
}

static u64 svm_quota_bytes(struct svm_owner *owner)
{
	u64 quota = READ_ONCE(owner->quota);

	return quota == SVM_OWNER_NO_QUOTA ? svm_quota_default(owner->sdev) :
					     quota;
}

/**
 * svm_quota_pages() - how many pages an owner may have on its device
 * @owner: the owner.
 */
unsigned long svm_quota_pages(struct svm_owner *owner)
{
	return svm_quota_bytes(owner) >> PAGE_SHIFT;
}

/**
 * svm_quota_is_used_up() - whether it is for quota that no page can be had
 * @sdev: the device; it has memory.
 * @claim: for whom.
 *
 * Who may have all of the device has no quota, and then the device is full.
 */
bool svm_quota_is_used_up(struct svm_device *sdev,
			  const struct svm_claim *claim)
{
	return claim->limit < sdev->bytes >> PAGE_SHIFT &&
	       svm_pool_nr_owned(sdev->pool, claim->owner) >= claim->limit;
}

/* -EPERM if the caller may not give itself so much. */
static int svm_quota_set(struct svm_owner *owner, u64 bytes)
{
	struct svm_device *sdev = owner->sdev;

	if (bytes == SVM_QUOTA_DEFAULT) {
		WRITE_ONCE(owner->quota, SVM_OWNER_NO_QUOTA);
		return 0;
	}
	bytes = round_down(min(bytes, sdev->bytes), PAGE_SIZE);
	if (bytes > svm_quota_default(sdev) && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	WRITE_ONCE(owner->quota, bytes);
	return 0;
}

/**
 * svm_quota_ioctl() - SVM_IOCTL_QUOTA
 * @ctx: the context.
 * @arg: in and out.
 *
 * Return: 0 or a negative errno value, as the uapi header says.
 */
int svm_quota_ioctl(struct svm_context *ctx, struct svm_ioctl_quota *arg)
{
	struct svm_device *sdev = ctx->sdev;
	int ret;

	if (arg->flags & ~(SVM_F_OWNER_MM | SVM_QUOTA_SET))
		return -EINVAL;
	ret = svm_context_enter(ctx, arg->flags);
	if (ret)
		return ret;
	if (!sdev->pool) {
		ret = -EOPNOTSUPP;
		goto exit_context;
	}
	if (arg->flags & SVM_QUOTA_SET) {
		ret = svm_quota_set(ctx->owner, arg->bytes);
		if (ret)
			goto exit_context;
	}
	arg->bytes = svm_quota_bytes(ctx->owner);
	arg->bytes_used = PFN_PHYS(svm_pool_nr_owned(sdev->pool, ctx->owner));
	arg->bytes_default = svm_quota_default(sdev);

exit_context:
	svm_context_exit(ctx);
	return ret;
}
