// SPDX-License-Identifier: GPL-2.0-or-later
#include "advice.h"

#include "harness.h"
#include "mem.h"

int try_advise(int fd, const void *addr, size_t length, uint32_t set,
	       uint32_t clear, uint32_t flags)
{
	struct svm_ioctl_advise a = arg_advise(addr, length, set, clear);

	a.flags = flags;
	return svm_call(fd, SVM_IOCTL_ADVISE, &a);
}

size_t advise_at(const char *file, int line, int fd, const void *addr,
		 size_t length, uint32_t set, uint32_t clear)
{
	struct svm_ioctl_advise a = arg_advise(addr, length, set, clear);
	int ret = svm_call(fd, SVM_IOCTL_ADVISE, &a);

	if (ret)
		fail_at(file, line, "advise: %s", err_name(ret));
	if (a.next != (uintptr_t)addr + length || a.bytes > length)
		fail_at(file, line, "advise: next %#llx, bytes %#llx", a.next,
			a.bytes);
	return a.bytes;
}

void prefer(int fd, const void *addr, size_t length, struct dest to)
{
	struct svm_ioctl_advise a = arg_advise(addr, length, PREFER, 0);

	a.dest = to.dest;
	a.node = to.node;
	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVISE, &a), 0);
	CHECK_EQ(a.next, (uintptr_t)addr + length);
}

void check_advice_at(const char *file, int line, int fd, const void *addr,
		     size_t length, const struct part *parts, size_t n)
{
	struct svm_advice_range ranges[32];
	struct svm_ioctl_advice a = arg_advice(addr, length, ranges, 32);
	size_t i;
	int ret;

	memset(ranges, 0xa5, sizeof(ranges));
	ret = svm_call(fd, SVM_IOCTL_ADVICE, &a);
	if (ret)
		fail_at(file, line, "advice: %s", err_name(ret));
	if (a.filled != a.found || a.filled != n) {
		for (i = 0; i < a.filled; i++)
			note("%#llx pages %llu advice %#x",
			     ranges[i].addr - (uintptr_t)addr,
			     ranges[i].length / PAGE, ranges[i].advice);
		fail_at(file, line, "%u of %u parts, not %zu", a.filled,
			a.found, n);
	}
	for (i = 0; i < n; i++) {
		const struct svm_advice_range *r = &ranges[i];

		if (r->addr != (uintptr_t)addr + parts[i].first * PAGE ||
		    r->length != parts[i].pages * PAGE ||
		    r->advice != parts[i].advice || r->reserved)
			fail_at(file, line,
				"part %zu: page %llu, %llu pages, advice %#x",
				i, (r->addr - (uintptr_t)addr) / PAGE,
				r->length / PAGE, r->advice);
	}
	/* Nothing behind the last one was written. */
	if (((unsigned char *)&ranges[n])[0] != 0xa5)
		fail_at(file, line, "written beyond %zu parts", n);
}

struct svm_ioctl_advice advice_of(int fd, const void *addr, size_t length)
{
	struct svm_ioctl_advice a = arg_advice(addr, length, NULL, 0);

	CHECK_RET(svm_call(fd, SVM_IOCTL_ADVICE, &a), 0);
	CHECK_EQ(a.filled, 0);
	return a;
}
