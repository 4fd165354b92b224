/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, time, processes and threads.
 */
#ifndef GUEST_OS_H
#define GUEST_OS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Time: only to bound loops, never to decide a test. */
double seconds(void);
void sleep_ms(unsigned int ms);
/* So many seconds, or more on a kernel that is slow (SVM_TEST_SLOWNESS). */
double patience(double time);

/* Poll a condition; false when it did not come true within a generous time. */
#define EVENTUALLY(cond)                                      \
	({                                                    \
		double end_ = seconds() + patience(20);       \
		bool true_;                                   \
                                                              \
		while (!(true_ = (cond)) && seconds() < end_) \
			sleep_ms(2);                          \
		true_;                                        \
	})

/* Small files of /proc and /sys; without the newline. */
bool read_file(const char *path, char *text, size_t size);
bool write_file(const char *path, const char *text);
/* The number in a file; fails the test if there is none. */
long long read_number(const char *path);

/*
 * Children end with their parent. They report by their exit status: a CHECK
 * that fails in the child is printed there and fails the parent's child_ok().
 */
pid_t child(void (*run)(void *), void *arg);
void child_ok(pid_t pid);
/* Returns the wait status. */
int child_wait(pid_t pid);
/* Kill it and wait for it. */
void child_kill(pid_t pid);
/* The same at a random moment of the next 4 ms; it must not have ended by itself. */
void child_kill_soon(pid_t pid, uint64_t *random);
/*
 * Kill it, and stop it on its way out, when its memory is still all there; skips
 * where that can't be. Returns its pidfd.
 */
int child_kill_and_catch(pid_t pid);
/* Let it go on to its end. */
void child_let_end(pid_t pid);
/*
 * process_mrelease(2) of one that was caught, which must not sleep for others: again
 * while it says so. Returns how often; skips where there is no such call.
 */
unsigned int process_mrelease_all(int pidfd);

/* A gate to wait at, across processes and threads. */
struct gate {
	int fd[2];
};

struct gate gate_make(void);
/* Let n waiters pass. */
void gate_open(const struct gate *g, unsigned int n);
/* Fails the test if everybody who could open it is gone. */
void gate_wait(const struct gate *g);

/* Sockets that carry a file descriptor. */
void make_sockets(int sv[2]);
void send_fd(int sock, int fd);
int receive_fd(int sock);

pthread_t thread_start(void *(*run)(void *), void *arg);
void thread_join(pthread_t thread);
/* From now on the calling thread runs nowhere else. */
void stay_on_cpu(int cpu);

/*
 * Whether a thread of this process sleeps in that system call, of <sys/syscall.h>:
 * so that what is to wake it is not over before it sleeps.
 */
bool sleeps_in(pid_t thread, long call);

/* Make n threads run at the same time on arg. */
void threads_run(unsigned int n, void *(*run)(void *), void *arg);

/* A quick random number; the state must not be 0. */
static inline uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 16;
}

/* Memory that stays shared over fork. */
void *map_shared(size_t length);

/* Lose a capability of <linux/capability.h>, in this thread. */
void drop_cap(unsigned int cap);
void drop_cap_sys_admin(void);

/* A new file on a real file system (not tmpfs), open and unlinked. */
int real_file(size_t length);

/* Swap on a file; the warden ends it. Skips the case if that can't be. */
#define SWAP_FILE_PREFIX "/var/tmp/svm-test-swap."
void need_swap(size_t bytes);
/* Push a range out to swap; skips if not a single page went. */
void swap_out(void *addr, size_t length);

/* Run a program; returns its exit status, or 128 + signal. */
int run_program(const char *const argv[]);

/* Kernel stacks of the threads of a process that hangs, on stderr. */
void print_stacks(pid_t pid);

#endif /* GUEST_OS_H */
