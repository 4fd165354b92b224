/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sweeps: an operation is done over and over, and each time the next thing that
 * it wants of the kernel fails, until there is nothing left to fail.
 */
#ifndef GUEST_INJECT_H
#define GUEST_INJECT_H

#include <stddef.h>
#include <stdint.h>

#include "inject-kernel.h"

/* What an operation works on, made anew for each round. */
struct scene {
	int fd;
	char *addr;
	size_t length;
	/* For what the operation likes to keep. */
	int other_fd;
	long number;
};

struct operation {
	void (*prepare)(struct scene *s);
	/* What is swept over: a system call or two; 0 or a negative errno value. */
	int (*call)(struct scene *s);
	/* May look at memory: @ret is what the call returned. */
	void (*check)(struct scene *s, int ret);
	/* In bytes of memory; prepare() gets it mapped by this one. */
	void *(*map)(size_t length);
	size_t length;
	/* Errors that it may have besides ENOMEM and EFAULT, up to a 0. */
	int errors[4];
};

/*
 * Fails the test if an operation fails without cause, or with an error that it
 * can't have, if check() does, if device memory is left behind, or if there is
 * no end.
 */
void sweep(enum inject_kind kind, const struct operation *op);

#endif /* GUEST_INJECT_H */
