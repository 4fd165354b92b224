// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The manager's methods that show much at once: all of it by descriptor, the
 * counters, and the last moves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bus_parts.h"
#include "dump.h"

/* In an answer; ask again from the last number for more. */
#define EVENTS_MAX 256

static int make_dump(struct daemon *daemon)
{
	__close_fd int fd =
		memfd_create("svmd-dump", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	__close_file FILE *file = NULL;
	int copy;

	if (fd < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	file = fdopen(copy, "w");
	if (!file) {
		close(copy);
		return -errno;
	}
	dump_write(daemon, file);
	if (fflush(file))
		return -errno;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int do_dump(struct bus_face *face, sd_bus_message *call,
		   sd_bus_error *error)
{
	__close_fd int fd = make_dump(face->daemon);

	if (fd < 0)
		return sd_bus_error_set_errnof(error, fd, "Can't write a dump");
	return sd_bus_reply_method_return(call, "h", fd);
}

int bus_dump(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	/* It has addresses of everybody's memory. */
	return bus_authorize(arg, call, BUS_NOBODY, BUS_ACT_INSPECT, do_dump,
			     error);
}

static int append_counter(const char *name, uint64_t value, void *arg)
{
	return sd_bus_message_append(arg, "{st}", name, value);
}

int bus_get_statistics(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	__message sd_bus_message *m = NULL;
	int ret = sd_bus_message_new_method_return(call, &m);

	(void)error;
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "{st}");
	if (ret >= 0)
		ret = dump_counters(face->daemon, append_counter, m);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_send(NULL, m, NULL);
}

static int append_event(sd_bus_message *m, const struct daemon_event *event)
{
	char from[32], to[32];

	svmd_place_format(event->decision.from, from, sizeof(from));
	svmd_place_format(event->decision.to, to, sizeof(to));
	return sd_bus_message_append(m, "(tttsssttti)", event->number,
				     event->when_us, event->decision.session,
				     svmd_reason_name(event->decision.reason),
				     from, to, event->decision.length,
				     event->bytes_moved, event->duration_us,
				     event->error);
}

int bus_get_events(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct bus_face *face = arg;
	const struct daemon *daemon = face->daemon;
	__message sd_bus_message *m = NULL;
	uint64_t since, last = daemon->last_event, number;
	int ret = sd_bus_message_read(call, "t", &since);

	(void)error;
	if (ret < 0)
		return ret;
	if (since > last)
		since = last;
	if (last - since > DAEMON_EVENTS)
		since = last - DAEMON_EVENTS;
	ret = sd_bus_message_new_method_return(call, &m);
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "(tttsssttti)");
	for (number = since + 1;
	     number <= last && number <= since + EVENTS_MAX && ret >= 0;
	     number++)
		ret = append_event(m, &daemon->events[number % DAEMON_EVENTS]);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_send(NULL, m, NULL);
}
