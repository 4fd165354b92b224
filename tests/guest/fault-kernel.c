// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel reads and writes device pages on behalf of system calls.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

#define PAGES 32
#define LENGTH (PAGES * PAGE)

/* Filled, and on the device. */
static char *on_device(int fd, uint64_t seed)
{
	char *addr = map_anon(LENGTH);

	fill(addr, LENGTH, seed);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	return addr;
}

CASE(write_to_pipe)
{
	int fd = open_device(0), pipefd[2];
	char *addr = on_device(fd, 1), *copy = map_anon(LENGTH);
	size_t done;

	CHECK_SYS(pipe(pipefd));
	for (done = 0; done < LENGTH; done += PAGE) {
		CHECK_EQ(write(pipefd[1], addr + done, PAGE), PAGE);
		CHECK_EQ(read(pipefd[0], copy + done, PAGE), PAGE);
	}
	check_fill(copy, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
}

CASE(read_into_device_pages)
{
	int fd = open_device(0), pipefd[2];
	char *addr = on_device(fd, 1), *from = map_anon(LENGTH);
	size_t done;

	fill(from, LENGTH, 2);
	CHECK_SYS(pipe(pipefd));
	for (done = 0; done < LENGTH; done += PAGE) {
		CHECK_EQ(write(pipefd[1], from + done, PAGE), PAGE);
		CHECK_EQ(read(pipefd[0], addr + done, PAGE), PAGE);
	}
	check_fill(addr, LENGTH, 2);
}

CASE(write_to_file)
{
	int fd = open_device(0), file = real_file(LENGTH);
	char *addr = on_device(fd, 1), *copy = map_anon(LENGTH);

	CHECK_EQ(pwrite(file, addr, LENGTH, 0), LENGTH);
	move_all(fd, copy, LENGTH, TO_DEVICE);
	CHECK_EQ(pread(file, copy, LENGTH, 0), LENGTH);
	check_fill(copy, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
}

CASE(direct_io)
{
	int fd = open_device(0), file;
	char *addr = on_device(fd, 1), *copy = on_device(fd, 2);
	char path[] = "/var/tmp/svm-test-direct-XXXXXX";

	file = CHECK_SYS(mkostemp(path, O_DIRECT | O_CLOEXEC));
	CHECK_SYS(unlink(path));
	if (pwrite(file, addr, LENGTH, 0) != (ssize_t)LENGTH)
		skip("no O_DIRECT on /var/tmp: %s", err_name(errno));
	CHECK_EQ(pread(file, copy, LENGTH, 0), LENGTH);
	check_fill(copy, LENGTH, 1);
	check_fill(addr, LENGTH, 1);
	/* Nobody holds them any more. */
	CHECK_EQ(move_all(fd, copy, LENGTH, TO_DEVICE), PAGES);
	check_fill(copy, LENGTH, 1);
}

CASE(vectors_over_many_places)
{
	int fd = open_device(0), file = real_file(LENGTH), i;
	char *addr = on_device(fd, 1), *copy = map_anon(LENGTH);
	struct iovec iov[PAGES];

	/* Every second page on the device. */
	for (i = 0; i < PAGES; i++) {
		iov[i] = (struct iovec){ page_at(addr, i), PAGE };
		if (i % 2)
			move_all(fd, page_at(addr, i), PAGE, TO_SYSTEM);
	}
	CHECK_EQ(pwritev(file, iov, PAGES, 0), LENGTH);
	CHECK_EQ(pread(file, copy, LENGTH, 0), LENGTH);
	check_fill(copy, LENGTH, 1);
}

struct other {
	char *addr;
	pid_t pid;
};

static void reader_writer(void *arg)
{
	struct other *o = arg;
	char *copy = map_anon(LENGTH);
	struct iovec local = { copy, LENGTH }, remote = { o->addr, LENGTH };

	CHECK_EQ(process_vm_readv(o->pid, &local, 1, &remote, 1, 0), LENGTH);
	check_fill(copy, LENGTH, 1);
	fill(copy, LENGTH, 2);
	CHECK_EQ(process_vm_writev(o->pid, &local, 1, &remote, 1, 0), LENGTH);
}

/* Another process reads and writes our pages while they are on the device. */
CASE(process_vm_access)
{
	int fd = open_device(0);
	struct other o = { .pid = getpid() };
	pid_t pid;

	/* Not inherited: the child has to go through us. */
	o.addr = map_anon(LENGTH);
	CHECK_SYS(madvise(o.addr, LENGTH, MADV_DONTFORK));
	fill(o.addr, LENGTH, 1);
	move_all(fd, o.addr, LENGTH, TO_DEVICE);
	pid = child(reader_writer, &o);
	child_ok(pid);
	check_fill(o.addr, LENGTH, 2);
}

static void traced(void *arg)
{
	char *addr = *(char **)arg;
	int fd = open_device(0);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	raise(SIGSTOP);
	check_part(addr, PAGE, 1, 0);
	CHECK_EQ(*(uint64_t *)(addr + 5 * PAGE), 0x1234567890abcdef);
	check_part(addr + 6 * PAGE, LENGTH - 6 * PAGE, 1, 6 * PAGE);
}

CASE(ptrace_peek_and_poke)
{
	char *addr = map_anon(LENGTH);
	pid_t pid = child(traced, &addr);
	int status, i;
	long word;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSTOPPED(status));
	for (i = 0; i < PAGES; i++) {
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, page_at(addr, i), NULL);
		CHECK_EQ(errno, 0);
		CHECK_EQ((uint64_t)word, pattern(1, i * PAGE / 8));
	}
	CHECK_SYS(ptrace(PTRACE_POKEDATA, pid, addr + 5 * PAGE,
			 (void *)0x1234567890abcdef));
	CHECK_SYS(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	child_ok(pid);
}

CASE(proc_self_mem)
{
	int fd = open_device(0);
	int mem = CHECK_SYS(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
	char *addr = on_device(fd, 1), *copy = map_anon(LENGTH);

	CHECK_EQ(pread(mem, copy, LENGTH, (uintptr_t)addr), LENGTH);
	check_fill(copy, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	fill(copy, LENGTH, 2);
	CHECK_EQ(pwrite(mem, copy, LENGTH, (uintptr_t)addr), LENGTH);
	check_fill(addr, LENGTH, 2);
}

/* Forced through a mapping that forbids writing: a debugger does so. */
static void pokes_read_only(void *arg)
{
	char *addr = *(char **)arg;
	int fd = open_device(0);

	fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(mprotect(addr, LENGTH, PROT_READ));
	CHECK_SYS(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	raise(SIGSTOP);
	CHECK_EQ(*(uint64_t *)(addr + 5 * PAGE), 0x1234567890abcdef);
	CHECK_EQ(place_of(fd, addr + 5 * PAGE).place, SVM_PLACE_SYSTEM);
	check_fill(addr, 5 * PAGE, 1);
	check_part(addr + 6 * PAGE, LENGTH - 6 * PAGE, 1, 6 * PAGE);
}

CASE(ptrace_poke_read_only)
{
	char *addr = map_anon(LENGTH);
	pid_t pid = child(pokes_read_only, &addr);
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_SYS(ptrace(PTRACE_POKEDATA, pid, addr + 5 * PAGE,
			 (void *)0x1234567890abcdef));
	CHECK_SYS(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	child_ok(pid);
}

/* Arguments and results of system calls on the device. */
CASE(system_call_arguments)
{
	int fd = open_device(0);
	char *addr = map_anon(4 * PAGE);
	struct stat *st = (struct stat *)(addr + PAGE);

	strcpy(addr, "/proc/self/exe");
	move_all(fd, addr, 4 * PAGE, TO_DEVICE);
	CHECK_SYS(stat(addr, st));
	CHECK(S_ISREG(st->st_mode));
	move_all(fd, addr, 4 * PAGE, TO_DEVICE);
	CHECK_GT(readlink(addr, addr + 2 * PAGE, PAGE), 0);
	CHECK(strstr(addr + 2 * PAGE, "/t-"));
}

static void exec_from_device(void *arg)
{
	char *addr = map_anon(4 * PAGE), **argv = (char **)(addr + PAGE);

	(void)arg;
	strcpy(addr, "true");
	argv[0] = addr;
	argv[1] = NULL;
	move_all(open_device(0), addr, 4 * PAGE, TO_DEVICE);
	execvp(addr, argv);
	FAIL("exec: %s", err_name(errno));
}

CASE(exec_with_arguments_on_device)
{
	child_ok(child(exec_from_device, NULL));
}

struct futex {
	uint32_t *word;
	atomic_int threads[4];
	atomic_uint nr;
};

static void *futex_waiter(void *arg)
{
	struct futex *f = arg;

	f->threads[f->nr++] = gettid();
	while (__atomic_load_n(f->word, __ATOMIC_SEQ_CST) == 0)
		syscall(SYS_futex, f->word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL,
			0);
	return NULL;
}

static bool all_sleep(const struct futex *f)
{
	int k;

	for (k = 0; k < 4; k++)
		if (!sleeps_in(f->threads[k], SYS_futex))
			return false;
	return true;
}

/* A sleeper is found again wherever its word has moved meanwhile. */
CASE(futex_on_device)
{
	int fd = open_device(0), i, k;
	char *addr = map_anon(PAGE);
	pthread_t threads[4];

	for (i = 0; i < 10; i++) {
		struct futex f = { .word = (uint32_t *)addr };

		*f.word = 0;
		for (k = 0; k < 4; k++)
			threads[k] = thread_start(futex_waiter, &f);
		CHECK(EVENTUALLY(all_sleep(&f)));
		move(fd, addr, PAGE, TO_DEVICE, 0);
		if (i % 2)
			move(fd, addr, PAGE, TO_SYSTEM, 0);
		__atomic_store_n(f.word, 1, __ATOMIC_SEQ_CST);
		move(fd, addr, PAGE, TO_DEVICE, 0);
		syscall(SYS_futex, f.word, FUTEX_WAKE_PRIVATE, 4, NULL, NULL,
			0);
		for (k = 0; k < 4; k++)
			thread_join(threads[k]);
	}
}

struct counted {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	long value;
};

/* It goes on until the page has moved so often. */
#define MOVES 20

static atomic_ulong moves, counts;

static void *count_up(void *arg)
{
	struct counted *c = arg;
	double end = seconds() + patience(20);
	int i;

	for (i = 0; i < 500 || (moves < MOVES && seconds() < end); i++) {
		pthread_mutex_lock(&c->lock);
		c->value++;
		pthread_cond_broadcast(&c->turned);
		pthread_mutex_unlock(&c->lock);
	}
	counts += i;
	return NULL;
}

static atomic_bool stop;

static void *keep_moving(void *arg)
{
	int fd = open_device(0);

	while (!stop) {
		struct tally t = { 0 };

		migrate(fd, arg, PAGE, TO_DEVICE, 0, NULL, &t);
		moves += t.pages[SVM_PAGE_MOVED];
	}
	return NULL;
}

CASE(mutex_on_device)
{
	struct counted *c = map_anon(PAGE);
	pthread_t thread;

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->turned, NULL);
	thread = thread_start(keep_moving, c);
	threads_run(4, count_up, c);
	CHECK_GE(moves, MOVES);
	stop = true;
	thread_join(thread);
	CHECK_EQ(c->value, counts);
}

/* Asked to be there, by the process itself. */
CASE(populate_by_madvise)
{
	int fd = open_device(0);
	char *addr = on_device(fd, 1);

	if (madvise(addr, LENGTH, 22 /* MADV_POPULATE_READ */))
		skip("no MADV_POPULATE_READ: %s", err_name(errno));
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
	move_all(fd, addr, LENGTH, TO_DEVICE);
	CHECK_SYS(madvise(addr, LENGTH, 23 /* MADV_POPULATE_WRITE */));
	check_home(fd, addr, LENGTH);
	check_fill(addr, LENGTH, 1);
}

static void dump_core(void *arg)
{
	char *addr = *(char **)arg;

	setsid();
	CHECK_SYS(chdir("/var/tmp"));
	fill(addr, LENGTH, 0x5eed);
	move_all(open_device(0), addr, LENGTH, TO_DEVICE);
	abort();
}

/* A core dump has the pages that were on the device when the process died. */
CASE(core_dump)
{
	struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };
	char *addr = map_anon(LENGTH), *core;
	char path[64];
	struct stat st;
	int fd, status;
	size_t at;
	pid_t pid;

	if (!setting("/proc/sys/kernel/core_pattern", "/var/tmp/svm-core.%p"))
		skip("can't say where core dumps go");
	CHECK_SYS(setrlimit(RLIMIT_CORE, &no_limit));
	pid = child(dump_core, &addr);
	status = child_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	if (!WCOREDUMP(status))
		skip("no core was dumped");
	snprintf(path, sizeof(path), "/var/tmp/svm-core.%d", pid);
	fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	unlink(path);
	CHECK_SYS(fstat(fd, &st));
	core = CHECK_SYS(mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0));
	/* Segments are on page boundaries: look for our first word. */
	for (at = 0; at + LENGTH <= (size_t)st.st_size; at += PAGE)
		if (*(uint64_t *)(core + at) == pattern(0x5eed, 0))
			break;
	if (at + LENGTH > (size_t)st.st_size)
		FAIL("the pages are not in the core dump");
	check_fill(core + at, LENGTH, 0x5eed);
}
