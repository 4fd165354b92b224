// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speaking to lib/test_hmm.
 */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * What its ioctls take. The interface has no installed header; this is what the
 * kernel expects of the two that are used here.
 */
struct peer_request {
	/* in: the memory */
	uint64_t addr;
	/* in: a buffer as large, for the way to the device */
	uint64_t buffer;
	/* in: how many pages */
	uint64_t pages;
	/* out: not told alike for huge pages on both ways, so not used */
	uint64_t copied;
	uint64_t faults;
};

#define PEER_TO_DEVICE _IOWR('H', 2, struct peer_request)
#define PEER_TO_SYSTEM _IOWR('H', 3, struct peer_request)

void peer_find(struct peer *peer)
{
	peer->here = !access(PEER_PATH, R_OK | W_OK);
}

int peer_open(void)
{
	int fd = open(PEER_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int peer_move(int fd, void *addr, size_t bytes, void *buffer)
{
	struct peer_request request = {
		.addr = (uintptr_t)addr,
		.buffer = (uintptr_t)buffer,
		.pages = bytes / (size_t)sysconf(_SC_PAGESIZE),
	};

	return ioctl(fd, buffer ? PEER_TO_DEVICE : PEER_TO_SYSTEM, &request)
		       ? -errno
		       : 0;
}
