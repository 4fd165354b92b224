// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmbench on the real module: each command measures on svm0, and what it checks
 * by itself is right. Figures don't decide anything here, but those of memory.
 */
#include <stdio.h>
#include <string.h>
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

static const char *bench(const char *command, const char *sizes)
{
	const char *const argv[] = { "svmbench", command, "--sizes", sizes,
				     "--warmup", "0",	  NULL };
	const char *text = run(argv);

	CHECK(strstr(text, " svm"));
	CHECK(!strstr(text, "FAILED"));
	/* not every kernel has the tracer for that */
	for (const char *s = text; (s = strstr(s, "skipped: ")); s++)
		CHECK(!strncmp(s, "skipped: the tracer: ", 21));
	return text;
}

/* The median of the line with that name: behind the way, "node0 > svm0". */
static double median_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	double median = 0;

	if (!line)
		FAIL("no %s", name);
	CHECK(sscanf(line + strlen(name), " %*s > %*s %lf", &median) == 1);
	return median;
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

CASE(async)
{
	bench("async", "16M");
}

/* The kernel's functions have the names that svmbench knows, and take time. */
CASE(phases)
{
	static const struct {
		const char *command;
		const char *what[2];
	} list[] = {
		{ "migrate", { "to device", "to system" } },
		{ "fault", { "random", "sequential" } },
		{ "evict", { "all at once", "2M a call" } },
		{ "scale", { "to device", "to system" } },
		{ "async", { "to device", "to system" } },
	};
	static const char *const names[] = { "setup", "replace", "finalize",
					     "rest" };
	char tracers[256], name[64];
	const char *text;

	if (!read_file("/sys/kernel/tracing/available_tracers", tracers,
		       sizeof(tracers)) ||
	    !strstr(tracers, "function_graph"))
		skip("no function graph tracer");
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		text = bench(list[i].command, "8M");
		for (size_t j = 0; j < 8; j++) {
			snprintf(name, sizeof(name), " %s: %s ",
				 list[i].what[j / 4], names[j % 4]);
			CHECK(median_of(text, name) > 0);
		}
	}
}

/* The kernel keeps one object of a slab for the 2 MiB of a chunk, and little else. */
CASE(mirror)
{
	const char *text = bench("mirror", "4G"), *line;
	double bytes, object;

	/* A kernel that checks its memory puts more around each. */
	object = read_number("/sys/kernel/slab/svm_chunk/slab_size") / 512.0;
	line = strstr(text, " svm");
	line = strstr(line + 1, " mirror ");
	CHECK(line);
	line = strchr(line, '\n');
	while (line[-1] == ' ')
		line--;
	while (line[-1] != ' ')
		line--;
	CHECK(sscanf(line, "%lf", &bytes) == 1);
	CHECK(bytes >= 8);
	if (bytes > object * 1.5)
		FAIL("%.1f bytes for a page, of which the slab's are %.1f",
		     bytes, object);
}
