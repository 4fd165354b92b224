/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every cmocka test includes first. */
#ifndef SVMBENCH_TESTS_UNIT_H
#define SVMBENCH_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* SVMBENCH_TESTS_UNIT_H */
