// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything at once, for a short time. For a long one, call svm-stress itself.
 */
#include "harness.h"
#include "os.h"
#include "reserved.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.module_arg = coherent_arg,
	.needs_device_memory = true,
};

CASE(twenty_seconds)
{
	const char *const argv[] = { "svm-stress", "--seconds", "20",
				     "--seed",	   "1",		NULL };

	CHECK_EQ(run_program(argv), 0);
}
