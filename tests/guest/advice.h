/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving advice and looking at it.
 */
#ifndef GUEST_ADVICE_H
#define GUEST_ADVICE_H

#include <linux/svm.h>
#include <stddef.h>
#include <stdint.h>

#include "dev.h"

#define PREFER SVM_ADVICE_PREFER
#define KEEP SVM_ADVICE_KEEP
#define PIN SVM_ADVICE_PIN
#define READ_MOSTLY SVM_ADVICE_READ_MOSTLY
#define ALL_ADVICE (PREFER | KEEP | PIN | READ_MOSTLY)

/* One call: 0 or a negative errno value. */
int try_advise(int fd, const void *addr, size_t length, uint32_t set,
	       uint32_t clear, uint32_t flags);

/* Must succeed and come to the end; returns the bytes it was given for. */
#define advise(fd, addr, length, set, clear) \
	advise_at(__FILE__, __LINE__, fd, addr, length, set, clear)
size_t advise_at(const char *file, int line, int fd, const void *addr,
		 size_t length, uint32_t set, uint32_t clear);
void prefer(int fd, const void *addr, size_t length, struct dest to);

/* A part of a range, in pages from its beginning, and its advice. */
struct part {
	size_t first, pages;
	uint32_t advice;
};

/* The range has exactly these parts with advice. */
#define check_advice(fd, addr, length, ...)                            \
	check_advice_at(__FILE__, __LINE__, fd, addr, length,          \
			(const struct part[]){ __VA_ARGS__ },          \
			sizeof((const struct part[]){ __VA_ARGS__ }) / \
				sizeof(struct part))
#define check_no_advice(fd, addr, length) \
	check_advice_at(__FILE__, __LINE__, fd, addr, length, NULL, 0)
void check_advice_at(const char *file, int line, int fd, const void *addr,
		     size_t length, const struct part *parts, size_t n);

/* The counts of a query; it must succeed. */
struct svm_ioctl_advice advice_of(int fd, const void *addr, size_t length);

#endif /* GUEST_ADVICE_H */
