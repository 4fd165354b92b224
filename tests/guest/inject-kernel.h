/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's fault injection: let the n-th thing fail that a thread asks for in
 * the kernel.
 */
#ifndef GUEST_INJECT_KERNEL_H
#define GUEST_INJECT_KERNEL_H

#include <stdbool.h>

/* What can fail; copies from and to user memory always can. */
enum inject_kind {
	/* Kernel objects, and pages of all orders. */
	INJECT_ALL,
	/* Pages of the order of huge pages, and larger. */
	INJECT_HUGE,
};

/* Skips the case where the kernel can't. */
void need_injection(enum inject_kind kind);

/* Nothing fails, nor is counted, that is allocated below a kernel function. */
void inject_spare(const char *function);

/* From now on, in this thread, count; the n-th (from 1) fails, and no other. */
void inject_arm(unsigned int nth);
/* End that; true if something was made to fail. */
bool inject_disarm(void);

#endif /* GUEST_INJECT_KERNEL_H */
