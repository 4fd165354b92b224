// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A line of the function graph tracer for a function of which none other is
 * traced looks like this; + and others stand for times that are long:
 *
 *	 0) + 12.345 us   |  migrate_vma_setup();
 *
 * With a call that is interrupted or moves to another CPU it has two: one that ends
 * in "{" and has no time, and one that begins with "}" and has the name as a comment.
 *
 * Limits: one at a time in a process.
 */
#include "phases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define INSTANCES "/sys/kernel/tracing/instances"

static const struct {
	const char *function;
	enum phase phase;
} functions[] = {
	{ "migrate_vma_setup", PHASE_SETUP },
	{ "migrate_device_pfns", PHASE_SETUP },
	{ "migrate_vma_pages", PHASE_REPLACE },
	{ "migrate_device_pages", PHASE_REPLACE },
	{ "migrate_vma_finalize", PHASE_FINALIZE },
	{ "migrate_device_finalize", PHASE_FINALIZE },
};

static void path_of(char path[static 96], const char *file)
{
	snprintf(path, 96, INSTANCES "/svmbench-%d%s%s", (int)getpid(),
		 *file ? "/" : "", file);
}

static int put_line(const char *file, const char *line)
{
	char path[96];
	ssize_t done;

	path_of(path, file);
	/* the end of the file, since a filter grows by what is appended */
	__close int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	done = write(fd, line, strlen(line));
	return done < 0 ? -errno : 0;
}

void phases_close(void)
{
	char path[96];

	put_line("tracing_on", "0\n");
	put_line("current_tracer", "nop\n");
	path_of(path, "");
	rmdir(path);
}

/* By default, all threads are traced. */
static int choose_thread(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d\n", (int)gettid());
	return put_line("set_ftrace_pid", pid);
}

static int choose_functions(void)
{
	bool some = false;

	/* a kernel that does not have all of them has the first */
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		some |= !put_line("set_ftrace_filter", functions[i].function);
	return some ? 0 : -EOPNOTSUPP;
}

int phases_open(enum phases_whose whose)
{
	char path[96];
	int err;

	path_of(path, "");
	if (mkdir(path, 0700))
		return -errno;
	err = put_line("tracing_on", "0\n");
	if (!err)
		err = choose_functions();
	if (!err && whose == PHASES_OF_THREAD)
		err = choose_thread();
	if (!err)
		err = put_line("current_tracer", "function_graph\n");
	if (err)
		phases_close();
	return err;
}

/* Opening it to be written anew empties it. */
static int empty_trace(void)
{
	char path[96];

	path_of(path, "trace");
	__close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

int phases_start(void)
{
	int err = empty_trace();

	return err ? err : put_line("tracing_on", "1\n");
}

/* Adds the time of a line, if it has one. */
static void add_line(const char *line, uint64_t ns[static PHASES])
{
	const char *bar = strchr(line, '|'), *paren = strchr(line, ')');
	size_t length;
	double us;

	if (!bar || !paren || paren > bar)
		return;
	/* behind the CPU, and signs that tell how long it was */
	paren += 1 + strspn(paren + 1, " +!#*@$");
	if (sscanf(paren, "%lf us", &us) != 1)
		return;
	bar += 1 + strspn(bar + 1, " }/*");
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		length = strlen(functions[i].function);
		if (!strncmp(bar, functions[i].function, length) &&
		    strspn(bar + length, "( ") > 0)
			ns[functions[i].phase] += (uint64_t)(us * 1000);
	}
}

static int read_trace(uint64_t ns[static PHASES])
{
	char path[96], line[256];
	int err = 0;

	path_of(path, "trace");
	__fclose FILE *trace = fopen(path, "re");

	if (!trace)
		return -errno;
	while (!err && fgets(line, sizeof(line), trace)) {
		if (strstr(line, "LOST"))
			err = -ENODATA;
		else if (*line != '#')
			add_line(line, ns);
	}
	return err;
}

int phases_stop(struct phases *phases)
{
	int err;

	*phases = (struct phases){ 0 };
	err = put_line("tracing_on", "0\n");
	if (!err)
		err = read_trace(phases->ns);
	return err;
}
