/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which DRM devices a process has open, and what it has of their memory, from
 * procfs (fdinfo, as the kernel's drm-usage-stats.rst says). No state.
 */
#ifndef SVMD_CARD_CLIENT_H
#define SVMD_CARD_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Clients of a process; those beyond are not seen. */
#define CARD_CLIENTS_MAX 8
/* Descriptors of a process that are looked at. */
#define CARD_CLIENT_FDS_MAX 4096

/**
 * struct card_client - an open file of a DRM device
 * @node: its node: "renderD128", "card0".
 * @id: the client's number at its driver; 0 if that tells nothing.
 * @bytes: device memory that it has: regions vram*, local*.
 * @busy_ns: time that engines worked for it, of all engines.
 */
struct card_client {
	char node[32];
	uint64_t id;
	uint64_t bytes;
	uint64_t busy_ns;
};

/**
 * card_client_list() - the clients of a process
 * @root: "/", or where a test has its own proc.
 * @pid: the process.
 * @list: room for CARD_CLIENTS_MAX.
 *
 * A client that the process has by several descriptors is there once, and so is
 * a node whose driver tells nothing. Returns how many, or a negative errno.
 */
int card_client_list(const char *root, pid_t pid, struct card_client *list);

#endif /* SVMD_CARD_CLIENT_H */
