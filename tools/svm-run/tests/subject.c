// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program to be run under svm-run: it keeps memory with a known content, does
 * what the first argument says, and ends with 0 if everything was as it should
 * be.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS ((size_t)(4 << 20) / sizeof(uint64_t))
#define THREADS 4
#define CHILDREN 8

static uint64_t word(size_t i, uint64_t salt)
{
	return i * 0x9e3779b97f4a7c15ull ^ salt;
}

static uint64_t *fill(uint64_t salt)
{
	uint64_t *words = mmap(NULL, WORDS * sizeof(*words),
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (words == MAP_FAILED)
		exit(2);
	for (size_t i = 0; i < WORDS; i++)
		words[i] = word(i, salt);
	return words;
}

static int check(const uint64_t *words, uint64_t salt)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (words[i] != word(i, salt))
			return 3;
	}
	return 0;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Checks the content again and again for a while. */
static int keep_checking(uint64_t salt, double seconds)
{
	double end = now() + seconds;
	uint64_t *words = fill(salt);
	int bad;

	do
		bad = check(words, salt);
	while (!bad && now() < end);
	return bad;
}

/* The same, until a file has something in it. */
static int check_until(uint64_t salt, const char *path)
{
	uint64_t *words = fill(salt);
	struct stat st;
	int bad;

	do
		bad = check(words, salt);
	while (!bad && (stat(path, &st) || !st.st_size));
	return bad;
}

static double duration = 0.4;

static void *thread(void *arg)
{
	return (void *)(intptr_t)keep_checking((uintptr_t)arg, duration);
}

static int run_threads(void)
{
	pthread_t threads[THREADS];
	void *result;
	int bad = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		bad |= (int)(intptr_t)result;
	}
	return bad;
}

static int wait_children(int nr)
{
	int status, bad = 0;

	for (int i = 0; i < nr; i++) {
		if (wait(&status) < 0)
			return 4;
		bad |= status;
	}
	return bad ? 5 : 0;
}

static int run_forks(void)
{
	uint64_t *words = fill(42);

	for (uint64_t i = 0; i < CHILDREN; i++) {
		if (!fork())
			_exit(check(words, 42) | keep_checking(i, duration));
	}
	return wait_children(CHILDREN) | check(words, 42);
}

/* Children that become another program, by fork and by spawn. */
static int run_execs(char *self)
{
	for (int i = 0; i < CHILDREN / 2; i++) {
		if (!fork()) {
			execl(self, self, "check", NULL);
			_exit(6);
		}
		posix_spawn(&(pid_t){ 0 }, self, NULL, NULL,
			    (char *[]){ self, "check", NULL }, environ);
	}
	return wait_children(CHILDREN) | keep_checking(7, 0);
}

/* Prints what descriptors are open, to compare. */
static int run_fds(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d\n", fd);
	}
	return 0;
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* Waits for a signal and ends with its number plus 40. */
static int run_signal(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	sigset_t mask, old;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		signal(numbers[i], on_signal);
		sigaddset(&mask, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &mask, &old);
	puts("ready");
	fflush(stdout);
	while (!caught)
		sigsuspend(&old);
	return 40 + caught;
}

/* Prints the signal mask and what is ignored, to compare. */
static int run_state(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6))
			fputs(line, stdout);
	}
	return file ? fclose(file) : 8;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "check";

	if (argc > 2)
		duration = atof(argv[2]);
	if (!strcmp(what, "check"))
		return keep_checking(1, argc > 2 ? duration : 0);
	if (!strcmp(what, "until") && argc > 2)
		return check_until(1, argv[2]);
	if (!strcmp(what, "threads"))
		return run_threads();
	if (!strcmp(what, "forks"))
		return run_forks();
	if (!strcmp(what, "execs"))
		return run_execs(argv[0]);
	if (!strcmp(what, "fds"))
		return run_fds();
	if (!strcmp(what, "signal"))
		return run_signal();
	if (!strcmp(what, "state"))
		return run_state();
	if (!strcmp(what, "exit"))
		return argc > 2 ? atoi(argv[2]) : 0;
	if (!strcmp(what, "kill")) {
		raise(argc > 2 ? atoi(argv[2]) : SIGKILL);
		return 9;
	}
	return 1;
}
