// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Closing strangers' files, see closer.h. Locking: @lock guards the bundles and the
 * number of threads; nothing is closed under it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "closer.h"

/**
 * struct bundle - what came in one packet
 * @link: in the list of all.
 * @uid: who sent it.
 * @taken: a thread closes it.
 * @nr: entries in @fds.
 * @fds: the descriptors.
 */
struct bundle {
	TAILQ_ENTRY(bundle) link;
	uid_t uid;
	bool taken;
	size_t nr;
	int fds[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, bundle) bundles = TAILQ_HEAD_INITIALIZER(bundles);
static unsigned int closers;

/*
 * Lets go of the last one, if any, and takes the next to be closed; NULL ends the
 * thread, which does not count any more.
 */
static struct bundle *next_bundle(struct bundle *done)
{
	struct bundle *bundle;

	pthread_mutex_lock(&lock);
	if (done)
		TAILQ_REMOVE(&bundles, done, link);
	/* At most CLOSERS_MAX are taken. */
	bundle = TAILQ_FIRST(&bundles);
	while (bundle && bundle->taken)
		bundle = TAILQ_NEXT(bundle, link);
	if (bundle)
		bundle->taken = true;
	else
		closers--;
	pthread_mutex_unlock(&lock);
	free(done);
	return bundle;
}

static void *close_bundles(void *arg)
{
	struct bundle *bundle = NULL;
	size_t i;

	while ((bundle = next_bundle(bundle)))
		for (i = 0; i < bundle->nr; i++)
			close(bundle->fds[i]);
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
	TAILQ_INSERT_TAIL(&bundles, bundle, link);
	more = closers < CLOSERS_MAX;
	closers += more;
	pthread_mutex_unlock(&lock);
	return more;
}

int close_strangers(uid_t uid, int *fds, size_t nr)
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
	bundle->uid = uid;
	bundle->taken = false;
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

bool strangers_too_many(uid_t uid)
{
	const struct bundle *bundle;
	size_t all = 0, of_user = 0;

	pthread_mutex_lock(&lock);
	TAILQ_FOREACH(bundle, &bundles, link)
	{
		all += bundle->nr;
		of_user += bundle->uid == uid ? bundle->nr : 0;
	}
	pthread_mutex_unlock(&lock);
	return all >= STRANGERS_MAX || of_user >= STRANGERS_PER_USER;
}

unsigned int closers_at_work(void)
{
	unsigned int nr;

	pthread_mutex_lock(&lock);
	nr = closers;
	pthread_mutex_unlock(&lock);
	return nr;
}
