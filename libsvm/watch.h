/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for a file to be made.
 */
#ifndef LIBSVM_WATCH_H
#define LIBSVM_WATCH_H

#include <stdbool.h>

int svm_watch_open(void);
bool svm_watch_arm(int watch, const char *path);
bool svm_watch_fired(int watch, const char *path);

#endif /* LIBSVM_WATCH_H */
