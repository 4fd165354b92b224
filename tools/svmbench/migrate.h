/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The migrate command's state, for its parts.
 */
#ifndef SVMBENCH_MIGRATE_H
#define SVMBENCH_MIGRATE_H

#include <stdio.h>

#include "device.h"
#include "environment.h"
#include "figure.h"
#include "migrate_options.h"

/* As many as there can be different ones: one a size, and a temporary one. */
#define DEVICES_USED (SIZES_MAX + 1)

/*
 * struct migrate - a run of the command
 * @options: what was asked for.
 * @environment: the machine.
 * @home: node of the memory and of the CPU that moves it.
 * @away: node to which move_pages(2) moves it, or -1.
 * @found: the device that is there, for the size at hand.
 * @made: the temporary one, made once for the largest size that needs it.
 * @made_error: why there is none.
 * @nr_used: number of entries in @used.
 * @used: the devices that were used; their handles may be closed by now.
 * @figures: the result.
 */
struct migrate {
	struct migrate_options options;
	struct environment environment;
	int home;
	int away;
	struct device found;
	struct device made;
	int made_error;
	unsigned int nr_used;
	struct device used[DEVICES_USED];
	struct figures figures;
};

/* Prints what was measured, for people. */
void migrate_print_table(const struct migrate *migrate, FILE *out);

/* The same for programs. Returns 0 or a negative errno value. */
int migrate_print_json(const struct migrate *migrate, FILE *out);

/* Prints what would be measured. */
void migrate_print_list(const struct migrate *migrate, FILE *out);

#endif /* SVMBENCH_MIGRATE_H */
