/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What files of kmod/ that know nothing of the kernel want from it, for the unit
 * tests that run them on the host.
 */
#ifndef TESTS_KERNEL_TYPES_H
#define TESTS_KERNEL_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

typedef int32_t s32;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#endif /* TESTS_KERNEL_TYPES_H */
