// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A trace: reading it. See trace.h for what is in it.
 *
 * A trace is data of strangers: everything in it is checked, and the first
 * thing that is wrong ends it, with a message that names the line.
 *
 * No lock, no state but the trace's.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define WORDS_MAX 16
#define ADDRESS_MAX (1ULL << 57)
#define BYTES_MAX (1ULL << 50)
#define RATE_MAX 1e12
#define TIME_MAX_MS (1ULL << 40)

/**
 * struct reader - where we are
 * @trace: receives it.
 * @name: of the file.
 * @line: number.
 * @message: may be NULL.
 * @data: for @message.
 * @words: of the line.
 * @nr: how many.
 * @last: index of the region found last; the next is mostly the one after it.
 */
struct reader {
	struct svmd_trace *trace;
	const char *name;
	unsigned int line;
	svmd_message_fn message;
	void *data;
	char *words[WORDS_MAX];
	unsigned int nr;
	size_t last;
};

__attribute__((format(printf, 2, 3))) static int wrong(const struct reader *r,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	svmd_message(r->message, r->data, SVMD_MESSAGE_ERROR, r->name, r->line,
		     format, args);
	va_end(args);
	return -EINVAL;
}

static int too_many(const struct reader *r, const char *what)
{
	wrong(r, "too many %s", what);
	return -E2BIG;
}

/* Numbers */

static bool read_u64(const char *text, uint64_t max, uint64_t *out)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || n > max)
		return false;
	switch (*end) {
	case 'T':
		n = n > max >> 40 ? max + 1 : n << 40;
		end++;
		break;
	case 'G':
		n = n > max >> 30 ? max + 1 : n << 30;
		end++;
		break;
	case 'M':
		n = n > max >> 20 ? max + 1 : n << 20;
		end++;
		break;
	case 'K':
		n = n > max >> 10 ? max + 1 : n << 10;
		end++;
		break;
	}
	if (*end || n > max)
		return false;
	*out = n;
	return true;
}

static bool read_rate(const char *text, double max, double *out)
{
	double d;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	d = strtod(text, &end);
	if (*end == '%')
		end++;
	if (*end || !(d <= max))
		return false;
	*out = d;
	return true;
}

static bool read_place(const char *text, svmd_place *out)
{
	static const struct {
		const char *name;
		enum svmd_place_kind kind;
	} kinds[] = {
		{ "node", SVMD_NODE },
		{ "svm", SVMD_DEVICE },
		{ "card", SVMD_DRM },
		{ "port", SVMD_PORT },
	};
	uint64_t id;
	size_t i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		n = strlen(kinds[i].name);
		if (strncmp(text, kinds[i].name, n) ||
		    !read_u64(text + n, SVMD_PLACE_ID_MAX, &id))
			continue;
		*out = svmd_place_of(kinds[i].kind, (uint32_t)id);
		return true;
	}
	return false;
}

/* The value of word @i if it is @key=value, or NULL. */
static const char *value_of(const struct reader *r, unsigned int i,
			    const char *key)
{
	size_t n = strlen(key);

	if (strncmp(r->words[i], key, n) || r->words[i][n] != '=')
		return NULL;
	return r->words[i] + n + 1;
}

static int bad_word(const struct reader *r, unsigned int i)
{
	return wrong(r, "%.64s: not understood", r->words[i]);
}

/* Takes key=value as a number into @out; 0, 1 for another key, or an error. */
static int take_u64(const struct reader *r, unsigned int i, const char *key,
		    uint64_t max, uint64_t *out)
{
	const char *value = value_of(r, i, key);

	if (!value)
		return 1;
	return read_u64(value, max, out) ? 0 : bad_word(r, i);
}

static int take_u32(const struct reader *r, unsigned int i, const char *key,
		    uint32_t *out)
{
	uint64_t n = 0;
	int ret = take_u64(r, i, key, UINT32_MAX, &n);

	if (!ret)
		*out = (uint32_t)n;
	return ret;
}

static int take_id(const struct reader *r, unsigned int i, const char *key,
		   int32_t *out)
{
	uint64_t n = 0;
	int ret = take_u64(r, i, key, SVMD_PLACE_ID_MAX, &n);

	if (!ret)
		*out = (int32_t)n;
	return ret;
}

static int take_bool(const struct reader *r, unsigned int i, const char *key,
		     bool *out)
{
	const char *value = value_of(r, i, key);

	if (!value)
		return 1;
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return bad_word(r, i);
	*out = *value == 'y';
	return 0;
}

static int take_rate(const struct reader *r, unsigned int i, const char *key,
		     double max, double *out)
{
	const char *value = value_of(r, i, key);

	if (!value)
		return 1;
	return read_rate(value, max, out) ? 0 : bad_word(r, i);
}

static int take_place(const struct reader *r, unsigned int i, const char *key,
		      svmd_place *out)
{
	const char *value = value_of(r, i, key);

	if (!value)
		return 1;
	return read_place(value, out) ? 0 : bad_word(r, i);
}

/* Growing */

static int grow(void **array, size_t size, size_t nr, size_t *max)
{
	size_t more = *max ? *max * 2 : 1024;
	void *bigger;

	if (nr < *max)
		return 0;
	bigger = realloc(*array, more * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*max = more;
	return 0;
}

/* Lines */

static int own_id(const struct reader *r, uint64_t max, uint64_t *id)
{
	if (r->nr < 2 || !read_u64(r->words[1], max, id))
		return wrong(r, "%.64s: needs a number", r->words[0]);
	return 0;
}

static int line_node(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	struct svmd_node *node = &trace->nodes[trace->nr_nodes];
	uint32_t k = trace->nr_nodes;
	unsigned int i;
	uint64_t id;
	int ret;

	if (k == SVMD_TRACE_NODES)
		return too_many(r, "nodes");
	ret = own_id(r, SVMD_PLACE_ID_MAX, &id);
	if (ret)
		return ret;
	for (i = 0; i < k; i++)
		if (trace->nodes[i].id == id)
			return wrong(r, "node %u is there twice",
				     (unsigned int)id);
	node->id = (uint32_t)id;
	for (i = 2; i < r->nr; i++) {
		ret = take_u64(r, i, "total", BYTES_MAX, &node->total_bytes);
		if (ret > 0)
			ret = take_bool(r, i, "cpus", &node->has_cpu);
		if (ret > 0)
			ret = take_u32(r, i, "latency", &node->read_latency_ns);
		if (ret > 0)
			ret = take_u32(r, i, "bandwidth",
				       &node->read_bandwidth_mbs);
		if (ret > 0)
			ret = take_rate(r, i, "reserve", 100,
					&trace->reserve[k]);
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	trace->nr_nodes++;
	return 0;
}

static int node_index(const struct reader *r, const char *text, uint32_t *out)
{
	uint64_t id;
	uint32_t i;

	if (read_u64(text, SVMD_PLACE_ID_MAX, &id)) {
		for (i = 0; i < r->trace->nr_nodes; i++) {
			if (r->trace->nodes[i].id == id) {
				*out = i;
				return 0;
			}
		}
	}
	return wrong(r, "%.64s: no such node", text);
}

static int line_distance(struct reader *r)
{
	uint32_t a, b;
	uint64_t n;
	int ret;

	if (r->nr != 4)
		return wrong(r, "distance: needs two nodes and a number");
	ret = node_index(r, r->words[1], &a);
	if (!ret)
		ret = node_index(r, r->words[2], &b);
	if (ret)
		return ret;
	if (!read_u64(r->words[3], 254, &n) || n < 10)
		return bad_word(r, 3);
	r->trace->distance[a][b] = (uint8_t)n;
	r->trace->distance[b][a] = (uint8_t)n;
	return 0;
}

static int line_device(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	struct svmd_svm *device = &trace->devices[trace->nr_devices];
	unsigned int i;
	uint64_t id;
	int ret;

	if (trace->nr_devices == SVMD_TRACE_DEVICES)
		return too_many(r, "devices");
	ret = own_id(r, SVMD_PLACE_ID_MAX, &id);
	if (ret)
		return ret;
	for (i = 0; i < trace->nr_devices; i++)
		if (trace->devices[i].id == id)
			return wrong(r, "device %u is there twice",
				     (unsigned int)id);
	device->id = (uint32_t)id;
	device->node = -1;
	for (i = 2; i < r->nr; i++) {
		ret = take_u64(r, i, "total", BYTES_MAX, &device->total_bytes);
		if (ret > 0)
			ret = take_id(r, i, "node", &device->node);
		if (ret > 0)
			ret = take_bool(r, i, "coherent", &device->coherent);
		if (ret > 0)
			ret = take_u32(r, i, "latency", &device->latency_ns);
		if (ret > 0)
			ret = take_u32(r, i, "bandwidth",
				       &device->bandwidth_mbs);
		if (ret > 0)
			ret = take_u32(r, i, "link-latency",
				       &device->link_latency_ns);
		if (ret > 0)
			ret = take_u32(r, i, "link-bandwidth",
				       &device->link_bandwidth_mbs);
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	trace->nr_devices++;
	return 0;
}

static int line_card(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	struct svmd_card *card = &trace->cards[trace->nr_cards];
	unsigned int i;
	uint64_t id;
	int ret;

	if (trace->nr_cards == SVMD_TRACE_DEVICES)
		return too_many(r, "cards");
	ret = own_id(r, SVMD_PLACE_ID_MAX, &id);
	if (ret)
		return ret;
	card->id = (uint32_t)id;
	card->node = -1;
	card->svm = -1;
	for (i = 2; i < r->nr; i++) {
		ret = take_id(r, i, "node", &card->node);
		if (ret > 0)
			ret = take_id(r, i, "svm", &card->svm);
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	trace->nr_cards++;
	return 0;
}

static int line_port(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	struct svmd_rdma *port = &trace->ports[trace->nr_ports];
	unsigned int i;
	uint64_t id;
	int ret;

	if (trace->nr_ports == SVMD_TRACE_DEVICES)
		return too_many(r, "ports");
	ret = own_id(r, SVMD_PLACE_ID_MAX, &id);
	if (ret)
		return ret;
	port->id = (uint32_t)id;
	port->node = -1;
	port->active = true;
	for (i = 2; i < r->nr; i++) {
		ret = take_id(r, i, "node", &port->node);
		if (ret > 0)
			ret = take_u32(r, i, "rate", &port->rate_mbs);
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	trace->nr_ports++;
	return 0;
}

static int line_session(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	uint32_t k = trace->nr_sessions;
	struct svmd_session *session = &trace->sessions[k];
	const char *path;
	unsigned int i;
	int ret;

	if (k == SVMD_TRACE_SESSIONS)
		return too_many(r, "sessions");
	ret = own_id(r, UINT32_MAX, &session->id);
	if (ret)
		return ret;
	for (i = 0; i < k; i++)
		if (trace->sessions[i].id == session->id)
			return wrong(r, "session %u is there twice",
				     (unsigned int)session->id);
	session->node = -1;
	for (i = 2; i < r->nr; i++) {
		ret = take_u32(r, i, "uid", &session->uid);
		if (ret > 0)
			ret = take_id(r, i, "node", &session->node);
		path = ret > 0 ? value_of(r, i, "cgroup") : NULL;
		if (path && strlen(path) < sizeof(trace->cgroups[k])) {
			strcpy(trace->cgroups[k], path);
			session->cgroup = trace->cgroups[k];
			ret = 0;
		}
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	trace->nr_sessions++;
	return 0;
}

static int find_session(const struct reader *r, uint32_t *out)
{
	uint64_t id;
	uint32_t i;

	if (r->nr >= 3 && read_u64(r->words[1], UINT32_MAX, &id)) {
		for (i = 0; i < r->trace->nr_sessions; i++) {
			if (r->trace->sessions[i].id == id) {
				*out = i;
				return 0;
			}
		}
	}
	return wrong(r, "%.64s: needs a session and an address", r->words[0]);
}

static bool is_here(const struct svmd_trace *trace,
		    const struct svmd_trace_region *region)
{
	return region->gone > trace->nr_rounds;
}

static int line_region(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	struct svmd_trace_region region = {
		.place = SVMD_PLACE_NONE,
		.affinity = SVMD_PLACE_NONE,
		.born = (uint32_t)trace->nr_rounds,
		.gone = UINT32_MAX,
	};
	unsigned int i;
	int ret;

	ret = find_session(r, &region.session);
	if (ret)
		return ret;
	if (r->nr < 4 || !read_u64(r->words[2], ADDRESS_MAX, &region.start) ||
	    !read_u64(r->words[3], BYTES_MAX, &region.length) ||
	    region.start % SVMD_PAGE || region.length % SVMD_PAGE ||
	    !region.length)
		return wrong(r, "region: needs an address and a length in "
				"whole pages");
	for (i = 4; i < r->nr; i++) {
		ret = take_place(r, i, "place", &region.place);
		if (ret > 0)
			ret = take_place(r, i, "user", &region.affinity);
		if (ret > 0) {
			ret = 0;
			if (!strcmp(r->words[i], "pinned"))
				region.flags |= SVMD_REGION_PINNED;
			else if (!strcmp(r->words[i], "odp"))
				region.flags |= SVMD_REGION_ODP;
			else if (!strcmp(r->words[i], "held"))
				region.flags |= SVMD_REGION_HELD;
			else
				ret = 1;
		}
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	if (trace->nr_regions == SVMD_TRACE_REGIONS)
		return too_many(r, "regions");
	ret = grow((void **)&trace->regions, sizeof(*trace->regions),
		   trace->nr_regions, &trace->max_regions);
	if (ret)
		return ret;
	trace->regions[trace->nr_regions++] = region;
	return 0;
}

static int find_region(struct reader *r, size_t *out)
{
	const struct svmd_trace *trace = r->trace;
	uint32_t session;
	uint64_t start;
	size_t i, k;
	int ret;

	ret = find_session(r, &session);
	if (ret)
		return ret;
	if (!read_u64(r->words[2], ADDRESS_MAX, &start))
		return bad_word(r, 2);
	for (i = 0; i < trace->nr_regions; i++) {
		k = (r->last + 1 + i) % trace->nr_regions;
		if (trace->regions[k].start == start &&
		    trace->regions[k].session == session &&
		    is_here(trace, &trace->regions[k])) {
			r->last = k;
			*out = k;
			return 0;
		}
	}
	return wrong(r, "%.64s: no region begins there", r->words[2]);
}

static int line_use(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	double cpu = 0, device = 0;
	unsigned int i;
	size_t region;
	int ret;

	ret = find_region(r, &region);
	if (ret)
		return ret;
	for (i = 3; i < r->nr; i++) {
		ret = take_rate(r, i, "cpu", RATE_MAX, &cpu);
		if (ret > 0)
			ret = take_rate(r, i, "device", RATE_MAX, &device);
		if (ret)
			return ret > 0 ? bad_word(r, i) : ret;
	}
	if (trace->nr_samples == SVMD_TRACE_SAMPLES)
		return too_many(r, "samples");
	ret = grow((void **)&trace->samples, sizeof(*trace->samples),
		   trace->nr_samples, &trace->max_samples);
	if (ret)
		return ret;
	trace->samples[trace->nr_samples++] = (struct svmd_trace_sample){
		.region = (uint32_t)region,
		.cpu = (float)cpu,
		.device = (float)device,
	};
	return 0;
}

static int line_drop(struct reader *r)
{
	size_t region;
	int ret;

	ret = find_region(r, &region);
	if (!ret)
		r->trace->regions[region].gone = (uint32_t)r->trace->nr_rounds;
	return ret;
}

static int line_round(struct reader *r)
{
	struct svmd_trace *trace = r->trace;
	size_t n = trace->nr_rounds, first = 0;
	uint64_t ms, last = 0;
	int ret;

	if (r->nr != 2 || !read_u64(r->words[1], TIME_MAX_MS, &ms))
		return wrong(r, "round: needs a time in milliseconds");
	if (n) {
		last = trace->rounds[n - 1].end_us;
		first = trace->rounds[n - 1].first + trace->rounds[n - 1].nr;
	}
	if (ms * 1000 <= last)
		return wrong(r, "round: time does not go on");
	if (n == SVMD_TRACE_ROUNDS)
		return too_many(r, "rounds");
	ret = grow((void **)&trace->rounds, sizeof(*trace->rounds), n,
		   &trace->max_rounds);
	if (ret)
		return ret;
	trace->rounds[n] = (struct svmd_trace_round){
		.end_us = ms * 1000,
		.first = (uint32_t)first,
		.nr = (uint32_t)(trace->nr_samples - first),
	};
	trace->nr_rounds++;
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct reader *r);
	bool host;
} kinds[] = {
	{ "node", line_node, true },	  { "distance", line_distance, true },
	{ "device", line_device, true },  { "card", line_card, true },
	{ "port", line_port, true },	  { "session", line_session, true },
	{ "region", line_region, false }, { "use", line_use, false },
	{ "round", line_round, false },	  { "drop", line_drop, false },
};

static int take_line(struct reader *r, char *line)
{
	char *save = NULL, *word;
	size_t i;

	line[strcspn(line, "#\n")] = '\0';
	r->nr = 0;
	for (word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (r->nr == WORDS_MAX)
			return wrong(r, "too many words");
		r->words[r->nr++] = word;
	}
	if (!r->nr)
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(r->words[0], kinds[i].word))
			continue;
		if (kinds[i].host && r->trace->nr_rounds)
			return wrong(r, "%s: only before the first round",
				     kinds[i].word);
		return kinds[i].take(r);
	}
	return bad_word(r, 0);
}

int svmd_trace_by_address(const void *a, const void *b)
{
	const struct svmd_trace_region *const *x = a, *const *y = b;

	if ((*x)->session != (*y)->session)
		return (*x)->session < (*y)->session ? -1 : 1;
	if ((*x)->start != (*y)->start)
		return (*x)->start < (*y)->start ? -1 : 1;
	return ((*x)->born > (*y)->born) - ((*x)->born < (*y)->born);
}

/*
 * Regions that exist at the same time must not overlap, as nothing could be said
 * of where they are. Ordered by address, it is enough to look back as long as
 * the furthest end so far is beyond.
 */
static int check_overlap(struct reader *r)
{
	const struct svmd_trace_region **order;
	struct svmd_trace *trace = r->trace;
	uint64_t furthest = 0;
	size_t i, k;
	int ret = 0;

	order = malloc((trace->nr_regions + 1) * sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (i = 0; i < trace->nr_regions; i++)
		order[i] = &trace->regions[i];
	qsort(order, trace->nr_regions, sizeof(*order), svmd_trace_by_address);
	for (i = 0; i < trace->nr_regions && !ret; i++) {
		const struct svmd_trace_region *a = order[i];

		if (!i || order[i - 1]->session != a->session)
			furthest = 0;
		for (k = i; k-- > 0 && furthest > a->start && !ret;) {
			const struct svmd_trace_region *b = order[k];

			if (b->session != a->session)
				break;
			if (b->start + b->length > a->start &&
			    a->born < b->gone && b->born < a->gone)
				ret = wrong(r, "regions overlap at 0x%llx",
					    (unsigned long long)a->start);
			/* Only pages that are used again and again are deep. */
			if (i - k > 4096)
				ret = -E2BIG;
		}
		if (a->start + a->length > furthest)
			furthest = a->start + a->length;
	}
	free(order);
	return ret;
}

int svmd_trace_read(struct svmd_trace *trace, FILE *file, const char *name,
		    svmd_message_fn message, void *data)
{
	struct reader r = {
		.trace = trace,
		.name = name,
		.message = message,
		.data = data,
	};
	char line[512];
	int ret = 0;
	uint32_t i;

	memset(trace, 0, sizeof(*trace));
	while (!ret && fgets(line, sizeof(line), file)) {
		r.line++;
		if (!strchr(line, '\n') && !feof(file))
			ret = wrong(&r, "line too long");
		else if (r.line > 1)
			ret = take_line(&r, line);
		else if (strcmp(line, "svm-trace 1\n"))
			ret = wrong(&r, "not a trace: begins not with "
					"\"svm-trace 1\"");
	}
	if (!ret && ferror(file))
		ret = -EIO;
	r.line = 0;
	if (!ret && !trace->nr_nodes)
		ret = wrong(&r, "no node");
	if (!ret && !trace->nr_rounds)
		ret = wrong(&r, "no round");
	if (!ret)
		ret = check_overlap(&r);
	for (i = 0; i < trace->nr_nodes; i++)
		trace->nodes[i].distance = trace->distance[i];
	return ret;
}

void svmd_trace_free(struct svmd_trace *trace)
{
	free(trace->regions);
	free(trace->rounds);
	free(trace->samples);
	trace->regions = NULL;
	trace->rounds = NULL;
	trace->samples = NULL;
}
