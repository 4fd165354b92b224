// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To the device and back by a number of CPUs, whatever the machine is set to.
 */
#include <errno.h>
#include <string.h>

#include "copy_cpus.h"
#include "job.h"
#include "units.h"

static int count_helped(struct job *job, uint64_t *bytes)
{
	int err = copy_cpus_helped(job->device->info.id, bytes);

	if (err)
		return job_problem(job, err, "bytes_helped: %s",
				   strerror(-err));
	return 0;
}

/* By one CPU means that nobody helped. */
static int migrate(struct job *job, unsigned int cpus, uint64_t *ns_there,
		   uint64_t *ns_back)
{
	uint64_t before, after = 0;
	char text[UNITS_MAX];
	int err;

	err = count_helped(job, &before);
	if (!err)
		err = job_migrate(job, &mover_svm, ns_there, ns_back);
	if (!err)
		err = count_helped(job, &after);
	if (!err && cpus == 1 && after != before)
		err = job_problem(job, -EIO, "other CPUs copied %s",
				  format_bytes(after - before, text));
	return err;
}

int job_migrate_by_cpus(struct job *job, unsigned int cpus, uint64_t *ns_there,
			uint64_t *ns_back)
{
	unsigned int before;
	int err, restored;

	err = copy_cpus_set(cpus, &before);
	if (err)
		return job_problem(job, err, "copy_cpus: %s", strerror(-err));
	err = migrate(job, cpus, ns_there, ns_back);
	restored = copy_cpus_set(before, NULL);
	if (!err && restored)
		err = job_problem(job, restored, "copy_cpus: %s",
				  strerror(-restored));
	return err;
}
