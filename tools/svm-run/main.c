// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svm-run: runs an unmodified program with its memory under the SVM runtime.
 *
 * It works from outside: a small preloaded object brings each address space of
 * the program here (hello.h), and svm-run moves their pages by libsvm. If
 * svm-run dies the program goes on.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "image.h"
#include "keep.h"
#include "options.h"
#include "program.h"
#include "report.h"
#include "say.h"
#include "supervisor.h"

/* Naming nodes only means nodes only. */
static bool asked_for(const struct options *options, const char *name)
{
	for (unsigned int i = 0; i < options->nr_devices; i++) {
		if (!strcmp(options->devices[i], name))
			return true;
	}
	return !options->nr_devices && !options->nodes.nr;
}

/* Adds the devices that were asked for. Says what is wrong. */
static int add_devices(struct places *places, struct svm *svm,
		       const struct options *options)
{
	struct svm_device_info info = { .size = sizeof(info) };
	char name[16];
	int err;

	for (int i = 0; i < svm_device_count(svm); i++) {
		err = svm_device_info(svm, (unsigned int)i, &info);
		if (err)
			continue;
		snprintf(name, sizeof(name), "svm%u", info.id);
		if (!asked_for(options, name))
			continue;
		err = places_add_device(places, svm, (unsigned int)i);
		if (err && options->nr_devices) {
			say("%s: %s", name,
			    err == -EOPNOTSUPP
				    ? "this kernel can't move memory to devices"
				    : strerror(-err));
			return err;
		}
	}
	for (unsigned int i = 0; i < options->nr_devices; i++) {
		bool found = false;

		for (unsigned int p = 0; p < places->nr_devices; p++)
			found |= !strcmp(places->list[p].name,
					 options->devices[i]);
		if (!found) {
			say("%s: there is no such device, or no permission to open it",
			    options->devices[i]);
			return -ENODEV;
		}
	}
	return 0;
}

static int add_nodes(struct places *places, const struct options *options)
{
	struct nodes nodes;

	nodes_read(&nodes);
	for (unsigned int i = 0; i < options->nodes.nr; i++) {
		int id = options->nodes.ids[i];

		if (!nodes_have(&nodes, id)) {
			say("node %d: there is no such node with memory that may be used",
			    id);
			return -EINVAL;
		}
		places_add_node(places, id);
	}
	if (options->nodes.nr)
		return 0;
	if (options->churn_ns) {
		for (unsigned int i = 0; i < nodes.nr; i++)
			places_add_node(places, nodes.ids[i]);
	} else if (!places->nr_devices && nodes.nr > 1) {
		places_add_node(places, places_far_node(&nodes));
	}
	return 0;
}

/*
 * Finds out where memory can go, and says it where that is not what one would
 * expect. Without two places for churn, or one to settle on, there is nothing
 * to do: @places is empty then.
 */
static int find_places(struct places *places, struct svm *svm,
		       const struct options *options)
{
	int err;

	err = add_devices(places, svm, options);
	/* svmd has nodes of its own to choose from */
	if (err || options->join)
		return err;
	err = add_nodes(places, options);
	if (err)
		return err;
	if (options->churn_ns)
		places_add_spares(places, KEEP_SPARES);
	if (places->nr < (options->churn_ns ? 2 : 1)) {
		say("%s: there is nothing to move memory to, the program just runs",
		    options->nodes.nr
			    ? "one node is no choice"
			    : "there is no device and only one NUMA node");
		places->nr = 0;
	} else if (!places->nr_devices && !options->nodes.nr) {
		if (options->churn_ns)
			say("there is no device: memory moves between %u NUMA nodes",
			    places->nr);
		else
			say("there is no device: memory moves to NUMA node %d",
			    places->list[0].where.id);
	}
	return 0;
}

/*
 * Refuses what is not there and, if memory shall move at all, what can't be put
 * under the runtime. Returns an exit status or 0.
 */
static int check_program(const char *name, bool moves)
{
	enum image_kind kind;
	char path[PATH_MAX];
	const char *why;
	int err;

	err = image_find(name, path, sizeof(path));
	if (err) {
		say("%s: %s", name, strerror(-err));
		return err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	/* what can't be read may run all the same */
	if (!moves || image_kind(path, &kind))
		return 0;
	why = image_obstacle(kind);
	if (!why)
		return 0;
	say("%s %s: its memory can't be put under the runtime, because that takes a preloaded object",
	    path, why);
	return EXIT_OWN_FAILURE;
}

static FILE *open_report(const char *path)
{
	FILE *file;

	if (!strcmp(path, "-"))
		return stdout;
	file = fopen(path, "we");
	if (!file)
		say("%s: %s", path, strerror(errno));
	return file;
}

/* Returns 0, or -errno if a file could not be written. */
static int close_report(FILE *file, const char *path)
{
	int err = 0;

	if (ferror(file) || fflush(file))
		err = -EIO;
	if (file != stdout && file != stderr && fclose(file))
		err = -errno;
	if (err)
		say("%s: %s", path, strerror(-err));
	return err;
}

static void write_reports(const struct report *report, FILE *text, FILE *json)
{
	const struct options *options = report->options;

	if (text) {
		report_text(report, text);
		close_report(text, options->report_file ? options->report_file
							: "stderr");
	}
	if (json) {
		report_json(report, json);
		close_report(json, options->json_file);
	}
}

static uint64_t new_seed(void)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return 1;
	return seed;
}

int main(int argc, char **argv)
{
	struct supervisor run = { 0 };
	FILE *text = NULL, *json = NULL;
	static struct places places;
	struct options options;
	struct svm *svm = NULL;
	int err, status;
	bool moves;

	options_parse(&options, argc, argv);
	err = svm_open(&svm, NULL);
	if (err) {
		say("libsvm: %s", strerror(-err));
		return EXIT_OWN_FAILURE;
	}
	status = EXIT_OWN_FAILURE;
	if (find_places(&places, svm, &options))
		goto close_svm;
	/* now, because a report that can't be written is better known early */
	if (options.report)
		text = options.report_file ? open_report(options.report_file)
					   : stderr;
	if (options.json_file)
		json = open_report(options.json_file);
	if ((options.report && !text) || (options.json_file && !json))
		goto close_svm;
	moves = places.nr || options.join;
	status = check_program(options.argv[0], moves);
	if (status)
		goto close_svm;

	run.options = &options;
	run.svm = moves ? svm : NULL;
	run.places = &places;
	run.seed = options.seeded ? options.seed : new_seed();
	status = supervisor_run(&run);
	if (run.svm && run.elapsed_ns && !run.tally.programs)
		say("%s did not join: nothing was moved", options.argv[0]);
	if (run.elapsed_ns)
		write_reports(
			&(struct report){
				.options = &options,
				.places = &places,
				.tally = &run.tally,
				.seed = run.seed,
				.elapsed_ns = run.elapsed_ns,
				.exit_status = status,
				.running = run.running,
			},
			text, json);
close_svm:
	svm_close(svm);
	return status;
}
