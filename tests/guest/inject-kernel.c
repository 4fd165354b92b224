// SPDX-License-Identifier: GPL-2.0-or-later
#include "inject-kernel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "os.h"

#define DEBUGFS "/sys/kernel/debug/"

/* Of the thread that opened it. */
static int nth_fd = -1;

static void set(const char *path, const char *value)
{
	if (!setting(path, value))
		FAIL("cannot set %s to %s: %s", path, value, err_name(errno));
}

void need_injection(enum inject_kind kind)
{
	bool huge = kind == INJECT_HUGE;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0 || access(DEBUGFS "failslab", F_OK) ||
	    access(DEBUGFS "fail_page_alloc", F_OK) ||
	    access(DEBUGFS "fail_usercopy", F_OK))
		skip("this kernel injects no faults; the debug kernel does");

	/* By default only what can't sleep fails, and nothing of order 0. */
	set(DEBUGFS "failslab/ignore-gfp-wait", "N");
	set(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	set(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	set(DEBUGFS "fail_page_alloc/min-order", huge ? "9" : "0");
	/* Caches that are marked for it fail: none is. */
	set(DEBUGFS "failslab/cache-filter", huge ? "Y" : "N");
	/* Thousands of stacks in the log help nobody. */
	set(DEBUGFS "failslab/verbose", "0");
	set(DEBUGFS "fail_page_alloc/verbose", "0");
	set(DEBUGFS "fail_usercopy/verbose", "0");
}

void inject_spare(const char *function)
{
	unsigned long long address, start = 0, end = 0;
	char line[512], name[256], text[32];
	FILE *symbols = fopen("/proc/kallsyms", "r");

	CHECK(symbols);
	while (!end && fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2) {
			if (start && address > start)
				end = address;
			else if (!strcmp(name, function))
				start = address;
		}
	fclose(symbols);
	if (!end)
		FAIL("the kernel has no function %s", function);
	snprintf(text, sizeof(text), "%#llx", start);
	set(DEBUGFS "failslab/reject-start", text);
	set(DEBUGFS "fail_page_alloc/reject-start", text);
	snprintf(text, sizeof(text), "%#llx", end);
	set(DEBUGFS "failslab/reject-end", text);
	set(DEBUGFS "fail_page_alloc/reject-end", text);
}

void inject_arm(unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	CHECK_EQ(pwrite(nth_fd, text, length, 0), length);
}

bool inject_disarm(void)
{
	char text[16] = "";
	ssize_t got = pread(nth_fd, text, sizeof(text) - 1, 0);
	/* What is left of the count; if 1 was, reading it is what failed. */
	bool injected = got > 0 && !atoi(text);

	if (got < 0)
		CHECK_EQ(errno, EFAULT);
	/* It may have been writing that failed. */
	if (pwrite(nth_fd, "0", 1, 0) != 1)
		CHECK_EQ(pwrite(nth_fd, "0", 1, 0), 1);
	return injected;
}
