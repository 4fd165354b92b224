/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libsvm and svmd say to each other over the session socket.
 *
 * AF_UNIX, SOCK_SEQPACKET: each packet is one of the structs below, in the
 * host's byte order, beginning with its head. The client speaks first and says
 * hello, with descriptors by SCM_RIGHTS: a pidfd of its own process, or of one of
 * its user's for which it joins, then that one's contexts (open /dev/svmN). svmd
 * answers welcome, or refused and hangs up. After that only the client speaks;
 * svmd answers nothing.
 *
 * A packet with an unknown type, another length than its type has, or reserved
 * fields that are not zero ends the session. There is no negotiation: a side
 * that gets another version than its own says so (-EPROTO) and hangs up.
 */
#ifndef LIBSVM_SESSION_WIRE_H
#define LIBSVM_SESSION_WIRE_H

#include <stdint.h>

#define SVM_WIRE_VERSION 1
#define SVM_WIRE_PATH "/run/svmd/session"

/* Contexts that a hello carries at most. */
#define SVM_WIRE_CONTEXTS_MAX 64
/* Ranges that a session may hold at the same time. */
#define SVM_WIRE_HOLDS_MAX 256
#define SVM_WIRE_NAME_MAX 64

enum svm_wire_type {
	SVM_WIRE_HELLO = 1,
	SVM_WIRE_WELCOME = 2,
	SVM_WIRE_REFUSED = 3,
	SVM_WIRE_HOLD = 4,
	SVM_WIRE_RELEASE = 5,
};

/**
 * struct svm_wire_head - how each packet begins
 * @type: enum svm_wire_type.
 * @version: SVM_WIRE_VERSION.
 * @length: bytes of the packet, this included.
 */
struct svm_wire_head {
	uint16_t type;
	uint16_t version;
	uint32_t length;
};

/**
 * struct svm_wire_hello - a process wants to join
 * @head: SVM_WIRE_HELLO.
 * @nr_contexts: contexts among the descriptors; the pidfd is not counted.
 * @reserved: 0.
 * @name: what to call it, ending with a NUL; "" for the name of its program.
 */
struct svm_wire_hello {
	struct svm_wire_head head;
	uint32_t nr_contexts;
	uint32_t reserved;
	char name[SVM_WIRE_NAME_MAX];
};

/**
 * struct svm_wire_welcome - it has joined
 * @head: SVM_WIRE_WELCOME.
 * @session: number of the session, never 0.
 */
struct svm_wire_welcome {
	struct svm_wire_head head;
	uint64_t session;
};

/**
 * struct svm_wire_refused - it may not join, or not stay
 * @head: SVM_WIRE_REFUSED.
 * @error: a negative errno.
 * @reserved: 0.
 */
struct svm_wire_refused {
	struct svm_wire_head head;
	int32_t error;
	uint32_t reserved;
};

/**
 * struct svm_wire_hold - leave a range where it is, or don't mind any more
 * @head: SVM_WIRE_HOLD or SVM_WIRE_RELEASE.
 * @addr: first byte.
 * @length: bytes, not 0. A release names addr and length of a hold.
 */
struct svm_wire_hold {
	struct svm_wire_head head;
	uint64_t addr;
	uint64_t length;
};

/* Room for any packet of a client, and one byte more to see longer ones. */
union svm_wire_packet {
	struct svm_wire_head head;
	struct svm_wire_hello hello;
	struct svm_wire_welcome welcome;
	struct svm_wire_refused refused;
	struct svm_wire_hold hold;
	uint8_t bytes[sizeof(struct svm_wire_hello) + 1];
};

#define SVM_WIRE_HEAD(kind, type_) \
	{ (kind), SVM_WIRE_VERSION, (uint32_t)sizeof(type_) }

#endif /* LIBSVM_SESSION_WIRE_H */
