// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmbench on the real module: each command measures on svm0, and what it checks
 * by itself is right. Figures don't decide anything here, but those of memory.
 */
#include <errno.h>
#include <fcntl.h>
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
static void phases(const char *command, const char *first, const char *second)
{
	static const char *const names[] = { "setup", "replace", "finalize",
					     "rest" };
	char tracers[256], name[64];
	const char *text;

	if (!read_file("/sys/kernel/tracing/available_tracers", tracers,
		       sizeof(tracers)) ||
	    !strstr(tracers, "function_graph"))
		skip("no function graph tracer");
	text = bench(command, "8M");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), " %s: %s ", first, names[i]);
		CHECK(median_of(text, name) > 0);
		snprintf(name, sizeof(name), " %s: %s ", second, names[i]);
		CHECK(median_of(text, name) > 0);
	}
}

CASE(phases_migrate)
{
	phases("migrate", "to device", "to system");
}

CASE(phases_fault)
{
	phases("fault", "random", "sequential");
}

CASE(phases_evict)
{
	phases("evict", "all at once", "2M a call");
}

CASE(phases_scale)
{
	phases("scale", "to device", "to system");
}

CASE(phases_async)
{
	phases("async", "to device", "to system");
}

#define COPY_CPUS "/sys/module/svm/parameters/copy_cpus"
#define HELPED "/sys/class/svm/svm0/stats/bytes_helped"

static bool helps_if_asked(void)
{
	long long before = read_number(HELPED);
	const char *text = bench("migrate", "8M");

	CHECK(median_of(text, " 1 CPU     to device ") > 0);
	CHECK(median_of(text, " 1 CPU     to system ") > 0);
	CHECK(median_of(text, " 2 CPUs    to device ") > 0);
	CHECK(median_of(text, " 2 CPUs    to system ") > 0);
	CHECK_EQ(read_number(COPY_CPUS), 1);
	return read_number(HELPED) > before;
}

/*
 * Only "2 CPUs" are more than one here, and svmbench itself fails if somebody helps
 * "1 CPU". What the parameter was, it is again.
 */
CASE(by_cpus)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("there is one CPU");
	CHECK(write_file(COPY_CPUS, "1"));
	CHECK(EVENTUALLY(helps_if_asked()));
	CHECK(write_file(COPY_CPUS, "4"));
	bench("migrate", "8M");
	CHECK_EQ(read_number(COPY_CPUS), 4);
}

#define KERNEL_COPY "/sys/kernel/debug/svm_copy_rate"

static void refuses(const char *request)
{
	int fd = open(KERNEL_COPY, O_RDWR | O_CLOEXEC);
	char text[8];

	CHECK_SYS(fd);
	CHECK_EQ(write(fd, request, strlen(request)), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(pread(fd, text, sizeof(text), 0), 2);
	CHECK(!memcmp(text, "0\n", 2));
	close(fd);
}

/* The module that tells how fast the kernel copies. */
CASE(kernel_copy)
{
	static const char *const load[] = { "modprobe", "svm_copy_rate", NULL };
	static const char *const unload[] = { "rmmod", "svm_copy_rate", NULL };
	const char *text;

	CHECK_EQ(run_program(load), 0);
	refuses("2097152");
	refuses("0 1");
	refuses("4096 1");
	refuses("1075838976 1");
	refuses("18446744073709551615 1");
	refuses("2097152 0");
	refuses("2097152 3");
	refuses("2097152 1                              ");
	text = bench("migrate", "4M");
	CHECK(median_of(text, " 1 CPU     kernel copy ") > 0);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		CHECK(median_of(text, " 2 CPUs    kernel copy ") > 0);
	CHECK_EQ(run_program(unload), 0);
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
