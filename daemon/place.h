/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places: names of 16 bits for where memory is and for who uses it.
 *
 * A name says what it means by itself (NUMA node 1, svm device 0, DRM card 0,
 * RDMA port 3), so it stays valid when devices come and go between two rounds,
 * and a region needs two bytes for it.
 *
 * Limits: numbers up to SVMD_PLACE_ID_MAX; what is beyond has no name, and svmd
 * leaves it alone.
 */
#ifndef SVMD_PLACE_H
#define SVMD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <svm/svm.h>

/**
 * typedef svmd_place - a place, or a user of memory
 *
 * SVMD_NODE and SVMD_DEVICE are places where memory can be. All four can use
 * memory. Compare with ==.
 */
typedef uint16_t svmd_place;

#define SVMD_PLACE_ID_MAX 0x0fff
#define SVMD_PLACE_NONE ((svmd_place)0xffff)

enum svmd_place_kind {
	SVMD_NODE = 0x0000,
	SVMD_DEVICE = 0x1000,
	SVMD_DRM = 0x2000,
	SVMD_PORT = 0x3000,
};

static inline svmd_place svmd_place_of(enum svmd_place_kind kind, uint32_t id)
{
	if (id > SVMD_PLACE_ID_MAX)
		return SVMD_PLACE_NONE;
	return (svmd_place)((uint32_t)kind | id);
}

/* NUMA node @id. */
static inline svmd_place svmd_node(uint32_t id)
{
	return svmd_place_of(SVMD_NODE, id);
}

/* Memory of device svm@id, or the device itself as a user. */
static inline svmd_place svmd_device(uint32_t id)
{
	return svmd_place_of(SVMD_DEVICE, id);
}

/* DRM device @id, the N of /dev/dri/cardN, as a user. */
static inline svmd_place svmd_drm(uint32_t id)
{
	return svmd_place_of(SVMD_DRM, id);
}

/* RDMA port @id as a user; whoever fills the snapshot numbers them. */
static inline svmd_place svmd_port(uint32_t id)
{
	return svmd_place_of(SVMD_PORT, id);
}

static inline uint32_t svmd_place_id(svmd_place place)
{
	return place & SVMD_PLACE_ID_MAX;
}

static inline bool svmd_place_is(svmd_place place, enum svmd_place_kind kind)
{
	return (place & ~(uint32_t)SVMD_PLACE_ID_MAX) == (uint32_t)kind;
}

/* For libsvm: only of a node or a device. */
static inline struct svm_place svmd_place_to_svm(svmd_place place)
{
	struct svm_place to = {
		.type = svmd_place_is(place, SVMD_DEVICE) ? SVM_PLACE_DEVICE
							  : SVM_PLACE_SYSTEM,
		.id = (int32_t)svmd_place_id(place),
	};

	return to;
}

/**
 * svmd_place_format() - "node 1", "svm0", "card0", "port 3" or "nowhere"
 *
 * Returns the length that snprintf() would.
 */
int svmd_place_format(svmd_place place, char *buf, unsigned int size);

#endif /* SVMD_PLACE_H */
