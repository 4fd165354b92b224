// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places: how they are written. No state.
 */
#include <stdio.h>

#include "place.h"

int svmd_place_format(svmd_place place, char *buf, unsigned int size)
{
	unsigned int id = svmd_place_id(place);

	if (svmd_place_is(place, SVMD_NODE))
		return snprintf(buf, size, "node %u", id);
	if (svmd_place_is(place, SVMD_DEVICE))
		return snprintf(buf, size, "svm%u", id);
	if (svmd_place_is(place, SVMD_DRM))
		return snprintf(buf, size, "card%u", id);
	if (svmd_place_is(place, SVMD_PORT))
		return snprintf(buf, size, "port %u", id);
	return snprintf(buf, size, "nowhere");
}
