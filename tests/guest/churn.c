// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svm-run --churn over real devices: a program that keeps its content, and is
 * this one, runs while its memory moves and devices work on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=64M,64M",
	.needs_device_memory = true,
};

#define LENGTH MIB(8)
#define IDLE MIB(16)
/* So many calls of svm-run that of each thing that it does there are some. */
#define CALLS 250
#define FORKS 4
#define THREADS 2

static int devices[2];
static uint64_t calls_before;

/* Others than svm-run move nothing. */
static uint64_t calls(void)
{
	return device_stats(devices[0], SVM_STATS_DEVICE).migrate_calls +
	       device_stats(devices[1], SVM_STATS_DEVICE).migrate_calls;
}

/* Reads all of it, and writes it anew from time to time. */
static void *keep(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	char *mem = map_anon(LENGTH);
	int i;

	fill(mem, LENGTH, seed);
	for (i = 0; i % 8 || calls() - calls_before < CALLS; i++) {
		check_fill(mem, LENGTH, seed);
		if (i % 8 == 7)
			fill(mem, LENGTH, ++seed);
	}
	munmap(mem, LENGTH);
	return NULL;
}

/* Counted by all threads at once: an atomic of a device must not undo one. */
static uint64_t *counter;

static void *count(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 200000; i++)
		__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return NULL;
}

/*
 * Plain stores beside them, in words of the same page: a device that wrote back
 * what it had read before would undo one.
 */
static void *store(void *arg)
{
	volatile uint64_t *words = counter + 8;
	uint64_t i;

	(void)arg;
	for (i = 0; i < 200000; i++) {
		words[i % 64] = i;
		CHECK_EQ(words[i % 64], i);
	}
	return NULL;
}

/* With shared pages, which a write has to break rightly. */
static void fork_and_keep(void)
{
	char *mem = map_anon(LENGTH);
	int i, status;

	fill(mem, LENGTH, 77);
	for (i = 0; i < FORKS; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			check_fill(mem, LENGTH, 77);
			fill(mem, LENGTH, i);
			check_fill(mem, LENGTH, i);
			_exit(0);
		}
		fill(mem, LENGTH / 2, 77);
	}
	for (i = 0; i < FORKS; i++) {
		CHECK_SYS(wait(&status));
		CHECK_EQ(status, 0);
	}
	check_fill(mem, LENGTH, 77);
}

static int be_a_program(void)
{
	char *idle = map_anon(IDLE);
	pthread_t threads[THREADS + 3];
	uint64_t i;

	for (i = 0; i < 2; i++)
		devices[i] = open_device((unsigned int)i);
	calls_before = calls();
	fill(idle, IDLE, 55);
	counter = (uint64_t *)map_anon(PAGE);
	for (i = 0; i < THREADS; i++)
		threads[i] = thread_start(keep, (void *)(uintptr_t)(100 * i));
	threads[THREADS] = thread_start(count, NULL);
	threads[THREADS + 1] = thread_start(count, NULL);
	threads[THREADS + 2] = thread_start(store, NULL);
	for (i = 0; i < THREADS + 3; i++)
		thread_join(threads[i]);
	CHECK_EQ(*counter, 400000);
	fork_and_keep();
	check_fill(idle, IDLE, 55);
	return 0;
}

/* As svm-run starts it: not a case of a group, but a program of its own. */
__attribute__((constructor)) static void program(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--program"))
		exit(be_a_program());
}

#define REPORT "/tmp/churn-report.json"

/* The number that follows a name in the report; it must be there. */
static long long reported(const char *text, const char *name)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	at = strstr(text, quoted);
	if (!at)
		FAIL("the report does not have %s", name);
	return atoll(at + strlen(quoted));
}

/* Nothing that it does is an error of its own. */
static void check_no_errors(const char *report)
{
	const char *errors = strstr(report, "\"errors\":{");

	CHECK(errors);
	errors = strchr(errors, '{') + 1;
	CHECK_EQ(errors[strspn(errors, " \n")], '}');
}

/* With the capabilities that are left by @bounds. */
static void run_under_churn(const char *bounds, char *report, size_t size)
{
	char self[256] = "";
	const char *const argv[] = { "setpriv",	    bounds,
				     "svm-run",	    "--seed=1",
				     "--churn=1ms", "--report-json=" REPORT,
				     "--report",    "--",
				     self,	    "--program",
				     NULL };
	FILE *file;

	CHECK_SYS(readlink("/proc/self/exe", self, sizeof(self) - 1));
	CHECK_RET(run_program(argv), 0);
	file = fopen(REPORT, "re");
	CHECK(file);
	report[fread(report, 1, size - 1, file)] = 0;
	fclose(file);
	unlink(REPORT);
}

CASE(does_everything_unnoticed)
{
	static char report[64 << 10];

	run_under_churn("--bounding-set=+all", report, sizeof(report));
	CHECK_GT(reported(report, "passes"), 0);
	CHECK_GT(reported(report, "background_moves"), 0);
	CHECK_GT(reported(report, "advice_given"), 0);
	CHECK_GT(reported(report, "advice_taken_back"), 0);
	CHECK_GT(reported(report, "batches"), 0);
	CHECK_GT(reported(report, "batch_ranges"), reported(report, "batches"));
	CHECK_GT(reported(report, "on_devices"), 0);
	CHECK_GT(reported(report, "in_system_memory"), 0);
	/* Kept from svm-run itself, as from any other; and then no more. */
	CHECK_GT(reported(report, "pieces"), 0);
	CHECK_GT(reported(report, "pages_that_stayed"), 0);
	CHECK_EQ(reported(report, "taken_back"), reported(report, "pieces"));
	CHECK_GT(reported(report, "moved_after_that"), 0);
	CHECK_GT(reported(report, "calls"), 0);
	CHECK_GT(reported(report, "bytes"), 0);
	CHECK(strstr(report, "\"left_out\":null"));
	CHECK_GT(reported(report, "bytes_to_device"), 0);
	CHECK_GT(reported(report, "faults"), 0);
	CHECK_GT(reported(report, "atomics"), 0);
	CHECK_GT(reported(report, "reads"), 0);
	CHECK_GT(reported(report, "exclusive_pages"), 0);
	CHECK_GT(reported(report, "exclusive_ended_by_cpu"), 0);
	/* Its events: moves, faults, and the ends of exclusive access. */
	CHECK(strstr(report, "\"migrated\":"));
	CHECK(strstr(report, "\"exclusive-ended\":"));
	CHECK(strstr(report, "\"no_page_lost\":true"));
	check_no_errors(report);
}

/* To evict is for administrators; everything else goes on. */
CASE(leaves_out_what_is_not_permitted)
{
	static char report[64 << 10];

	run_under_churn("--bounding-set=-sys_admin", report, sizeof(report));
	CHECK_EQ(reported(report, "calls"), 0);
	CHECK(strstr(report, "\"left_out\":\"EPERM\""));
	CHECK_GT(reported(report, "batches"), 0);
	CHECK_GT(reported(report, "pieces"), 0);
	CHECK_GT(reported(report, "bytes_to_device"), 0);
	CHECK(strstr(report, "\"no_page_lost\":true"));
	check_no_errors(report);
}
