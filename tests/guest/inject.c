// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that the kernel allocates or copies for an operation fails once.
 * Whatever the operation says then, the data is what it was, and nothing is left
 * behind: device memory here, kernel memory by the runner's kmemleak.
 */
#include "inject.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

/* Many more than any operation here needs. */
#define MOST 2000

static bool may_fail_with(const struct operation *op, int error)
{
	size_t i;

	if (error == ENOMEM || error == EFAULT)
		return true;
	for (i = 0; i < sizeof(op->errors) / sizeof(op->errors[0]); i++)
		if (op->errors[i] && error == op->errors[i])
			return true;
	return false;
}

/* One round; true if something was made to fail. */
static bool inject_nth(const struct operation *op, unsigned int nth,
		       unsigned int *failures)
{
	struct scene s = { .fd = open_device(0), .length = op->length };
	bool injected;
	int ret;

	if (op->map)
		s.addr = op->map(op->length);
	if (op->prepare)
		op->prepare(&s);

	inject_arm(nth);
	ret = op->call(&s);
	injected = inject_disarm();

	if (ret > 0 || (ret && !injected))
		FAIL("fault %u was %sinjected: %s", nth, injected ? "" : "not ",
		     err_name(ret));
	if (ret && !may_fail_with(op, -ret))
		FAIL("fault %u: %s", nth, err_name(ret));
	if (op->check)
		op->check(&s, ret);
	if (op->map)
		munmap(s.addr, s.length);
	check_all_free(s.fd);
	close(s.fd);
	*failures += !!ret;
	return injected;
}

void sweep(enum inject_kind kind, const struct operation *op)
{
	unsigned int nth, failures = 0;

	need_injection(kind);
	for (nth = 1; inject_nth(op, nth, &failures); nth++)
		if (nth == MOST)
			FAIL("no end after %u faults", nth);
	if (nth == 1)
		FAIL("there was nothing to fail");
	note("%u faults, %u made it fail", nth - 1, failures);
}
