// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svm-stress: starts the processes, tells how they get on, and what it came to.
 *
 * Exit status: 0 if every byte and every answer was as it must be, and the kernel
 * did not complain; 1 if not; 2 for bad arguments.
 */
#include "stress.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRESS_SECONDS 10
/* How long the last operations and the last check may take. */
#define GRACE_SECONDS 300
#define SWAP_BYTES MIB(256)

const struct group group = { .module_args = "ram=512M,512M" };
struct board *board;

static struct {
	unsigned int seconds, processes;
	uint64_t seed;
	bool hotplug;
} options = { .seconds = 60, .processes = 4, .hotplug = true };

static pid_t pids[MAX_PROCESSES + 1];
static unsigned int nr_pids;

static void usage(FILE *to)
{
	fprintf(to,
		"usage: svm-stress [OPTIONS]\n"
		"Does everything at once to memory on devices, and checks every byte. As root, in the VM.\n\n"
		"  --seconds N    for so long (60)\n"
		"  --processes N  so many, with %d threads each (4)\n"
		"  --seed N       what each thread does follows from it (by default from the clock)\n"
		"  --no-hotplug   no device comes and goes meanwhile\n",
		THREADS);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || value < least || value > most) {
		fprintf(stderr,
			"svm-stress: not a number from %llu to %llu: %s\n",
			(unsigned long long)least, (unsigned long long)most,
			text);
		exit(2);
	}
	return value;
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "processes", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 'r' },
		{ "no-hotplug", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	options.seed = (uint64_t)(seconds() * 1e9);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options.seconds = number(optarg, 1, 1000000);
			break;
		case 'p':
			options.processes = number(optarg, 1, MAX_PROCESSES);
			break;
		case 'r':
			options.seed = number(optarg, 0, UINT64_MAX);
			break;
		case 'n':
			options.hotplug = false;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind != argc) {
		usage(stderr);
		exit(2);
	}
}

static void run_worker(void *arg)
{
	worker_process(*(unsigned int *)arg, options.seed);
}

static void run_hotplug(void *arg)
{
	(void)arg;
	hotplug_process(options.seed);
}

/* In a child, because who has no room for a swap file need not fail. */
static void make_swap(void *arg)
{
	(void)arg;
	need_swap(SWAP_BYTES);
}

static void start_swap(char *path, size_t size)
{
	pid_t pid = child(make_swap, NULL);

	snprintf(path, size, SWAP_FILE_PREFIX "%d", pid);
	if (child_wait(pid))
		note("without swap");
}

static void stop_swap(const char *path)
{
	swapoff(path);
	unlink(path);
}

static void start(void)
{
	unsigned int i;

	for (i = 0; i < options.processes; i++)
		pids[nr_pids++] = child(run_worker, &i);
	if (options.hotplug)
		pids[nr_pids++] = child(run_hotplug, NULL);
}

static void kill_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_pids; i++)
		child_kill(pids[i]);
	nr_pids = 0;
}

/* Takes those that have ended off the list. True if one of them failed. */
static bool look_after(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < nr_pids; i++) {
		if (!CHECK_SYS(waitpid(pids[i], &status, WNOHANG)))
			continue;
		pids[i--] = pids[--nr_pids];
		if (status) {
			note("a process ended with wait status %#x", status);
			return true;
		}
	}
	return false;
}

static void progress(double since)
{
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		done += board->done[i];
	printf("%5.0f s: %lu operations, %lu pages to devices, %lu MiB compared, %lu devices came and went\n",
	       seconds() - since, done, board->sums[SUM_PAGES_TO_DEVICE],
	       board->sums[SUM_BYTES_COMPARED] >> 20,
	       board->sums[SUM_DEVICES_CREATED]);
	fflush(stdout);
}

/* True if all was well. */
static bool supervise(void)
{
	double since = seconds(), next = since + PROGRESS_SECONDS;
	double end = since + options.seconds;

	while (nr_pids) {
		if (look_after())
			return false;
		if (seconds() >= next) {
			progress(since);
			next += PROGRESS_SECONDS;
		}
		if (seconds() >= end)
			atomic_store(&board->stop, true);
		if (seconds() >= end + GRACE_SECONDS)
			return false;
		sleep_ms(50);
	}
	progress(since);
	return true;
}

/* What they were at when it went wrong. */
static void tell_what_hangs(void)
{
	unsigned int i, k;

	for (i = 0; i < options.processes; i++)
		for (k = 0; k < THREADS; k++)
			note("process %u, thread %u: %s", i, k,
			     board->doing[i][k] ? board->doing[i][k] : "ended");
	for (i = 0; i < nr_pids; i++)
		print_stacks(pids[i]);
}

static void summary(void)
{
	static const char *const names[] = {
		[SUM_PAGES_TO_DEVICE] = "pages moved to devices",
		[SUM_PAGES_TO_SYSTEM] = "pages moved to system memory by calls",
		[SUM_PAGES_STAYED] =
			"pages that stayed: pinned, busy, swapped, full",
		[SUM_BYTES_EVICTED] = "bytes evicted",
		[SUM_BYTES_COMPARED] = "bytes compared",
		[SUM_ATOMICS] = "atomics of devices",
		[SUM_EXCLUSIVE_PAGES] = "pages taken exclusively",
		[SUM_JOBS] = "jobs reaped",
		[SUM_JOBS_CANCELLED] = "jobs cancelled",
		[SUM_PAGES_BY_JOBS] = "pages moved by jobs",
		[SUM_EVENTS] = "events read",
		[SUM_EVENTS_DROPPED] = "events dropped",
		[SUM_ERRORS_EXPECTED] = "calls refused as they must be",
		[SUM_CHILDREN_KILLED] = "children killed",
		[SUM_DEVICES_CREATED] = "devices that came and went",
		[SUM_ON_HOTPLUGGED] = "pages moved to them",
		[SUM_ON_COHERENT] = "pages moved to the coherent device",
	};
	unsigned int i;

	for (i = 0; i < nr_ops; i++)
		printf("%12lu %s\n", board->done[i], ops[i].name);
	puts("");
	for (i = 0; i < SUM_NR; i++)
		printf("%12lu %s\n", board->sums[i], names[i]);
}

/* The last is there where the VM has memory for it. */
static unsigned int count_devices(void)
{
	int fd = try_open_device(DEVICES_MAX - 1);

	if (fd < 0)
		return DEVICES_MAX - 1;
	CHECK_EQ(device_info(fd).type, SVM_DEVICE_COHERENT);
	CHECK_SYS(close(fd));
	return DEVICES_MAX;
}

int main(int argc, char **argv)
{
	struct health before;
	char swap[64];
	bool good;
	int i;

	parse(argc, argv);
	board = map_shared(sizeof(*board));
	board->hotplugged = -1;
	need_device_memory();
	board->nr_devices = count_devices();
	before = health_now();
	start_swap(swap, sizeof(swap));
	printf("svm-stress: %u processes, %u s, --seed %llu\n",
	       options.processes, options.seconds,
	       (unsigned long long)options.seed);
	fflush(stdout);
	start();
	good = supervise();
	if (!good) {
		tell_what_hangs();
		kill_all();
	}
	stop_swap(swap);
	summary();
	if (good)
		for (i = 0; i < (int)board->nr_devices; i++)
			check_all_free(open_device(i));
	if (health_got_worse(&before))
		good = false;
	printf("%s (--seed %llu)\n", good ? "0 mismatches" : "FAILED",
	       (unsigned long long)options.seed);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
