/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics for Prometheus, by libevent's HTTP server, on a unix socket or a port
 * of the loopback interface. Off unless configured. Serves GET /metrics and
 * nothing else; requests and connections are bounded. Of the loop's thread.
 */
#ifndef SVMD_METRICS_H
#define SVMD_METRICS_H

struct daemon;
struct metrics;

/**
 * metrics_new() - serve metrics
 * @out: the server.
 * @daemon: whose.
 * @where: a path that begins with "/", or a port number.
 *
 * Returns 0, -EINVAL for neither, or an error of the socket.
 */
int metrics_new(struct metrics **out, struct daemon *daemon, const char *where);

/* Returns NULL. */
struct metrics *metrics_free(struct metrics *metrics);

#endif /* SVMD_METRICS_H */
