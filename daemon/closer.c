// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Closing strangers' files, see closer.h. Locking: @lock guards the queue and the
 * number of threads; nothing is closed under it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "closer.h"

struct bundle {
	struct bundle *next;
	size_t nr;
	int fds[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bundle *first, **last = &first;
static unsigned int closers;

/* The next to be closed; NULL ends the thread, which does not count any more. */
static struct bundle *next_bundle(void)
{
	struct bundle *bundle;

	pthread_mutex_lock(&lock);
	bundle = first;
	if (bundle) {
		first = bundle->next;
		if (!first)
			last = &first;
	} else {
		closers--;
	}
	pthread_mutex_unlock(&lock);
	return bundle;
}

static void *close_bundles(void *arg)
{
	struct bundle *bundle;
	size_t i;

	while ((bundle = next_bundle())) {
		for (i = 0; i < bundle->nr; i++)
			close(bundle->fds[i]);
		free(bundle);
	}
	return arg;
}

static int start_detached(void *(*run)(void *))
{
	sigset_t all, old;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = -pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!ret)
		pthread_detach(thread);
	return ret;
}

/* Returns whether there has to be another thread, which is counted already. */
static bool enqueue(struct bundle *bundle)
{
	bool more;

	pthread_mutex_lock(&lock);
	*last = bundle;
	last = &bundle->next;
	more = closers < CLOSERS_MAX;
	closers += more;
	pthread_mutex_unlock(&lock);
	return more;
}

int close_strangers(int *fds, size_t nr)
{
	struct bundle *bundle;
	size_t i;
	int ret;

	if (!nr)
		return 0;
	bundle = malloc(sizeof(*bundle) + nr * sizeof(fds[0]));
	for (i = 0; i < nr; i++) {
		if (bundle)
			bundle->fds[i] = fds[i];
		fds[i] = -1;
	}
	if (!bundle)
		return -ENOMEM;
	bundle->next = NULL;
	bundle->nr = nr;
	if (!enqueue(bundle))
		return 0;
	ret = start_detached(close_bundles);
	if (!ret)
		return 0;
	pthread_mutex_lock(&lock);
	closers--;
	pthread_mutex_unlock(&lock);
	return ret;
}

unsigned int closers_at_work(void)
{
	unsigned int nr;

	pthread_mutex_lock(&lock);
	nr = closers;
	pthread_mutex_unlock(&lock);
	return nr;
}
