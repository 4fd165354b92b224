/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getters of properties, one line each:
 *
 *	BUS_GET(get_id, struct sense_node, "u", self->node->id)
 */
#ifndef SVMD_BUS_GET_H
#define SVMD_BUS_GET_H

#include <systemd/sd-bus.h>

#define BUS_GET_WITH(func, object, body)                                      \
	static int func(sd_bus *bus, const char *path, const char *interface, \
			const char *property, sd_bus_message *reply,          \
			void *arg, sd_bus_error *error)                       \
	{                                                                     \
		object *self = arg;                                           \
                                                                              \
		(void)bus, (void)path, (void)interface, (void)property;       \
		(void)error, (void)self;                                      \
		body                                                          \
	}

#define BUS_GET(func, object, type, ...) \
	BUS_GET_WITH(func, object,       \
		     return sd_bus_message_append(reply, type, __VA_ARGS__);)

#endif /* SVMD_BUS_GET_H */
