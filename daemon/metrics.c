// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics for Prometheus, see metrics.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "cleanup.h"
#include "daemon.h"
#include "dump.h"
#include "metrics.h"
#include "unix_socket.h"

#define TIMEOUT_SECONDS 5
#define HEADERS_MAX 8192

struct metrics {
	struct daemon *daemon;
	struct evhttp *http;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static int add_counter(const char *name, uint64_t value, void *arg)
{
	return evbuffer_add_printf(arg, "svmd_%s %" PRIu64 "\n", name, value);
}

static void add_places(struct evbuffer *buffer, const struct sense *sense)
{
	uint32_t i;

	for (i = 0; i < sense->nr_nodes; i++) {
		const struct svmd_node *node = &sense->nodes[i];

		evbuffer_add_printf(
			buffer,
			"svmd_node_total_bytes{node=\"%u\"} %" PRIu64
			"\nsvmd_node_available_bytes{node=\"%u\"} "
			"%" PRIu64 "\n",
			node->id, node->total_bytes, node->id,
			node->free_bytes);
	}
	for (i = 0; i < sense->nr_devices; i++) {
		const struct svmd_svm *device = &sense->devices[i];

		evbuffer_add_printf(
			buffer,
			"svmd_device_total_bytes{device=\"svm%u\"} %" PRIu64
			"\nsvmd_device_free_bytes{device=\"svm%u\"} %" PRIu64
			"\nsvmd_device_faults{device=\"svm%u\"} %" PRIu64 "\n",
			device->id, device->total_bytes, device->id,
			device->free_bytes, device->id, device->faults);
	}
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
	struct metrics *metrics = arg;
	struct evbuffer *buffer = evbuffer_new();

	if (!buffer) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	(void)dump_counters(metrics->daemon, add_counter, buffer);
	add_places(buffer, &metrics->daemon->sense);
	evhttp_add_header(evhttp_request_get_output_headers(request),
			  "Content-Type", "text/plain; version=0.0.4");
	evhttp_send_reply(request, HTTP_OK, "OK", buffer);
	evbuffer_free(buffer);
}

static int serve(struct metrics *metrics, const char *where)
{
	char *end;
	long port;
	int fd;

	if (where[0] == '/') {
		fd = unix_socket_listen(where, SOCK_STREAM, 0660);
		if (fd < 0)
			return fd;
		/* Only now: it is removed at the end. */
		strcpy(metrics->path, where);
		if (evhttp_accept_socket(metrics->http, fd) < 0) {
			close(fd);
			return -ENOMEM;
		}
		return 0;
	}
	port = strtol(where, &end, 10);
	if (end == where || *end || port < 1 || port > UINT16_MAX)
		return -EINVAL;
	return evhttp_bind_socket(metrics->http, "127.0.0.1", (uint16_t)port) <
			       0
		       ? -EADDRINUSE
		       : 0;
}

int metrics_new(struct metrics **out, struct daemon *daemon, const char *where)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	int ret = -ENOMEM;

	if (!metrics)
		return -ENOMEM;
	metrics->daemon = daemon;
	metrics->http = evhttp_new(daemon->base);
	if (metrics->http) {
		evhttp_set_timeout(metrics->http, TIMEOUT_SECONDS);
		evhttp_set_max_headers_size(metrics->http, HEADERS_MAX);
		evhttp_set_max_body_size(metrics->http, 0);
		evhttp_set_allowed_methods(metrics->http, EVHTTP_REQ_GET);
		ret = evhttp_set_cb(metrics->http, "/metrics", on_metrics,
				    metrics) < 0
			      ? -ENOMEM
			      : serve(metrics, where);
	}
	if (ret)
		metrics_free(metrics);
	else
		*out = metrics;
	return ret;
}

struct metrics *metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return NULL;
	if (metrics->http)
		evhttp_free(metrics->http);
	if (metrics->path[0])
		unlink(metrics->path);
	free(metrics);
	return NULL;
}
