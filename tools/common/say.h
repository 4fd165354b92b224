/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a main program on stderr. Libraries and modules return errors;
 * only what faces the user speaks.
 */
#ifndef SVM_TOOLS_SAY_H
#define SVM_TOOLS_SAY_H

#include <errno.h>
#include <stdio.h>

/* One line: "svm-run: MESSAGE". */
#define say(fmt, ...)                                                   \
	fprintf(stderr, "%s: " fmt "\n", program_invocation_short_name, \
		##__VA_ARGS__)

#endif /* SVM_TOOLS_SAY_H */
