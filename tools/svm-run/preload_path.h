/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the object is that gets preloaded, and the environment that does it.
 */
#ifndef SVM_RUN_PRELOAD_PATH_H
#define SVM_RUN_PRELOAD_PATH_H

#include "places.h"

/*
 * preload_environment() - set LD_PRELOAD and SVM_RUN_JOIN for the program
 * @key: the door's.
 * @places: the devices are those that the program shall open; those that have
 *	spare contexts, several times.
 *
 * What LD_PRELOAD holds already stays, in front.
 *
 * Returns 0, -ENOENT if the object is not where it was installed, -EINVAL if its
 * path has a character that LD_PRELOAD can't have, -ENOMEM, -E2BIG.
 */
int preload_environment(const char *key, const struct places *places);

#endif /* SVM_RUN_PRELOAD_PATH_H */
