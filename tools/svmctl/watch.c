// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether svmd is there, for verbs that outlive it: the bus tells who has its
 * name, and tells it before anything that the new owner says.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "svmctl.h"

#define MATCH                                          \
	"type='signal',sender='org.freedesktop.DBus'," \
	"interface='org.freedesktop.DBus',"            \
	"member='NameOwnerChanged',arg0='" CTL_NAME "'"

static int on_owner(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *name, *before, *now;
	struct ctl *ctl = arg;

	(void)error;
	if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0)
		return 0;
	if (now[0])
		ctl->starts++;
	else
		fputs("svmctl: svmd is gone, and waited for\n", stderr);
	ctl->gone = !now[0];
	return 0;
}

static int bus_failed(int ret)
{
	fprintf(stderr, "svmctl: the bus: %s\n", strerror(-ret));
	return EXIT_NO_SVMD;
}

int ctl_watch(struct ctl *ctl)
{
	int ret = sd_bus_add_match(ctl->bus, NULL, MATCH, on_owner, ctl);

	return ret < 0 ? bus_failed(ret) : EXIT_OK;
}

int ctl_wait(struct ctl *ctl, int fd, int timeout_ms, bool *ready)
{
	struct pollfd fds[2] = {
		{ .fd = sd_bus_get_fd(ctl->bus) },
		{ .fd = fd, .events = POLLIN },
	};
	bool any = false;
	int ret;

	*ready = false;
	while ((ret = sd_bus_process(ctl->bus, NULL)) > 0)
		any = true;
	if (ret < 0)
		return bus_failed(ret);
	fds[0].events = (short)sd_bus_get_events(ctl->bus);
	if (poll(fds, 2, any ? 0 : timeout_ms) < 0 && errno != EINTR)
		return bus_failed(-errno);
	*ready = fds[1].revents;
	return EXIT_OK;
}
