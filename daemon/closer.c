// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Closing strangers' files, see closer.h. Locking: a counter, which is atomic.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "closer.h"

struct bundle {
	size_t nr;
	int fds[];
};

static _Atomic unsigned int closers;

static void *close_bundle(void *arg)
{
	struct bundle *bundle = arg;
	size_t i;

	for (i = 0; i < bundle->nr; i++)
		close(bundle->fds[i]);
	free(bundle);
	atomic_fetch_sub(&closers, 1);
	return NULL;
}

static int start_detached(void *(*run)(void *), void *arg)
{
	sigset_t all, old;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = -pthread_create(&thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!ret)
		pthread_detach(thread);
	return ret;
}

int close_strangers(int *fds, size_t nr)
{
	__free_mem struct bundle *bundle = NULL;
	size_t i;
	int ret;

	if (!nr)
		return 0;
	bundle = malloc(sizeof(*bundle) + nr * sizeof(fds[0]));
	if (!bundle)
		return -ENOMEM;
	bundle->nr = nr;
	for (i = 0; i < nr; i++) {
		bundle->fds[i] = fds[i];
		fds[i] = -1;
	}
	if (atomic_fetch_add(&closers, 1) >= CLOSERS_MAX)
		ret = -EBUSY;
	else
		ret = start_detached(close_bundle, bundle);
	if (ret) {
		atomic_fetch_sub(&closers, 1);
		return ret;
	}
	(void)TAKE_PTR(bundle);
	return 0;
}
