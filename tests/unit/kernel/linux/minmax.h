/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See types.h. */
#ifndef TESTS_KERNEL_MINMAX_H
#define TESTS_KERNEL_MINMAX_H

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#endif /* TESTS_KERNEL_MINMAX_H */
