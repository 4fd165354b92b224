/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a case in a process of its own, and cleans up after it.
 */
#ifndef GUEST_WARDEN_H
#define GUEST_WARDEN_H

#include "harness.h"

#define EXIT_SKIP 77

/* Returns the exit status of the case; for EXIT_SKIP also the reason. */
int warden_run(const struct test_case *c, const char **reason);

#endif /* GUEST_WARDEN_H */
