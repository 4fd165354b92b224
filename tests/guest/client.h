/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another process, for which a test acts by libsvm.
 */
#ifndef GUEST_CLIENT_H
#define GUEST_CLIENT_H

#include <stddef.h>
#include <sys/types.h>

#include <svm/svm.h>

#include "os.h"

#define CLIENT_DEVICES_MAX 2

/*
 * struct client - what the test has of it
 * @svm: a handle for it; the test closes it.
 * @addr: its memory, aligned to 2 MiB, filled with seed 1.
 */
struct client {
	struct svm *svm;
	char *addr;
	pid_t pid;
	struct gate done;
};

/*
 * Starts it: it hands over files of so many devices from svm0 on, and at its end wants
 * its memory to be filled with @seed.
 */
struct client client_start(size_t length, unsigned int nr_devices,
			   unsigned int seed);

/* Lets it look, and waits for it to end well. */
void client_end(struct client *client);

#endif /* GUEST_CLIENT_H */
