/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon from beginning to end. */
#ifndef SVMD_PROGRAM_H
#define SVMD_PROGRAM_H

#include "daemon.h"

/* Runs until told to stop. Returns an exit status. */
int program_run(const struct daemon_options *options);

/* Reads the configuration and says what is wrong with it, as an exit status. */
int program_check_config(const char *path);

/* Writes what each policy would have made of a trace. An exit status. */
int program_replay(const char *config, const char *trace);

#endif /* SVMD_PROGRAM_H */
