// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmbench on the real module: each command measures on svm0, and what it checks
 * by itself is right. Figures don't decide anything here.
 */
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=256M,256M",
	.needs_device_memory = true,
};

/* Runs it; returns its output, which must not be longer than there is room. */
static const char *run(const char *const argv[])
{
	static char text[65536];
	size_t used = 0;
	ssize_t got;
	int out[2];
	pid_t pid;

	CHECK(!pipe(out));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	while ((got = read(out[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	CHECK_EQ(got, 0);
	close(out[0]);
	text[used] = '\0';
	fputs(text, stdout);
	CHECK_EQ(child_wait(pid), 0);
	return text;
}

static void bench(const char *command, const char *sizes)
{
	const char *const argv[] = { "svmbench", command, "--sizes", sizes,
				     "--warmup", "0",	  NULL };
	const char *text = run(argv);

	CHECK(strstr(text, " svm"));
	CHECK(!strstr(text, "FAILED"));
	CHECK(!strstr(text, "skipped"));
}

CASE(migrate)
{
	bench("migrate", "4M");
}

CASE(fault)
{
	bench("fault", "16M");
}

CASE(access)
{
	bench("access", "4M");
}

CASE(evict)
{
	bench("evict", "16M");
}

CASE(scale)
{
	bench("scale", "16M");
}
