// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * org.freedesktop.LogControl1, so that `systemctl service-log-level` works. The
 * target is what it is. Changes need root: the bus policy lets nobody else.
 */
#include <errno.h>

#include "bus_get.h"
#include "bus_parts.h"
#include "log.h"
#include "text.h"

BUS_GET(get_level, struct bus_face, "s", log_level_name(log_level()))
BUS_GET(get_target, struct bus_face, "s", log_target())
BUS_GET(get_identifier, struct bus_face, "s", "svmd")

static int may_set(sd_bus_message *m, sd_bus_error *error)
{
	uid_t uid;
	int ret = bus_caller(m, &uid);

	if (ret < 0)
		return ret;
	if (uid && uid != geteuid())
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
					"Only root may change how svmd logs");
	return 0;
}

static int set_level(sd_bus *bus, const char *path, const char *interface,
		     const char *property, sd_bus_message *value, void *arg,
		     sd_bus_error *error)
{
	int ret = may_set(value, error), level;
	const char *name;

	(void)bus, (void)path, (void)interface, (void)property, (void)arg;
	if (ret < 0)
		return ret;
	ret = sd_bus_message_read(value, "s", &name);
	if (ret < 0)
		return ret;
	level = log_level_parse(name);
	if (level < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "'%.*s' is no level",
					 text_cut(name, BUS_NAME_MAX), name);
	log_set_level(level);
	return 1;
}

static int set_target(sd_bus *bus, const char *path, const char *interface,
		      const char *property, sd_bus_message *value, void *arg,
		      sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)arg;
	(void)value;
	return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
				"svmd logs to its standard error only");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

int bus_log_add(struct bus_face *face)
{
	return sd_bus_add_object_vtable(face->bus, NULL,
					"/org/freedesktop/LogControl1",
					"org.freedesktop.LogControl1", vtable,
					face);
}
