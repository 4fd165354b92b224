/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places between which memory may move, and how much went where.
 */
#ifndef SVM_RUN_PLACES_H
#define SVM_RUN_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include <svm/svm.h>

#include "hello.h"
#include "nodes.h"

#define PLACES_MAX (HELLO_CONTEXTS_MAX + NODES_MAX)

/*
 * struct place - a device or a node
 * @where: as libsvm names it.
 * @name: as people name it.
 * @moves: calls that aimed at it.
 * @bytes_moved: what came there by them.
 * @bytes_total: of a device: its memory.
 * @free_before: of a device: what was free before the program started.
 * @free_after: of a device: what was free at the end.
 * @full_until: it was full; not to be tried before this time (clock_ns()).
 */
struct place {
	struct svm_place where;
	char name[16];
	uint64_t moves;
	uint64_t bytes_moved;
	uint64_t bytes_total;
	uint64_t free_before;
	uint64_t free_after;
	uint64_t full_until;
};

/*
 * struct places - all of them
 * @nr: how many.
 * @nr_devices: of these, devices.
 * @nr_spares: contexts of a process beyond one for each device, for keep.h.
 * @list: devices first, then nodes.
 */
struct places {
	unsigned int nr;
	unsigned int nr_devices;
	unsigned int nr_spares;
	struct place list[PLACES_MAX];
};

/*
 * places_add_device() - add device number @index of a handle
 *
 * Returns 0 or a negative errno value.
 */
int places_add_device(struct places *places, struct svm *svm,
		      unsigned int index);

/* Has processes open more contexts than devices, up to @nr, if there is a device. */
void places_add_spares(struct places *places, unsigned int nr);

void places_add_node(struct places *places, int node);

static inline bool place_is_device(const struct place *place)
{
	return place->where.type == SVM_PLACE_DEVICE;
}

/*
 * places_refresh() - ask how much of the devices is free by now
 *
 * Sets @free_after of each device; a device that is gone has nothing free.
 */
void places_refresh(struct places *places, struct svm *svm);

/* The node to which memory goes when there is no device: the farthest away. */
int places_far_node(const struct nodes *nodes);

#endif /* SVM_RUN_PLACES_H */
