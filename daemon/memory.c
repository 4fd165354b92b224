// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking at a session's memory: which private anonymous ranges it has, cut
 * into regions; how much they are used (from heat.h); and where they are.
 *
 * A job of the worker does it, since both procfs and the module wait for the
 * process' mmap lock. Only what has memory at all makes regions. Small ones are
 * looked at page by page; of greater ones some windows are looked at, and they
 * count for the rest. A region is said to be where most of it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "daemon.h"
#include "heat.h"
#include "log.h"
#include "memory.h"
#include "pagemap.h"

/* Up to this a region is looked at as a whole. */
#define WHOLE_PAGES 512
/* Else so many windows of so many pages. */
#define WINDOWS 16
#define WINDOW_PAGES 16
/* Without a device, so many pages, and so many regions in a call. */
#define PROBES 16
#define PROBE_REGIONS 64

/* --- the map ---------------------------------------------------------------- */

static int add_range(struct svm_range **ranges, size_t *nr, size_t *max,
		     uint64_t start, uint64_t end)
{
	struct svm_range *last = *nr ? &(*ranges)[*nr - 1] : NULL;

	if (last && (uintptr_t)last->addr + last->length == start) {
		last->length += end - start;
		return 0;
	}
	if (*nr == *max) {
		size_t more = *max ? *max * 2 : 64;
		struct svm_range *grown;

		grown = realloc(*ranges, more * sizeof(**ranges));
		if (!grown)
			return -ENOMEM;
		*ranges = grown;
		*max = more;
	}
	(*ranges)[(*nr)++] = (struct svm_range){
		.addr = (void *)(uintptr_t)start,
		.length = end - start,
	};
	return 0;
}

/* The kernel's own mappings have names as well: [vvar], [vdso], [vsyscall]. */
static bool can_move(const char *perms, unsigned long inode, const char *name)
{
	if (perms[0] != 'r' || perms[1] != 'w' || perms[3] != 'p' || inode)
		return false;
	return name[0] != '[' || !strncmp(name, "[heap]", 6) ||
	       !strncmp(name, "[stack]", 7) || !strncmp(name, "[anon", 5);
}

int memory_map(FILE *maps, struct svm_range **out, size_t *nr)
{
	__free_mem struct svm_range *ranges = NULL;
	__free_mem char *line = NULL;
	size_t size = 0, max = 0, count = 0;

	while (getline(&line, &size, maps) > 0) {
		unsigned long inode;
		uint64_t start, end;
		char perms[5];
		int at = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %lu %n",
			   &start, &end, perms, &inode, &at) < 4)
			continue;
		if (end <= start || !can_move(perms, inode, line + at))
			continue;
		if (add_range(&ranges, &count, &max, start, end))
			return -ENOMEM;
	}
	*out = TAKE_PTR(ranges);
	*nr = count;
	return 0;
}

/* --- cutting ----------------------------------------------------------------- */

struct cutter {
	struct svmd_region *regions;
	size_t nr;
	size_t max;
	const struct memory_heat *heat;
	size_t nr_heat;
	uint64_t chunk;
};

/* The end of the piece that begins at @start, and its heat. */
static uint64_t piece(struct cutter *cutter, uint64_t start, uint64_t end,
		      float *heat)
{
	uint64_t next = (start / cutter->chunk + 1) * cutter->chunk;
	const struct memory_heat *at;

	if (next < end)
		end = next;
	while (cutter->nr_heat && cutter->heat->end <= start) {
		cutter->heat++;
		cutter->nr_heat--;
	}
	*heat = 0;
	at = cutter->heat;
	if (!cutter->nr_heat)
		return end;
	if (at->start <= start) {
		*heat = at->heat;
		return at->end < end ? at->end : end;
	}
	return at->start < end ? at->start : end;
}

static void cut_range(struct cutter *cutter, uint64_t start, uint64_t end)
{
	while (start < end && cutter->nr < cutter->max) {
		struct svmd_region *region = &cutter->regions[cutter->nr];
		uint64_t to;
		float heat;

		to = piece(cutter, start, end, &heat) &
		     ~(uint64_t)(SVMD_PAGE - 1);
		if (to <= start)
			to = start + SVMD_PAGE;
		*region = SVMD_REGION_INIT;
		region->start = start;
		region->length = to - start;
		region->heat_cpu = heat;
		cutter->nr++;
		start = to;
	}
}

int memory_cut(const struct svm_range *ranges, size_t nr_ranges,
	       const struct memory_heat *heat, size_t nr_heat, size_t max,
	       struct svmd_region **out, size_t *nr)
{
	struct cutter cutter = { .heat = heat,
				 .nr_heat = nr_heat,
				 .chunk = MEMORY_CHUNK };
	uint64_t total = 0;
	size_t i, room;

	for (i = 0; i < nr_ranges; i++)
		total += ranges[i].length;
	/* Half of the regions for chunks, the rest for mappings and heat. */
	while (max && total / cutter.chunk > max / 2)
		cutter.chunk *= 2;
	room = (size_t)(total / cutter.chunk) + 2 * nr_ranges + 2 * nr_heat + 1;
	cutter.max = room < max ? room : max;
	cutter.regions =
		calloc(cutter.max ? cutter.max : 1, sizeof(cutter.regions[0]));
	if (!cutter.regions)
		return -ENOMEM;
	for (i = 0; i < nr_ranges; i++)
		cut_range(&cutter, (uintptr_t)ranges[i].addr,
			  (uintptr_t)ranges[i].addr + ranges[i].length);
	*out = cutter.regions;
	*nr = cutter.nr;
	return 0;
}

/* --- where it is ------------------------------------------------------------- */

/**
 * struct votes - pages by place
 */
struct votes {
	unsigned int nodes[SVM_SUMMARY_MAX];
	unsigned int devices[SVM_SUMMARY_MAX];
};

static void vote(struct votes *votes, const struct svm_page *pages, ssize_t nr)
{
	ssize_t i;

	for (i = 0; i < nr; i++) {
		if (pages[i].id >= SVM_SUMMARY_MAX)
			continue;
		if (pages[i].place == SVM_PLACE_SYSTEM)
			votes->nodes[pages[i].id]++;
		else if (pages[i].place == SVM_PLACE_DEVICE)
			votes->devices[pages[i].id]++;
	}
}

static svmd_place winner(const struct votes *votes)
{
	svmd_place place = SVMD_PLACE_NONE;
	unsigned int most = 0, i;

	for (i = 0; i < SVM_SUMMARY_MAX; i++) {
		if (votes->nodes[i] > most) {
			most = votes->nodes[i];
			place = svmd_node(i);
		}
		if (votes->devices[i] > most) {
			most = votes->devices[i];
			place = svmd_device(i);
		}
	}
	return place;
}

static int look(struct svm *svm, struct votes *votes, uint64_t addr,
		size_t pages)
{
	struct svm_page buffer[WHOLE_PAGES];
	ssize_t nr = svm_residency(svm, (void *)(uintptr_t)addr,
				   pages * SVMD_PAGE, buffer, WHOLE_PAGES);

	if (nr < 0)
		return (int)nr;
	vote(votes, buffer, nr);
	return 0;
}

/* The module answers for a window at little cost. */
static int find_place(struct svm *svm, struct svmd_region *region)
{
	size_t pages = region->length / SVMD_PAGE, i;
	struct votes votes = { 0 };
	int ret = 0;

	if (pages <= WHOLE_PAGES) {
		ret = look(svm, &votes, region->start, pages);
	} else {
		size_t step = (pages - WINDOW_PAGES) / (WINDOWS - 1);

		for (i = 0; i < WINDOWS && !ret; i++)
			ret = look(svm, &votes,
				   region->start + i * step * SVMD_PAGE,
				   WINDOW_PAGES);
	}
	region->place = ret ? SVMD_PLACE_NONE : winner(&votes);
	return ret;
}

/* Without a device there are nodes only: some pages of many regions at once. */
static int find_nodes(pid_t pid, struct svmd_region *regions, size_t nr)
{
	void *pages[PROBE_REGIONS * PROBES];
	int nodes[PROBE_REGIONS * PROBES];
	size_t i, j, count = 0;

	for (i = 0; i < nr; i++) {
		size_t all = regions[i].length / SVMD_PAGE;

		for (j = 0; j < PROBES; j++)
			pages[count++] = (void *)(uintptr_t)(regions[i].start +
							     all * j / PROBES *
								     SVMD_PAGE);
	}
	if (move_pages(pid, count, pages, NULL, nodes, 0) < 0)
		return -errno;
	for (i = 0; i < nr; i++) {
		struct votes votes = { 0 };

		for (j = 0; j < PROBES; j++) {
			int node = nodes[i * PROBES + j];

			if (node >= 0 && node < SVM_SUMMARY_MAX)
				votes.nodes[node]++;
		}
		regions[i].place = winner(&votes);
	}
	return 0;
}

/* --- the job ----------------------------------------------------------------- */

/**
 * struct scan_job - a look at a session's memory
 * @job: for the worker.
 * @daemon: the daemon.
 * @session: whose; referenced.
 * @max_regions: as configured.
 * @heat: how much it is used, or NULL; taken from heat.h.
 * @nr_heat: entries of that.
 * @regions: the answer.
 * @nr: entries of that.
 * @nr_clients: entries in @clients.
 * @clients: DRM devices that the process has open.
 * @cpu_node: where it runs, or -1.
 * @bytes_faulted: that came home by CPU faults since it was opened.
 * @bytes_accessed: of device memory, that devices read and wrote since then.
 * @error: or this.
 */
struct scan_job {
	struct job job;
	struct daemon *daemon;
	struct session *session;
	size_t max_regions;
	struct memory_heat *heat;
	size_t nr_heat;
	struct svmd_region *regions;
	size_t nr;
	int nr_clients;
	struct card_client clients[CARD_CLIENTS_MAX];
	int cpu_node;
	uint64_t bytes_faulted;
	uint64_t bytes_accessed;
	int error;
};

/* What has memory; where the kernel can't tell, all. */
static int find_ranges(struct session *session, size_t max,
		       struct svm_range **out, size_t *nr)
{
	__free_mem struct svm_range *mapped = NULL;
	__close_file FILE *maps = NULL;
	__close_fd int pagemap = -1;
	size_t nr_mapped;
	char path[64];
	int ret = session_check(session);

	if (ret)
		return ret;

	snprintf(path, sizeof(path), "/proc/%d/maps", session->peer.pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", session->peer.pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	/* Opened, they are of this address space; but was that still ours? */
	ret = session_check(session);
	if (ret)
		return ret;
	ret = memory_map(maps, &mapped, &nr_mapped);
	if (ret)
		return ret;
	ret = pagemap_populated(pagemap, mapped, nr_mapped, max, out, nr);
	if (ret != -ENOTTY)
		return ret;
	*out = TAKE_PTR(mapped);
	*nr = nr_mapped;
	return 0;
}

static int find_places(const struct scan_job *job, const struct worker *worker)
{
	const struct session *session = job->session;
	bool module = session->nr_contexts > 0;
	size_t i, step = module ? 1 : PROBE_REGIONS;
	int ret = 0;

	for (i = 0; i < job->nr && !ret; i += step) {
		if (session->ended || worker_stopping(worker))
			return -ECANCELED;
		if (job->nr - i < step)
			step = job->nr - i;
		if (module)
			ret = find_place(session->svm, &job->regions[i]);
		else
			ret = find_nodes(session->peer.pid, &job->regions[i],
					 step);
		/* What is unmapped meanwhile is just nowhere. */
		if (ret == -EFAULT || ret == -ENOENT)
			ret = 0;
	}
	return ret;
}

static int scan(struct scan_job *job, const struct worker *worker)
{
	__free_mem struct svm_range *ranges = NULL;
	size_t nr_ranges;
	int ret = find_ranges(job->session, job->max_regions / 4, &ranges,
			      &nr_ranges);

	if (!ret)
		ret = memory_cut(ranges, nr_ranges, job->heat, job->nr_heat,
				 job->max_regions, &job->regions, &job->nr);
	return ret ? ret : find_places(job, worker);
}

static void run_scan(struct job *job, struct worker *worker)
{
	struct scan_job *scan_job = (struct scan_job *)job;
	struct svm_stats stats = SVM_STATS_INIT;
	pid_t pid = scan_job->session->peer.pid;

	scan_job->error = scan(scan_job, worker);
	if (scan_job->error)
		return;
	/* By its number; the look above has seen that it is still the same. */
	scan_job->nr_clients = card_client_list("/", pid, scan_job->clients);
	scan_job->cpu_node = usage_look("/", pid, numa_node_of_cpu);
	scan_job->error = svm_get_stats(scan_job->session->svm, &stats);
	scan_job->bytes_faulted = stats.bytes_faulted;
	scan_job->bytes_accessed = stats.bytes_accessed_device;
	if (!scan_job->error)
		scan_job->error = session_check(scan_job->session);
}

static bool overlaps(const struct svm_range *range,
		     const struct svmd_region *region)
{
	uint64_t start = (uintptr_t)range->addr;

	return start < region->start + region->length &&
	       region->start < start + range->length;
}

static void mark_held(const struct session *session,
		      struct svmd_region *regions, size_t nr)
{
	size_t i, j;

	for (i = 0; i < session->nr_holds; i++)
		for (j = 0; j < nr; j++)
			if (overlaps(&session->holds[i], &regions[j]))
				regions[j].flags |= SVMD_REGION_HELD;
}

/* What the mover works on stays marked. */
static void mark_moving(const struct session *session,
			struct svmd_region *regions, size_t nr)
{
	size_t i, j = 0;

	for (i = 0; i < session->nr_regions; i++) {
		const struct svmd_region *old = &session->regions[i];
		struct svm_range range = { (void *)(uintptr_t)old->start,
					   old->length };

		if (!(old->flags & SVMD_REGION_MOVING))
			continue;
		while (j < nr &&
		       regions[j].start + regions[j].length <= old->start)
			j++;
		for (; j < nr && overlaps(&range, &regions[j]); j++)
			regions[j].flags |= SVMD_REGION_MOVING;
	}
}

static uint64_t growth(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* By all that is not DAMON. */
static void note_usage(struct scan_job *job, double seconds)
{
	const struct session *session = job->session;

	usage_by_faults(job->regions, job->nr, session->regions,
			session->nr_regions,
			growth(job->bytes_faulted, session->bytes_faulted),
			seconds);
	usage_by_accesses(job->regions, job->nr,
			  growth(job->bytes_accessed, session->bytes_accessed),
			  seconds);
}

static void take_regions(struct scan_job *job)
{
	struct session *session = job->session;
	const struct svmd_policy *policy = round_policy(job->daemon, session);
	uint64_t now = clock_usec();

	if (session->sampled_us)
		note_usage(job,
			   (double)(now - session->sampled_us) / USEC_PER_SEC);
	session->bytes_faulted = job->bytes_faulted;
	session->bytes_accessed = job->bytes_accessed;
	usage_note(&session->cpus, job->cpu_node);
	mark_held(session, job->regions, job->nr);
	mark_moving(session, job->regions, job->nr);
	svmd_regions_carry(job->regions, job->nr, session->regions,
			   session->nr_regions, policy, now);
	free(session->regions);
	session->regions = TAKE_PTR(job->regions);
	session->nr_regions = job->nr;
	session->max_regions = job->nr;
	session->sampled_us = now;
	session->nr_clients = job->nr_clients > 0 ? job->nr_clients : 0;
	memcpy(session->clients, job->clients, sizeof(session->clients));
}

static void done_scan(struct job *base, bool cancelled)
{
	struct scan_job *job = (struct scan_job *)base;
	struct session *session = job->session;

	session->scanning = false;
	if (!cancelled && !job->error && !session->ended)
		take_regions(job);
	else if (!cancelled && job->error != -ESRCH &&
		 job->error != -ECANCELED && !session->ended)
		log_errno(LOG_DEBUG, job->error, "can't look at session %llu",
			  (unsigned long long)session->id);
	session_end_lost(session);
	session_unref(session);
	free(job->heat);
	free(job->regions);
	free(job);
}

void memory_scan(struct daemon *daemon, struct session *session)
{
	struct scan_job *job;

	if (session->scanning || session->ended)
		return;
	job = calloc(1, sizeof(*job));
	if (!job)
		return;
	job->job.run = run_scan;
	job->job.done = done_scan;
	job->daemon = daemon;
	job->session = session_ref(session);
	job->max_regions = daemon->config.settings.max_regions;
	heat_take(daemon->heat, session->id, &job->heat, &job->nr_heat);
	if (worker_post(daemon->worker, &job->job)) {
		session_unref(session);
		free(job->heat);
		free(job);
		return;
	}
	session->scanning = true;
}
