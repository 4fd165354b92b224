// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Adding up.
 */
#include "tally.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void tally_error(struct tally *tally, int err)
{
	if (err < 0)
		err = -err;
	tally->errors[err < TALLY_ERRORS_MAX ? err : 0]++;
}

int tally_outcome(struct tally *tally, int err)
{
	if (err == -ESRCH)
		return err;
	/*
	 * What the program does with its memory is no error; nor is that a move
	 * of a batch has ended meanwhile, which is like a signal to the kernel.
	 */
	if (err == -EFAULT)
		tally->vanished++;
	else if (err < 0 && err != -EINTR)
		tally_error(tally, err);
	return 0;
}

void tally_event(struct engine_tally *tally, const struct svm_event *event)
{
	unsigned int type = event->type < TALLY_TYPES ? event->type : 0;
	unsigned int cause = event->cause < TALLY_CAUSES ? event->cause : 0;

	tally->events[type][cause]++;
	tally->event_bytes[type][cause] += event->length;
}

uint64_t tally_touched(const struct engine_tally *tally)
{
	return tally->event_bytes[SVM_EVENT_EXCLUSIVE_ENDED][SVM_CAUSE_CPU] /
	       (uint64_t)sysconf(_SC_PAGESIZE);
}

void tally_stats(struct tally *tally, struct svm *svm)
{
	struct svm_stats stats = { .size = sizeof(stats) };
	struct svm_stats *sum = &tally->stats;
	int err;

	err = svm_get_stats(svm, &stats);
	if (err) {
		tally_error(tally, err);
		return;
	}
	sum->migrate_calls += stats.migrate_calls;
	sum->bytes_to_device += stats.bytes_to_device;
	sum->bytes_populated += stats.bytes_populated;
	sum->bytes_to_system += stats.bytes_to_system;
	sum->bytes_between_nodes += stats.bytes_between_nodes;
	sum->faults += stats.faults;
	sum->bytes_faulted += stats.bytes_faulted;
	sum->bytes_evicted += stats.bytes_evicted;
	for (unsigned int i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum->refused[i] += stats.refused[i];
}

void tally_stray(struct tally *tally, int pid, const char *program,
		 const char *why)
{
	struct stray *stray;

	tally->nr_strays++;
	if (tally->nr_listed == TALLY_STRAYS_MAX)
		return;
	stray = &tally->strays[tally->nr_listed++];
	stray->pid = pid;
	stray->why = why;
	snprintf(stray->program, sizeof(stray->program), "%s", program);
}

bool tally_return(struct tally *tally, int pid)
{
	for (unsigned int i = 0; i < tally->nr_listed; i++) {
		if (tally->strays[i].pid != pid)
			continue;
		tally->strays[i] = tally->strays[--tally->nr_listed];
		tally->nr_strays--;
		return true;
	}
	return false;
}
