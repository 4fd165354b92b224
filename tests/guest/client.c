// SPDX-License-Identifier: GPL-2.0-or-later
#include "client.h"

#include <unistd.h>

#include "dev.h"
#include "harness.h"
#include "mem.h"

struct life {
	size_t length;
	unsigned int nr_devices;
	unsigned int seed;
	int sock;
	struct gate done;
};

static void live(void *arg)
{
	struct life *life = arg;
	char *addr = map_aligned(life->length);

	fill(addr, life->length, 1);
	for (unsigned int i = 0; i < life->nr_devices; i++)
		send_fd(life->sock, open_device(i));
	CHECK_EQ(write(life->sock, &addr, sizeof(addr)), sizeof(addr));
	gate_wait(&life->done);
	check_fill(addr, life->length, life->seed);
}

struct client client_start(size_t length, unsigned int nr_devices,
			   unsigned int seed)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct client client = { .done = gate_make() };
	struct life life = { length, nr_devices, seed, -1, client.done };
	int sv[2], fds[CLIENT_DEVICES_MAX];

	CHECK_LE(nr_devices, CLIENT_DEVICES_MAX);
	make_sockets(sv);
	life.sock = sv[1];
	client.pid = child(live, &life);
	for (unsigned int i = 0; i < nr_devices; i++)
		fds[i] = receive_fd(sv[0]);
	CHECK_EQ(read(sv[0], &client.addr, sizeof(client.addr)),
		 sizeof(client.addr));
	opts.pid = client.pid;
	opts.fds = fds;
	opts.nr_fds = nr_devices;
	CHECK_RET(svm_open(&client.svm, &opts), 0);
	return client;
}

void client_end(struct client *client)
{
	gate_open(&client->done, 1);
	child_ok(client->pid);
}
