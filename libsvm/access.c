// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a device does with memory: operations in order, and single ones of any
 * length. The kernel module does all the work; the library cuts what is more
 * than one call or one operation may have. No state, no locks.
 */
#include <errno.h>
#include <limits.h>

#include <svm/access.h>

#include "growable.h"
#include "handle.h"

static int read_opts(struct svm_access_opts *known,
		     const struct svm_access_opts *opts)
{
	int ret = growable_read(known, sizeof(*known),
				SIZE_UP_TO(struct svm_access_opts, reserved),
				opts);

	if (!ret && (known->flags || known->reserved))
		ret = -EINVAL;
	return ret;
}

/* One call of the module. Returns how many operations were done. */
static ssize_t call(struct svm *svm, struct svm_device *dev,
		    struct svm_access_op *ops, size_t nr, uint32_t timeout_ms)
{
	struct svm_ioctl_access arg = {
		.size = sizeof(arg),
		.flags = svm_call_flags(svm),
		.ops = (uintptr_t)ops,
		.count = (uint32_t)nr,
		.timeout_ms = timeout_ms,
	};
	int ret = svm->ops->ioctl(dev->fd, SVM_IOCTL_ACCESS, &arg);

	if (ret)
		return ret;
	/* One that failed without a reason would be taken for done. */
	if (arg.done > nr || (arg.done < nr && ops[arg.done].result >= 0))
		return -EPROTO;
	return (ssize_t)arg.done;
}

SVM_PUBLIC ssize_t svm_access(struct svm *svm, uint32_t id,
			      struct svm_access_op *ops, size_t nr,
			      const struct svm_access_opts *opts)
{
	struct svm_access_opts known;
	struct svm_device *dev;
	size_t done = 0, part;
	ssize_t ret;

	if (!svm || (!ops && nr) || nr > SSIZE_MAX / sizeof(*ops))
		return -EINVAL;
	ret = read_opts(&known, opts);
	if (!ret)
		ret = svm_able_device(svm, id, SVM_CAP_ACCESS, &dev);
	if (ret)
		return ret;
	for (; done < nr; done += part) {
		part = nr - done;
		if (part > SVM_ACCESS_MAX_OPS)
			part = SVM_ACCESS_MAX_OPS;
		ret = call(svm, dev, ops + done, part, known.timeout_ms);
		if (ret < 0 && !done)
			return ret;
		if (ret < 0) {
			ops[done].result = (int32_t)ret;
			break;
		}
		if ((size_t)ret < part)
			return (ssize_t)done + ret;
	}
	return (ssize_t)done;
}

SVM_PUBLIC int svm_access_one(struct svm *svm, uint32_t id,
			      struct svm_access_op *op)
{
	ssize_t done;

	if (!op)
		return -EINVAL;
	done = svm_access(svm, id, op, 1, NULL);
	if (done < 0)
		return (int)done;
	return done ? 0 : op->result;
}

/*
 * An operation of any length, in pieces, front to back or back to front. Without
 * a byte it is still asked whether the device can.
 */
static int in_pieces(struct svm *svm, uint32_t id, struct svm_access_op whole,
		     bool backwards)
{
	uint64_t done = 0, part, at;
	struct svm_device *dev;
	int ret;

	if (!svm)
		return -EINVAL;
	ret = svm_able_device(svm, id, SVM_CAP_ACCESS, &dev);
	for (; !ret && done < whole.length; done += part) {
		struct svm_access_op piece = whole;

		part = whole.length - done;
		if (part > SVM_ACCESS_MAX_BYTES)
			part = SVM_ACCESS_MAX_BYTES;
		at = backwards ? whole.length - done - part : done;
		piece.addr += at;
		piece.length = part;
		if (whole.type != SVM_ACCESS_FILL)
			piece.data += at;
		ret = svm_access_one(svm, id, &piece);
	}
	return ret;
}

SVM_PUBLIC int svm_access_read(struct svm *svm, uint32_t id, const void *addr,
			       size_t length, void *buffer)
{
	return in_pieces(svm, id, svm_op_read(addr, length, buffer), false);
}

SVM_PUBLIC int svm_access_write(struct svm *svm, uint32_t id, void *addr,
				size_t length, const void *buffer)
{
	return in_pieces(svm, id, svm_op_write(addr, length, buffer), false);
}

SVM_PUBLIC int svm_access_fill(struct svm *svm, uint32_t id, void *addr,
			       size_t length, unsigned int width,
			       uint64_t pattern)
{
	/* Of the whole, before a first piece of it is done. */
	if (!width || length % width)
		return -EINVAL;
	return in_pieces(svm, id, svm_op_fill(addr, length, width, pattern),
			 false);
}

SVM_PUBLIC int svm_access_copy(struct svm *svm, uint32_t id, void *to,
			       const void *from, size_t length)
{
	/* Like memmove(): no piece may overwrite what is still to be read. */
	bool backwards = (uintptr_t)to > (uintptr_t)from &&
			 (uintptr_t)to - (uintptr_t)from < length;

	return in_pieces(svm, id, svm_op_copy(to, from, length), backwards);
}
