// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `svmbench migrate`: how fast memory moves to a device and back, beside plain
 * memcpy and move_pages(2).
 *
 * For each size and kind of page it makes a number of rounds, and in each round
 * everything is measured once, so that whatever else happens on the machine hits
 * all figures alike. A round begins with warm-ups that do not count. What did not
 * move wholly is tried again a few times; what came back wrong ends that
 * measurement, and the command fails.
 */
#include "migrate.h"

#include <errno.h>
#include <numa.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "job.h"
#include "progress.h"
#include "say.h"
#include "units.h"

/* A page may be held for a moment by somebody else: not by many in a row. */
#define ATTEMPTS 4
/* Memory that is left for others. */
#define MEMORY_KEPT ((uint64_t)64 << 20)

/* The signal that asked us to stop. */
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
}

/* A temporary device must not stay behind: end by the front door. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* One size and kind of page, with the figures that it gives. */
struct series {
	struct migrate *migrate;
	struct job job;
	bool counts;
	struct figure *memcpy;
	struct figure *away;
	struct figure *home;
	struct figure *to_device;
	struct figure *to_system;
	struct figure *fault;
};

static struct figure *add_figure(struct series *series, const char *what,
				 const char *from, const char *to)
{
	struct figure *figure = figures_add(&series->migrate->figures);

	if (!figure)
		return NULL;
	figure->what = what;
	figure->bytes = series->job.bytes;
	figure->kind = series->job.kind;
	figure->huge_bytes = series->job.bytes;
	snprintf(figure->from, sizeof(figure->from), "%s", from);
	snprintf(figure->to, sizeof(figure->to), "%s", to);
	return figure;
}

__attribute__((format(printf, 3, 4))) static void
skip(struct series *series, const char *what, const char *format, ...)
{
	struct figure *figure = add_figure(series, what, "", "");
	va_list args;

	if (!figure)
		return;
	va_start(args, format);
	vsnprintf(figure->skipped, sizeof(figure->skipped), format, args);
	va_end(args);
}

/* Does the figure still want samples? */
static bool wanted(const struct figure *figure)
{
	return figure && !*figure->failed && !stopped;
}

/*
 * Books what an attempt came to: a sample, or another try, or a failure. Returns
 * whether to try again.
 */
static bool book(struct series *series, struct figure *figure, int attempt,
		 int err, uint64_t ns)
{
	const struct job *job = &series->job;

	if (err == -EAGAIN && attempt + 1 < ATTEMPTS && !stopped) {
		figure->retries++;
		return true;
	}
	if (err) {
		snprintf(figure->failed, sizeof(figure->failed), "%s",
			 job->problem);
		return false;
	}
	if (job->huge_bytes < figure->huge_bytes)
		figure->huge_bytes = job->huge_bytes;
	if (series->counts)
		samples_add(&figure->samples, ns);
	return false;
}

static void run_memcpy(struct series *series)
{
	uint64_t ns = 0;
	int err;

	if (!wanted(series->memcpy))
		return;
	err = job_memcpy(&series->job, &ns);
	book(series, series->memcpy, ATTEMPTS, err, ns);
}

static void run_nodes(struct series *series)
{
	uint64_t away = 0, home = 0;
	bool again = true;
	int err;

	for (int i = 0; again && wanted(series->away); i++) {
		err = job_move_pages(&series->job, &away, &home);
		again = book(series, series->away, i, err, away);
		if (!again && !err)
			book(series, series->home, i, 0, home);
	}
}

static void run_migrate(struct series *series)
{
	uint64_t there = 0, back = 0;
	bool again = true;
	int err;

	for (int i = 0; again && wanted(series->to_device); i++) {
		err = job_migrate(&series->job, &there, &back);
		again = book(series, series->to_device, i, err, there);
		if (!again && !err)
			book(series, series->to_system, i, 0, back);
	}
}

static void run_fault(struct series *series)
{
	uint64_t there = 0, back = 0, faults = 0;
	bool again = true;
	int err;

	for (int i = 0; again && wanted(series->to_device); i++) {
		err = job_fault(&series->job, &there, &back, &faults);
		again = book(series, series->to_device, i, err, there);
		if (again || err)
			continue;
		book(series, series->fault, i, 0, back);
		if (series->counts)
			series->fault->faults += faults;
	}
}

/* Lists what can be measured, with the reasons for what can't. */
static void plan(struct series *series, const char *no_device)
{
	struct migrate *migrate = series->migrate;
	const struct device *device = series->job.device;
	char home[16], away[16], name[16], room[UNITS_MAX];
	uint64_t bytes = series->job.bytes;

	snprintf(home, sizeof(home), "node%d", migrate->home);
	series->memcpy = add_figure(series, FIGURE_MEMCPY, home, home);
	if (migrate->away >= 0 && node_free_bytes(migrate->away) < bytes) {
		skip(series, "move_pages", "node%d has only %s free",
		     migrate->away,
		     format_bytes(node_free_bytes(migrate->away), room));
	} else if (migrate->away >= 0) {
		snprintf(away, sizeof(away), "node%d", migrate->away);
		series->away = add_figure(series, "move_pages", home, away);
		series->home = add_figure(series, "move_pages", away, home);
	}
	if (*no_device)
		skip(series, "to device", "%s", no_device);
	if (*no_device || !device)
		return;
	snprintf(name, sizeof(name), "svm%u", device->info.id);
	series->to_device = add_figure(series, "to device", home, name);
	series->to_system = add_figure(series, "to system", name, home);
	series->fault = add_figure(series, "fault back", name, home);
}

/* Why nothing of this size and kind can be measured; NULL if it can. */
static bool is_hopeless(struct series *series)
{
	uint64_t available = environment_available();
	uint64_t needed = 2 * series->job.bytes + MEMORY_KEPT;
	char have[UNITS_MAX], want[UNITS_MAX];

	if (series->job.kind == PAGES_HUGE && series->job.bytes % HUGE_BYTES) {
		skip(series, "all", "no multiple of a huge page");
		return true;
	}
	if (available < needed) {
		skip(series, "all", "takes %s of memory, %s is available",
		     format_bytes(needed, want), format_bytes(available, have));
		return true;
	}
	return false;
}

static void run_series(struct migrate *migrate, uint64_t bytes,
		       enum page_kind kind, struct device *device,
		       const char *no_device)
{
	const struct migrate_options *options = &migrate->options;
	unsigned int rounds = options->warmup + migrate_runs(options, bytes);
	struct series series = {
		.migrate = migrate,
		.job = {
			.bytes = bytes,
			.kind = kind,
			.home = migrate->home,
			.away = migrate->away,
			.device = device,
		},
	};
	char size[UNITS_MAX];

	if (is_hopeless(&series))
		return;
	plan(&series, no_device);
	for (unsigned int i = 0; !options->list && i < rounds && !stopped;
	     i++) {
		series.counts = i >= options->warmup;
		progress("%s in %s pages: round %u of %u",
			 format_size(bytes, size), page_kind_name(kind), i + 1,
			 rounds);
		run_memcpy(&series);
		run_nodes(&series);
		run_migrate(&series);
		run_fault(&series);
	}
	job_free(&series.job);
}

/* The largest size for which no device that is there has room. */
static uint64_t bytes_to_make(const struct migrate *migrate)
{
	const struct migrate_options *options = &migrate->options;
	struct device device;
	uint64_t most = 0;

	for (size_t i = 0; i < options->nr_sizes; i++) {
		if (options->sizes[i] <= most)
			continue;
		if (!options->create &&
		    !device_open(&device, NULL, options->sizes[i]))
			device_close(&device);
		else
			most = options->sizes[i];
	}
	return most;
}

/* What went wrong with making a device, in words. */
static void explain(char *why, size_t size, int err, uint64_t bytes)
{
	char text[UNITS_MAX];

	if (err == -ENODEV)
		snprintf(why, size, "there is no device");
	else if (err == -EOPNOTSUPP)
		snprintf(why, size, "this kernel can't move memory to devices");
	else
		snprintf(why, size,
			 "no device with room, and none of %s can be made: %s",
			 format_bytes(bytes, text), strerror(-err));
}

/*
 * Finds the device for a size. Returns NULL without one; @why is empty if that
 * goes without saying.
 */
static struct device *find_device(struct migrate *migrate, uint64_t bytes,
				  char *why, size_t size)
{
	const struct migrate_options *options = &migrate->options;
	char room[UNITS_MAX];
	uint64_t most;

	*why = '\0';
	if (options->device) {
		if (migrate->found.info.bytes_free >= bytes)
			return &migrate->found;
		snprintf(why, size, "%s has only %s free", options->device,
			 format_bytes(migrate->found.info.bytes_free, room));
		return NULL;
	}
	if (!options->create && !device_open(&migrate->found, NULL, bytes))
		return &migrate->found;
	most = bytes_to_make(migrate);
	if (!migrate->made.svm && !migrate->made_error)
		migrate->made_error =
			device_create(&migrate->made, most, migrate->home);
	if (migrate->made.svm)
		return &migrate->made;
	explain(why, size, migrate->made_error, most);
	return NULL;
}

/* Keeps what is known of the device for the record. */
static void note_device(struct migrate *migrate, const struct device *device)
{
	for (unsigned int i = 0; i < migrate->nr_used; i++) {
		if (migrate->used[i].info.id == device->info.id)
			return;
	}
	if (migrate->nr_used < DEVICES_USED)
		migrate->used[migrate->nr_used++] = *device;
}

static void run_size(struct migrate *migrate, uint64_t bytes)
{
	struct device *device;
	char why[128];

	device = find_device(migrate, bytes, why, sizeof(why));
	if (device)
		note_device(migrate, device);
	if (migrate->made_error == -ENODEV)
		*why = '\0';
	for (enum page_kind kind = PAGES_4K; kind <= PAGES_HUGE; kind++) {
		if (migrate->options.kinds >> kind & 1)
			run_series(migrate, bytes, kind, device, why);
	}
	if (!migrate->options.device)
		device_close(&migrate->found);
}

/* Where the memory lives, and the nearest other node. */
static void choose_nodes(struct migrate *migrate)
{
	const struct nodes *nodes = &migrate->environment.nodes;
	int nearest = 0, near, distance;
	struct device device;

	near = node_here();
	if (migrate->found.svm)
		near = migrate->found.info.node;
	else if (!device_open(&device, NULL, 0)) {
		near = device.info.node;
		device_close(&device);
	}
	if (near < 0 || !nodes_have(nodes, near) || !node_has_cpus(near))
		near = node_here();
	if (!nodes_have(nodes, near))
		near = nodes->ids[0];
	migrate->home = near;
	migrate->away = -1;
	for (unsigned int i = 0; i < nodes->nr; i++) {
		if (nodes->ids[i] == near)
			continue;
		distance = numa_distance(near, nodes->ids[i]);
		if (migrate->away >= 0 && distance >= nearest)
			continue;
		migrate->away = nodes->ids[i];
		nearest = distance;
	}
	environment_pin(&migrate->environment, near);
}

static int open_named_device(struct migrate *migrate)
{
	const char *name = migrate->options.device;
	int err;

	if (!name)
		return 0;
	err = device_open(&migrate->found, name, 0);
	if (err == -ENODEV)
		say("%s: there is no such device", name);
	else if (err)
		say("%s: %s", name, strerror(-err));
	return err;
}

static int print(const struct migrate *migrate)
{
	int err = 0;

	if (migrate->options.list)
		migrate_print_list(migrate, stdout);
	else if (migrate->options.json)
		err = migrate_print_json(migrate, stdout);
	else
		migrate_print_table(migrate, stdout);
	if (!err && (ferror(stdout) || fflush(stdout)))
		err = -EIO;
	if (err)
		say("standard output: %s", strerror(-err));
	return err;
}

static int run(int argc, char **argv)
{
	struct migrate migrate = { .away = -1 };
	int status = EXIT_FAILED;

	environment_read(&migrate.environment);
	migrate_options_parse(&migrate.options, argc, argv,
			      migrate.environment.memory_total);
	if (open_named_device(&migrate))
		return EXIT_FAILED;
	catch_signals();
	choose_nodes(&migrate);
	for (size_t i = 0; i < migrate.options.nr_sizes && !stopped; i++)
		run_size(&migrate, migrate.options.sizes[i]);
	progress_end();
	if (migrate.made_error == -ENODEV)
		say("there is no device: only memcpy%s measured",
		    migrate.away < 0 ? " is"
				     : " and moves between NUMA nodes are");
	if (stopped)
		status = 128 + stopped;
	else if (!print(&migrate) && !figures_failed(&migrate.figures))
		status = 0;
	device_close(&migrate.found);
	device_close(&migrate.made);
	figures_free(&migrate.figures);
	return status;
}

const struct command command_migrate = {
	.name = "migrate",
	.summary = "moves to a device, back, and back by CPU faults",
	.run = run,
};
