/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See types.h. */
#ifndef TESTS_KERNEL_STRING_H
#define TESTS_KERNEL_STRING_H

#include <string.h>

#endif /* TESTS_KERNEL_STRING_H */
