// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the device does by itself.
 */
#include "stress.h"

#include "engine.h"

#define MOST_BYTES KIB(128)
#define MOST_ATOMICS 8

/* Bytes of a region. */
struct bytes {
	struct region *region;
	size_t offset, length;
};

static struct bytes pick_bytes(struct worker *w, size_t unit)
{
	struct bytes b = { .region = &w->regions[below(w, REGIONS)] };
	size_t most = below(w, 3) ? 256 : MOST_BYTES;

	b.length = unit * (1 + below(w, most / unit));
	b.offset = below(w, REGION_BYTES - b.length + 1);
	return b;
}

static char *bytes_addr(const struct bytes *b)
{
	return b->region->addr + b->offset;
}

static unsigned char *bytes_truth(const struct bytes *b)
{
	return b->region->truth + b->offset;
}

/* True if it was done, as it must be; false if it was refused, as it must be. */
static bool access_as_expected(struct worker *w, int fd,
			       struct svm_access_op *op, int want)
{
	int ret = access_op(fd, op);

	if (is_gone(w, fd, ret))
		return false;
	if (ret != want)
		FAIL("operation %u of %llu bytes at %#llx, data %#llx: %s, not %s",
		     op->type, op->length, op->addr, op->data, err_name(ret),
		     err_name(want));
	if (ret)
		add(SUM_ERRORS_EXPECTED, 1);
	return !ret;
}

void do_device_read(struct worker *w)
{
	struct bytes b = pick_bytes(w, 1);
	struct svm_access_op op = op_read(bytes_addr(&b), b.length, w->buffer);
	int want = expected(b.region, b.offset, b.length, false);
	size_t i;

	memset(w->buffer, 0x5a, b.length);
	if (!access_as_expected(w, pick_fd(w), &op, want)) {
		for (i = 0; i < b.length; i++)
			CHECK_EQ(w->buffer[i], 0x5a);
		return;
	}
	for (i = 0; i < b.length; i++)
		if (w->buffer[i] != bytes_truth(&b)[i])
			FAIL("MISMATCH: the device reads %#x at %p, not %#x",
			     w->buffer[i], bytes_addr(&b) + i,
			     bytes_truth(&b)[i]);
	add(SUM_BYTES_COMPARED, b.length);
}

void do_device_write(struct worker *w)
{
	struct bytes b = pick_bytes(w, 1);
	struct svm_access_op op = op_write(bytes_addr(&b), b.length, w->buffer);
	int want = expected(b.region, b.offset, b.length, true);
	size_t i;

	for (i = 0; i < b.length; i++)
		w->buffer[i] = below(w, 256);
	if (access_as_expected(w, pick_fd(w), &op, want))
		memcpy(bytes_truth(&b), w->buffer, b.length);
}

void do_device_fill(struct worker *w)
{
	unsigned int width = 1u << below(w, 4);
	struct bytes b = pick_bytes(w, width);
	uint64_t data = (uint64_t)below(w, UINT32_MAX) << 32 |
			below(w, UINT32_MAX);
	struct svm_access_op op =
		op_fill(bytes_addr(&b), b.length, width, data);
	int want = expected(b.region, b.offset, b.length, true);
	size_t i;

	if (!access_as_expected(w, pick_fd(w), &op, want))
		return;
	for (i = 0; i < b.length; i += width)
		memcpy(bytes_truth(&b) + i, &data, width);
}

/* Both ends may overlap, as memmove() has it. */
void do_device_copy(struct worker *w)
{
	struct bytes to = pick_bytes(w, 1), from = pick_bytes(w, 1);
	struct svm_access_op op;
	int want;

	if (from.length > to.length)
		from.length = to.length;
	to.length = from.length;
	op = op_copy(bytes_addr(&to), bytes_addr(&from), to.length);
	want = expected(to.region, to.offset, to.length, true);
	if (!want)
		want = expected(from.region, from.offset, from.length, false);
	if (access_as_expected(w, pick_fd(w), &op, want))
		memmove(bytes_truth(&to), bytes_truth(&from), to.length);
}

static uint64_t atomic_result(const struct svm_access_op *op, uint64_t old)
{
	bool narrow = op->width == 4;
	int64_t a = narrow ? (int32_t)old : (int64_t)old;
	int64_t b = narrow ? (int32_t)op->data : (int64_t)op->data;

	switch (op->type) {
	case SVM_ACCESS_ADD:
		return old + op->data;
	case SVM_ACCESS_XCHG:
		return op->data;
	case SVM_ACCESS_CAS:
		return old == op->compare ? op->data : old;
	case SVM_ACCESS_AND:
		return old & op->data;
	case SVM_ACCESS_OR:
		return old | op->data;
	case SVM_ACCESS_XOR:
		return old ^ op->data;
	case SVM_ACCESS_MIN:
		return old < op->data ? old : op->data;
	case SVM_ACCESS_MAX:
		return old > op->data ? old : op->data;
	case SVM_ACCESS_SMIN:
		return a < b ? a : b;
	default:
		return a > b ? a : b;
	}
}

/* One atomic, with the truth brought up to date: what it must answer. */
static int pick_atomic(struct worker *w, struct svm_access_op *op,
		       uint64_t *old)
{
	struct region *r = &w->regions[below(w, REGIONS)];
	unsigned int width = below(w, 2) ? 4 : 8;
	size_t offset = below(w, REGION_BYTES / width) * width;
	uint64_t data = below(w, 4) ? below(w, 100)
				    : UINT32_MAX - below(w, 100);
	int want = expected(r, offset, width, true);

	*old = 0;
	*op = op_atomic(SVM_ACCESS_ADD + below(w, 10), width, r->addr + offset,
			data);
	if (want)
		return want;
	memcpy(old, r->truth + offset, width);
	if (op->type == SVM_ACCESS_CAS)
		op->compare = below(w, 2) ? *old : data;
	data = atomic_result(op, *old);
	memcpy(r->truth + offset, &data, width);
	return 0;
}

/* Many in a call; the first that fails ends it. */
void do_atomics(struct worker *w)
{
	struct svm_access_op op[MOST_ATOMICS];
	uint64_t old[MOST_ATOMICS];
	unsigned int i, good = 0, n = 1 + below(w, MOST_ATOMICS);
	struct svm_ioctl_access a;
	int want = 0;

	for (i = 0; i < n && !want; i++) {
		want = pick_atomic(w, &op[i], &old[i]);
		good += !want;
	}
	a = arg_access(op, i);
	/* Half a call on a device that goes would be hard to follow. */
	CHECK_RET(svm_call(w->fds[below(w, board->nr_devices)],
			   SVM_IOCTL_ACCESS, &a),
		  0);
	CHECK_EQ(a.done, good);
	for (i = 0; i < good; i++) {
		CHECK_RET(op[i].result, 0);
		if (op[i].old != old[i])
			FAIL("MISMATCH: atomic %u at %#llx finds %#llx, not %#llx",
			     op[i].type, op[i].addr, op[i].old,
			     (unsigned long long)old[i]);
	}
	if (want) {
		CHECK_RET(op[good].result, want);
		add(SUM_ERRORS_EXPECTED, 1);
	}
	add(SUM_ATOMICS, good);
}
