// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run: for each measure, size and kind of page a number of rounds.
 *
 * In each round everything is measured once, so that whatever else happens on
 * the machine hits all figures alike. Warm-ups that do not count come first. What
 * did not move wholly is tried again a few times; what came back wrong ends that
 * measurement, and the command fails.
 */
#include "bench.h"

#include <errno.h>
#include <numa.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "measure.h"
#include "progress.h"
#include "say.h"
#include "targets.h"
#include "units.h"

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

/* --- figures of a series --- */

struct figure *series_add(struct series *series, const char *what,
			  const char *from, const char *to)
{
	struct figure *figure = figures_add(&series->bench->figures);

	if (!figure)
		return NULL;
	figure->measure = series->measure->name;
	figure->what = what;
	figure->workers = 1;
	figure->team = "thread";
	figure->bytes = series->job.bytes;
	figure->kind = series->job.kind;
	figure->huge_bytes = series->job.bytes;
	snprintf(figure->from, sizeof(figure->from), "%s", from);
	snprintf(figure->to, sizeof(figure->to), "%s", to);
	return figure;
}

void series_skip(struct series *series, const char *what, const char *format,
		 ...)
{
	struct figure *figure = series_add(series, what, "", "");
	va_list args;

	if (!figure)
		return;
	va_start(args, format);
	vsnprintf(figure->skipped, sizeof(figure->skipped), format, args);
	va_end(args);
}

bool series_wants(const struct figure *figure)
{
	return figure && !*figure->failed && !stopped;
}

bool series_book(struct series *series, struct figure *figure, int attempt,
		 int err, uint64_t ns)
{
	const struct job *job = &series->job;

	if (!figure)
		return false;
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

const char *series_home(const struct series *series, char name[static 16])
{
	snprintf(name, 16, "node%d", series->bench->home);
	return name;
}

const char *series_device(const struct series *series, char name[static 16])
{
	snprintf(name, 16, "svm%u", series->job.device->info.id);
	return name;
}

/* --- a series --- */

/* Can nothing of this size and kind be measured? Says why. */
static bool is_hopeless(struct series *series)
{
	uint64_t available = environment_available();
	uint64_t needed =
		series->measure->copies * series->job.bytes + MEMORY_KEPT;
	char have[UNITS_MAX], want[UNITS_MAX];

	if (series->job.kind == PAGES_HUGE && series->job.bytes % HUGE_BYTES) {
		series_skip(series, "all", "no multiple of a huge page");
		return true;
	}
	if (available < needed) {
		series_skip(series, "all",
			    "takes %s of memory, %s is available",
			    format_bytes(needed, want),
			    format_bytes(available, have));
		return true;
	}
	return false;
}

/* What is traced, after all that is not: as often, but without warm-ups. */
static void run_traced(struct series *series, unsigned int rounds)
{
	const struct measure *measure = series->measure;
	char size[UNITS_MAX];
	int err;

	if (!series->has_phases || stopped)
		return;
	err = phases_open(measure->whose);
	if (err) {
		series_skip(series, "phases", "the tracer: %s", strerror(-err));
		return;
	}
	series->counts = true;
	for (unsigned int i = 0; i < rounds && !stopped; i++) {
		progress("%s: %s in %s pages: traced, round %u of %u",
			 measure->name, format_size(series->job.bytes, size),
			 page_kind_name(series->job.kind), i + 1, rounds);
		measure->traced(series);
	}
	phases_close();
}

static void run_series(struct bench *bench, const struct measure *measure,
		       uint64_t bytes, enum page_kind kind,
		       struct device *device, const char *no_device)
{
	const struct options *options = &bench->options;
	unsigned int rounds = options->warmup + options_runs(options, bytes);
	struct series series = {
		.bench = bench,
		.measure = measure,
		.job = {
			.bytes = bytes,
			.kind = kind,
			.home = bench->home,
			.away = bench->away,
			.device = device,
			.peer = -1,
		},
	};
	char size[UNITS_MAX];

	if (is_hopeless(&series))
		return;
	measure->plan(&series, no_device);
	for (unsigned int i = 0; !options->list && i < rounds && !stopped;
	     i++) {
		series.counts = i >= options->warmup;
		progress("%s: %s in %s pages: round %u of %u", measure->name,
			 format_size(bytes, size), page_kind_name(kind), i + 1,
			 rounds);
		measure->round(&series);
	}
	if (!options->list)
		run_traced(&series, options_runs(options, bytes));
	job_free(&series.job);
}

/* --- devices --- */

/* The sizes of a measure: its own, unless others were asked for. */
static size_t sizes_of(const struct bench *bench, const struct measure *measure,
		       const uint64_t **sizes)
{
	const struct options *options = &bench->options;

	*sizes = options->nr_sizes ? options->sizes : measure->sizes;
	return options->nr_sizes ? options->nr_sizes : measure->nr_sizes;
}

/* What a device must have free for a size. */
static uint64_t room_for(const struct measure *measure, uint64_t bytes)
{
	return measure->no_room ? HUGE_BYTES : bytes;
}

/* Is a device there that this measure may use? */
static bool is_there(const struct bench *bench, const struct measure *measure,
		     uint64_t bytes)
{
	struct device device;

	if (bench->options.create || measure->own_device ||
	    device_open(&device, NULL, bytes))
		return false;
	device_close(&device);
	return true;
}

/* The largest size, of those to come, for which no device has room. */
static uint64_t bytes_to_make(const struct bench *bench)
{
	const struct measure *const *measure = bench->command->measures;
	const uint64_t *sizes;
	uint64_t most = 0;

	for (; *measure; measure++) {
		size_t nr = sizes_of(bench, *measure, &sizes);

		for (size_t i = 0; i < nr; i++) {
			uint64_t bytes = room_for(*measure, sizes[i]);

			if (bytes > most &&
			    bytes <= bench->environment.memory_total / 2 &&
			    !is_there(bench, *measure, bytes))
				most = bytes;
		}
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
 * The temporary one, with room for all that is to come, or at least for this; made
 * when it is first wanted.
 */
static struct device *make_device(struct bench *bench, uint64_t bytes)
{
	uint64_t most = bytes_to_make(bench);

	if (bench->made.svm && bench->made.info.bytes_total >= bytes)
		return &bench->made;
	if (bench->made_error && bench->made_error != -ENOMEM)
		return NULL;
	device_close(&bench->made);
	bench->made_error = -ENOMEM;
	if (most > bytes && bench->made_bytes != most)
		bench->made_error =
			device_create(&bench->made, most, bench->home);
	/* once is enough to know */
	bench->made_bytes = most;
	if (bench->made_error == -ENOMEM)
		bench->made_error =
			device_create(&bench->made, bytes, bench->home);
	return bench->made.svm ? &bench->made : NULL;
}

/*
 * Finds the device for a size. Returns NULL without one; @why is empty if that
 * goes without saying.
 */
static struct device *find_device(struct bench *bench,
				  const struct measure *measure, uint64_t bytes,
				  char *why, size_t size)
{
	const struct options *options = &bench->options;
	struct device *device;
	char room[UNITS_MAX];

	*why = '\0';
	if (options->device) {
		if (bench->found.info.bytes_free >= bytes)
			return &bench->found;
		snprintf(why, size, "%s has only %s free", options->device,
			 format_bytes(bench->found.info.bytes_free, room));
		return NULL;
	}
	if (!options->create && !measure->own_device &&
	    !device_open(&bench->found, NULL, bytes))
		return &bench->found;
	device = make_device(bench, bytes);
	if (!device)
		explain(why, size, bench->made_error, bytes);
	return device;
}

/* Keeps what is known of the device for the record. */
static void note_device(struct bench *bench, const struct device *device)
{
	for (unsigned int i = 0; i < bench->nr_used; i++) {
		if (bench->used[i].info.id == device->info.id)
			return;
	}
	if (bench->nr_used < DEVICES_USED)
		bench->used[bench->nr_used++] = *device;
}

static void run_size(struct bench *bench, const struct measure *measure,
		     uint64_t bytes)
{
	struct device *device;
	char why[128];

	device = find_device(bench, measure, room_for(measure, bytes), why,
			     sizeof(why));
	if (device)
		note_device(bench, device);
	if (bench->made_error == -ENODEV && !measure->own_device)
		*why = '\0';
	for (enum page_kind kind = PAGES_4K; kind <= PAGES_HUGE; kind++) {
		if (bench->options.kinds >> kind & 1)
			run_series(bench, measure, bytes, kind, device, why);
	}
	if (!bench->options.device)
		device_close(&bench->found);
}

/* --- the run --- */

/* Where the memory lives, and the nearest other node. */
static void choose_nodes(struct bench *bench)
{
	const struct nodes *nodes = &bench->environment.nodes;
	int nearest = 0, near, distance;
	struct device device;

	near = node_here();
	if (bench->found.svm)
		near = bench->found.info.node;
	else if (!device_open(&device, NULL, 0)) {
		near = device.info.node;
		device_close(&device);
	}
	if (near < 0 || !nodes_have(nodes, near) || !node_has_cpus(near))
		near = node_here();
	if (!nodes_have(nodes, near))
		near = nodes->ids[0];
	bench->home = near;
	bench->away = -1;
	for (unsigned int i = 0; i < nodes->nr; i++) {
		if (nodes->ids[i] == near)
			continue;
		distance = numa_distance(near, nodes->ids[i]);
		if (bench->away >= 0 && distance >= nearest)
			continue;
		bench->away = nodes->ids[i];
		nearest = distance;
	}
	environment_pin(&bench->environment, near);
}

static int open_named_device(struct bench *bench)
{
	const char *name = bench->options.device;
	int err;

	if (!name)
		return 0;
	err = device_open(&bench->found, name, 0);
	if (err == -ENODEV)
		say("%s: there is no such device", name);
	else if (err)
		say("%s: %s", name, strerror(-err));
	return err;
}

static int print(const struct bench *bench)
{
	int err = 0;

	if (bench->options.list)
		report_list(bench, stdout);
	else if (bench->options.json)
		err = report_json(bench, stdout);
	else
		report_table(bench, stdout);
	if (!err && (ferror(stdout) || fflush(stdout)))
		err = -EIO;
	if (err)
		say("standard output: %s", strerror(-err));
	return err;
}

/* Writes a report to a file, if there is one. */
static int write_file(const struct bench *bench, FILE *file, const char *path,
		      int (*report)(const struct bench *bench, FILE *out))
{
	int err = file ? report(bench, file) : 0;

	if (!err && file && (ferror(file) || fflush(file)))
		err = -EIO;
	if (err)
		say("%s: %s", path, strerror(-err));
	return err;
}

/* What has become worse than it was then. Returns how many. */
static unsigned int count_worse(const struct bench *bench)
{
	unsigned int grown, gone;

	grown = compare_count_grown(bench->earlier, &bench->figures,
				    bench->options.growth);
	gone = compare_count_gone(bench->earlier, &bench->figures);
	if (grown)
		say("%u figures have grown by more than %g %%", grown,
		    bench->options.growth);
	if (gone)
		say("%u figures of the earlier run were not measured", gone);
	return grown + gone;
}

/* Returns an exit status. */
static int finish(const struct bench *bench)
{
	const struct options *options = &bench->options;
	unsigned int missed = 0, worse = 0;

	if (print(bench) ||
	    write_file(bench, bench->html, options->html, report_html) ||
	    write_file(bench, bench->record, options->record, report_record))
		return EXIT_FAILED;
	if (figures_failed(&bench->figures))
		return EXIT_FAILED;
	for (size_t i = 0; options->check && i < targets_count(); i++) {
		struct target target = target_of(&bench->figures, i);

		missed += !target_reached(&target);
	}
	if (missed)
		say("%u targets were missed", missed);
	if (options->growth >= 0)
		worse = count_worse(bench);
	return missed || worse ? EXIT_MISSED : 0;
}

static int open_file(FILE **file, const char *path)
{
	int err;

	if (!path)
		return 0;
	*file = fopen(path, "we");
	if (*file)
		return 0;
	err = -errno;
	say("%s: %s", path, strerror(-err));
	return err;
}

/* Files that can't be had are better known before than after. */
static int open_files(struct bench *bench)
{
	const struct options *options = &bench->options;
	int err = 0;

	if (options->compare)
		err = compare_open(&bench->earlier, options->compare);
	if (err) {
		say("%s: %s", options->compare,
		    err == -EBADMSG ? "not what svmbench --json prints"
				    : strerror(-err));
		return err;
	}
	err = open_file(&bench->html, options->html);
	return err ? err : open_file(&bench->record, options->record);
}

static void close_bench(struct bench *bench)
{
	device_close(&bench->found);
	device_close(&bench->made);
	figures_free(&bench->figures);
	compare_free(bench->earlier);
	if (bench->html)
		fclose(bench->html);
	if (bench->record)
		fclose(bench->record);
}

static void run_measure(struct bench *bench, const struct measure *measure)
{
	const uint64_t *sizes;
	size_t nr = sizes_of(bench, measure, &sizes);

	for (size_t i = 0; i < nr && !stopped; i++)
		run_size(bench, measure, sizes[i]);
}

int command_run(const struct command *command, int argc, char **argv)
{
	struct bench bench = { .command = command, .away = -1 };
	int status;

	environment_read(&bench.environment);
	options_parse(&bench.options, command, argc, argv);
	if (open_files(&bench) || open_named_device(&bench)) {
		close_bench(&bench);
		return EXIT_FAILED;
	}
	catch_signals();
	choose_nodes(&bench);
	peer_find(&bench.peer);
	for (size_t i = 0; command->measures[i]; i++)
		run_measure(&bench, command->measures[i]);
	progress_end();
	if (bench.made_error == -ENODEV)
		say("there is no device: %s",
		    "only what needs none is measured");
	for (size_t i = 0; i < bench.figures.nr; i++)
		latencies_sort(&bench.figures.list[i]->latencies);
	status = stopped ? 128 + stopped : finish(&bench);
	close_bench(&bench);
	return status;
}
