/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What svm-run and the object that it preloads say to each other.
 *
 * svm-run listens on a SOCK_SEQPACKET socket with an abstract name and passes,
 * in the environment, the name, a secret and the devices:
 *
 *	SVM_RUN_JOIN=NAME:SECRET:/dev/svm0,/dev/svm1
 *
 * Each new address space under it connects, sends one &struct hello with its
 * pidfd and its contexts as SCM_RIGHTS, and hangs up. Nobody answers. Abstract
 * names are for everybody to see; the secret, which only the environment
 * carries, tells svm-run that the caller belongs to it. A device that is named again
 * is opened again.
 */
#ifndef SVM_RUN_HELLO_H
#define SVM_RUN_HELLO_H

#include <stdint.h>

#define HELLO_ENV "SVM_RUN_JOIN"
#define HELLO_MAGIC 0x4a4d5653u /* "SVMJ" */
#define HELLO_SECRET_BYTES 16
#define HELLO_SECRET_DIGITS (2 * HELLO_SECRET_BYTES)
/* As many devices as there are minor numbers for. */
#define HELLO_CONTEXTS_MAX 64
/* Longest value of the variable. */
#define HELLO_ENV_MAX 2048

/*
 * struct hello - the message
 * @magic: HELLO_MAGIC; changes with the layout.
 * @nr_contexts: how many of the descriptors that follow the pidfd are
 *	contexts.
 * @forked: the address space is a forked copy; else a program has started.
 * @secret: hexadecimal, as in the environment.
 */
struct hello {
	uint32_t magic;
	uint32_t nr_contexts;
	uint32_t forked;
	char secret[HELLO_SECRET_DIGITS];
};

#endif /* SVM_RUN_HELLO_H */
