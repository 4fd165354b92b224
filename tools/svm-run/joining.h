/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with svmd, for a process that need not know of it.
 */
#ifndef SVM_RUN_JOINING_H
#define SVM_RUN_JOINING_H

#include <svm/svm.h>

#include "tally.h"

struct event_base;
struct joining;

/*
 * joining_begin() - join svmd for a process
 * @out: the session; NULL if there is none.
 * @base: the loop that keeps it joined.
 * @svm: handle on the process; stays open until joining_end().
 * @path: svmd's socket; NULL for the usual one.
 * @tally: counts what svmd says.
 *
 * Does not wait for svmd, also if there is none at the moment.
 */
void joining_begin(struct joining **out, struct event_base *base,
		   struct svm *svm, const char *path, struct tally *tally);

/* Ends it; NULL is fine. */
void joining_end(struct joining *joining);

#endif /* SVM_RUN_JOINING_H */
