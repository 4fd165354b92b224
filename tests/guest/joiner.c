// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that joins svmd and stays joined, for tests: writes the number of
 * its session, an address and a number of bytes. With HOT it goes on using so
 * many bytes from a quarter of its memory on; with READ so many at the beginning
 * of it are on a device, which goes on reading them there.
 *
 * usage: svmd-joiner [SOCKET [HOT [READ]]]    ("" for the usual socket)
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svm/access.h>
#include <svm/session.h>

#define BYTES ((size_t)32 << 20)
#define LINE 64

static void use(volatile const char *memory, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += LINE)
		(void)memory[i];
}

/* Of any device; returns which, or an error. */
static int put_on_device(struct svm *svm, void *memory, size_t bytes)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	int ret = svm_device_info(svm, 0, &info);

	if (!ret)
		ret = svm_migrate(svm, memory, bytes, svm_on_device(info.id),
				  NULL, NULL);
	return ret ? ret : (int)info.id;
}

int main(int argc, char *argv[])
{
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct pollfd pollfd = { .events = POLLIN };
	struct svm_session *session;
	size_t hot = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	size_t read = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	static char seen[BYTES];
	struct svm_access_op op;
	struct svm *svm;
	void *memory;
	int ret, device = 0;

	if (read > BYTES / 4 || hot > BYTES - BYTES / 4)
		return 2;
	if (argc > 1 && argv[1][0])
		opts.path = argv[1];
	opts.name = "joiner";
	ret = svm_open(&svm, NULL);
	if (!ret)
		ret = svm_alloc(BYTES, 0, &memory);
	if (!ret) {
		memset(memory, 1, BYTES);
		ret = svm_join(svm, &opts, &session);
	}
	if (!ret && read) {
		device = put_on_device(svm, memory, read);
		ret = device < 0 ? device : 0;
	}
	if (ret) {
		fprintf(stderr, "can't join: %s\n", strerror(-ret));
		return 1;
	}
	printf("%" PRIu64 " 0x%" PRIxPTR " %zu\n", svm_session_id(session),
	       (uintptr_t)memory, BYTES);
	fflush(stdout);
	pollfd.fd = svm_session_fd(session);
	for (;;) {
		use((char *)memory + BYTES / 4, hot);
		op = svm_op_read(memory, read, seen);
		if (read)
			(void)svm_access_one(svm, (uint32_t)device, &op);
		if (poll(&pollfd, 1, hot || read ? 1 : -1) > 0)
			(void)svm_session_process(session);
	}
}
