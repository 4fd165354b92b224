// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our own: to the device and back by svm_migrate().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job.h"
#include "units.h"

/* Writes "pinned 3, busy 1" for the pages that did not move. */
static const char *reasons(const struct svm_result *result, char *text,
			   size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int i = 0; i < SVM_PAGE_STATUS_MAX; i++) {
		if (i == SVM_PAGE_MOVED || i == SVM_PAGE_ALREADY ||
		    !result->pages[i] || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s %llu",
					 used ? ", " : "", svm_status_name(i),
					 (unsigned long long)result->pages[i]);
	}
	return text;
}

int job_move(struct job *job, bool to_device, uint64_t *ns)
{
	struct svm_place to = to_device ? svm_on_device(job->device->info.id)
					: svm_on_node(SVM_NODE_ANY);
	const char *name = to_device ? "the device" : "system memory";
	struct svm_result result = SVM_RESULT_INIT;
	char text[96], there[UNITS_MAX];
	int err;

	job->started = clock_ns();
	err = svm_migrate(job->device->svm, job->source.addr, job->bytes, to,
			  NULL, &result);
	*ns = clock_ns() - job->started;
	if (err)
		return job_problem(job, err, "svm_migrate to %s: %s", name,
				   strerror(-err));
	if (result.bytes_there != job->bytes)
		return job_problem(job, -EAGAIN,
				   "only %s moved to %s (pages: %s)",
				   format_bytes(result.bytes_there, there),
				   name, reasons(&result, text, sizeof(text)));
	return 0;
}

int job_check_place(struct job *job, bool on_device)
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

static int there(struct job *job, uint64_t *ns)
{
	int err;

	err = look_at_source(job);
	if (!err)
		err = job_move(job, true, ns);
	if (!err)
		err = job_check_place(job, true);
	return err;
}

static int back(struct job *job, uint64_t *ns)
{
	int err;

	err = job_move(job, false, ns);
	if (!err)
		err = job_check_place(job, false);
	return err;
}

const struct mover mover_svm = {
	.there = there,
	.back = back,
};
