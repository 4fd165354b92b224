// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our own: to the device and back, by svm_migrate() and by CPU faults.
 */
#include "job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

/* Writes "pinned 3, busy 1" for the pages that did not move. */
static const char *reasons(const struct svm_result *result, char *text,
			   size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int i = 0; i < SVM_PAGE_STATUS_MAX; i++) {
		if (i == SVM_PAGE_MOVED || !result->pages[i] || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s %llu",
					 used ? ", " : "", svm_status_name(i),
					 (unsigned long long)result->pages[i]);
	}
	return text;
}

static int migrate(struct job *job, struct svm_place to, const char *name,
		   uint64_t *ns)
{
	struct svm_result result = SVM_RESULT_INIT;
	char text[96], moved[UNITS_MAX];
	uint64_t start;
	int err;

	start = clock_ns();
	err = svm_migrate(job->device->svm, job->source.addr, job->bytes, to,
			  NULL, &result);
	*ns = clock_ns() - start;
	if (err)
		return job_problem(job, err, "svm_migrate to %s: %s", name,
				   strerror(-err));
	if (result.bytes_moved != job->bytes)
		return job_problem(job, -EAGAIN,
				   "only %s moved to %s (pages: %s)",
				   format_bytes(result.bytes_moved, moved),
				   name, reasons(&result, text, sizeof(text)));
	return 0;
}

/* Is all of it on the device, and nothing in system memory? Or the reverse? */
static int check_place(struct job *job, bool on_device)
{
	struct svm_summary summary = { .size = sizeof(summary) };
	char text[UNITS_MAX];
	uint64_t bytes;
	int err;

	err = svm_summarize(job->device->svm, job->source.addr, job->bytes,
			    &summary);
	if (err)
		return job_problem(job, err, "svm_summarize: %s",
				   strerror(-err));
	bytes = summary.bytes[on_device ? SVM_PLACE_DEVICE : SVM_PLACE_SYSTEM];
	if (bytes != job->bytes)
		return job_problem(
			job, -EIO, "the move said all, but only %s are %s",
			format_bytes(bytes, text),
			on_device ? "on the device" : "in system memory");
	return 0;
}

/* What the source really is, as the module sees it. */
static int look_at_source(struct job *job)
{
	struct svm_summary summary = { .size = sizeof(summary) };
	int err;

	err = svm_summarize(job->device->svm, job->source.addr, job->bytes,
			    &summary);
	if (err)
		return job_problem(job, err, "svm_summarize: %s",
				   strerror(-err));
	job->huge_bytes = summary.bytes_huge;
	return 0;
}

static int to_device(struct job *job, uint64_t *ns)
{
	int err;

	err = job_refresh(job);
	if (!err)
		err = look_at_source(job);
	if (!err)
		err = migrate(job, svm_on_device(job->device->info.id),
			      "the device", ns);
	if (!err)
		err = check_place(job, true);
	return err;
}

int job_migrate(struct job *job, uint64_t *ns_there, uint64_t *ns_back)
{
	int err;

	err = to_device(job, ns_there);
	if (!err)
		err = migrate(job, svm_on_node(SVM_NODE_ANY), "system memory",
			      ns_back);
	if (!err)
		err = check_place(job, false);
	if (!err)
		err = job_check(job, "a move to the device and back");
	return err;
}

int job_fault(struct job *job, uint64_t *ns_there, uint64_t *ns_back,
	      uint64_t *faults)
{
	struct svm_stats before = { .size = sizeof(before) };
	struct svm_stats after = { .size = sizeof(after) };
	char text[UNITS_MAX];
	uint64_t start;
	int err;

	err = to_device(job, ns_there);
	if (err)
		return err;
	err = svm_get_stats(job->device->svm, &before);
	if (err)
		return job_problem(job, err, "svm_get_stats: %s",
				   strerror(-err));
	start = clock_ns();
	memory_touch(&job->source);
	*ns_back = clock_ns() - start;
	err = svm_get_stats(job->device->svm, &after);
	if (err)
		return job_problem(job, err, "svm_get_stats: %s",
				   strerror(-err));
	*faults = after.faults - before.faults;
	if (after.bytes_faulted - before.bytes_faulted != job->bytes)
		return job_problem(
			job, -EIO, "%s came back by faults, not all",
			format_bytes(after.bytes_faulted - before.bytes_faulted,
				     text));
	err = check_place(job, false);
	if (!err)
		err = job_check(job, "a move to the device and faults back");
	return err;
}
