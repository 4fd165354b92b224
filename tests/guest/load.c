// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load on a running svmd, to see what it costs and that nothing is left of it.
 *
 *	svmd-load PID SOCKET BUS [SESSIONS [SECONDS [JOINS [READS]]]]
 *
 * SESSIONS processes with a little memory join and are idle for SECONDS, for
 * which svmd's CPU time is printed; then they leave, and one process joins and
 * leaves JOINS times: what descriptors and memory that left svmd with is printed.
 * At last properties are read, READS in each of some ways: see load-bus.c. Fails
 * if descriptors are left, or memory after 10,000 joins, or an answer is missing;
 * the rest is for people to judge.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <svm/session.h>

#include "load-bus.h"

#define MEMORY ((size_t)4 << 20)

/*
 * What svmd may grow by after the first tenth of so many joins. There is nothing
 * that should; 500 bytes left of each would be more. Fewer joins tell nothing.
 */
#define GROWTH_JOINS 10000
#define GROWTH_KIB 4096

static pid_t svmd;
static const char *path;

__attribute__((noreturn)) static void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void wait_until(double when)
{
	double rest = when - now();
	struct timespec ts;

	if (rest <= 0)
		return;
	ts.tv_sec = (time_t)rest;
	ts.tv_nsec = (long)((rest - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

/* Of svmd, in seconds. */
static double cpu_seconds(void)
{
	unsigned long user = 0, system = 0;
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", svmd);
	file = fopen(name, "r");
	if (!file ||
	    fscanf(file,
		   "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system) != 2)
		fail("svmd is gone", 0);
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long resident_kib(void)
{
	long all, pages = 0;
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/statm", svmd);
	file = fopen(name, "r");
	if (!file || fscanf(file, "%ld %ld", &all, &pages) != 2)
		fail("svmd is gone", 0);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static unsigned int descriptors(void)
{
	unsigned int nr = 0;
	char name[64];
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/fd", svmd);
	dir = opendir(name);
	if (!dir)
		fail("svmd is gone", 0);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static struct svm_session *join(struct svm *svm)
{
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct svm_session *session;
	int ret;

	opts.path = path;
	opts.name = "load";
	opts.timeout_ms = 60000;
	ret = svm_join(svm, &opts, &session);
	if (ret)
		fail("can't join", -ret);
	return session;
}

static void be_idle(int ready)
{
	struct svm *svm;
	void *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || svm_open(&svm, NULL))
		_exit(1);
	memset(memory, 1, MEMORY);
	join(svm);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void idle(unsigned int sessions, unsigned int seconds)
{
	pid_t *pids = calloc(sessions, sizeof(pids[0]));
	double before, cost;
	int ready[2];
	unsigned int i;
	char byte;

	if (!pids || pipe(ready) < 0)
		fail("no room", 0);
	for (i = 0; i < sessions; i++) {
		pids[i] = fork();
		if (!pids[i])
			be_idle(ready[1]);
		if (pids[i] < 0 || read(ready[0], &byte, 1) != 1)
			fail("no child", 0);
	}
	/* Until those that do nothing are looked at as seldom as can be. */
	wait_until(now() + seconds);
	before = cpu_seconds();
	wait_until(now() + seconds);
	cost = cpu_seconds() - before;
	printf("%u idle sessions: %.2f %% of a core, %u descriptors, %ld KiB\n",
	       sessions, cost / seconds * 100, descriptors(), resident_kib());
	for (i = 0; i < sessions; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < sessions; i++)
		waitpid(pids[i], NULL, 0);
	free(pids);
}

/* A session that has left is gone a turn of the loop later. */
static unsigned int settled_descriptors(unsigned int want)
{
	double end = now() + 30;

	while (descriptors() > want && now() < end)
		wait_until(now() + 0.01);
	return descriptors();
}

static bool churn(unsigned int joins)
{
	unsigned int before = descriptors(), after, i;
	long memory = 0, growth;
	double begin = now();
	struct svm *svm;

	if (svm_open(&svm, NULL))
		fail("no handle", 0);
	for (i = 0; i < joins; i++) {
		svm_leave(join(svm));
		/* The first ones fill caches. */
		if (i == joins / 10)
			memory = resident_kib();
	}
	after = settled_descriptors(before);
	growth = resident_kib() - memory;
	printf("%u joins: %.0f a second, %u descriptors before and %u after, %+ld KiB after the first tenth\n",
	       joins, joins / (now() - begin), before, after, growth);
	svm_close(svm);
	return after <= before &&
	       (joins < GROWTH_JOINS || growth <= GROWTH_KIB);
}

static unsigned int argument(int argc, char **argv, int i, unsigned int missing)
{
	return argc > i ? (unsigned int)strtoul(argv[i], NULL, 10) : missing;
}

int main(int argc, char **argv)
{
	unsigned int joins, nr_reads, sessions;
	bool good = true;

	if (argc < 4)
		fail("usage: svmd-load PID SOCKET BUS [SESSIONS [SECONDS [JOINS [READS]]]]",
		     0);
	svmd = (pid_t)strtol(argv[1], NULL, 10);
	path = argv[2];
	sessions = argument(argc, argv, 4, 100);
	joins = argument(argc, argv, 6, 10000);
	nr_reads = argument(argc, argv, 7, 10000);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sessions)
		idle(sessions, argument(argc, argv, 5, 20));
	if (joins)
		good = churn(joins);
	if (nr_reads)
		load_bus(argv[3], nr_reads);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
