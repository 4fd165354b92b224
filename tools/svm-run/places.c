// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of places: devices first, then nodes.
 */
#include "places.h"

#include <errno.h>
#include <numa.h>
#include <stdio.h>

int places_add_device(struct places *places, struct svm *svm,
		      unsigned int index)
{
	struct svm_device_info info = { .size = sizeof(info) };
	struct place *place;
	int err;

	if (places->nr_devices == HELLO_CONTEXTS_MAX)
		return -E2BIG;
	err = svm_device_info(svm, index, &info);
	if (err)
		return err;
	if (!(info.capabilities & SVM_CAP_TO_DEVICE))
		return -EOPNOTSUPP;
	place = &places->list[places->nr++];
	places->nr_devices++;
	*place = (struct place){
		.where = svm_on_device(info.id),
		.bytes_total = info.bytes_total,
		.free_before = info.bytes_free,
		.free_after = info.bytes_free,
	};
	snprintf(place->name, sizeof(place->name), "svm%u", info.id);
	return 0;
}

void places_add_spares(struct places *places, unsigned int nr)
{
	unsigned int room = HELLO_CONTEXTS_MAX - places->nr_devices;

	if (places->nr_devices)
		places->nr_spares = nr < room ? nr : room;
}

void places_add_node(struct places *places, int node)
{
	struct place *place;

	if (places->nr == PLACES_MAX)
		return;
	place = &places->list[places->nr++];
	*place = (struct place){ .where = svm_on_node(node) };
	snprintf(place->name, sizeof(place->name), "node%d", node);
}

void places_refresh(struct places *places, struct svm *svm)
{
	struct svm_device_info info = { .size = sizeof(info) };

	for (unsigned int i = 0; i < places->nr_devices; i++)
		places->list[i].free_after = 0;
	for (int d = 0; d < svm_device_count(svm); d++) {
		if (svm_device_info(svm, (unsigned int)d, &info))
			continue;
		for (unsigned int i = 0; i < places->nr_devices; i++) {
			if (places->list[i].where.id == (int)info.id)
				places->list[i].free_after = info.bytes_free;
		}
	}
}

/*
 * A node without CPUs stands for memory that is no program's home; else the one
 * at the greatest distance from here will do.
 */
int places_far_node(const struct nodes *nodes)
{
	int here = node_here(), far = nodes->ids[0], distance = -1, d;

	for (unsigned int i = 0; i < nodes->nr; i++) {
		d = nodes->ids[i] == here ? 0
					  : numa_distance(here, nodes->ids[i]);
		if (!node_has_cpus(nodes->ids[i]))
			d += 1 << 16;
		if (d > distance) {
			distance = d;
			far = nodes->ids[i];
		}
	}
	return far;
}
