// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libsvm handle on somebody else's address space, and the files in /proc that
 * describe it.
 */
#include "process.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "joining.h"
#include "settle.h"

static int open_proc(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

static bool has_exited(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

bool process_has_exited(const struct process *process)
{
	return has_exited(process->pidfd);
}

static void close_files(struct process *process)
{
	if (process->maps >= 0)
		close(process->maps);
	if (process->pagemap >= 0)
		close(process->pagemap);
}

/* Opens what describes it; the pid may belong to somebody else by now. */
static int open_files(struct process *process, int pidfd)
{
	process->maps = open_proc(process->pid, "maps");
	process->pagemap = open_proc(process->pid, "pagemap");
	if (has_exited(pidfd))
		return -ESRCH;
	if (process->maps < 0)
		return process->maps;
	return process->pagemap < 0 ? process->pagemap : 0;
}

static void note_devices(struct process *process)
{
	struct svm_device_info info = { .size = sizeof(info) };

	for (int i = 0; i < svm_device_count(process->svm); i++) {
		if (!svm_device_info(process->svm, (unsigned int)i, &info) &&
		    info.id < 64)
			process->devices |= (uint64_t)1 << info.id;
	}
}

/* Do both descriptors have the same device open? */
static bool is_same_device(int a, int b)
{
	struct stat at[2];

	return !fstat(a, &at[0]) && !fstat(b, &at[1]) &&
	       at[0].st_dev == at[1].st_dev && at[0].st_ino == at[1].st_ino;
}

/*
 * Puts contexts of devices of which there is one already behind the others.
 * Returns the number of the others.
 */
static unsigned int split_spares(struct newcomer *newcomer)
{
	int *contexts = newcomer->contexts;
	unsigned int nr = 0, j;

	for (unsigned int i = 0; i < newcomer->nr_contexts; i++) {
		int context = contexts[i];

		for (j = 0; j < nr && !is_same_device(contexts[j], context);
		     j++)
			;
		if (j < nr)
			continue;
		contexts[i] = contexts[nr];
		contexts[nr++] = context;
	}
	return nr;
}

int process_open(struct process **out, struct newcomer *newcomer)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct process *process = calloc(1, sizeof(*process));
	int err;

	if (!process)
		return -ENOMEM;
	process->pid = newcomer->pid;
	err = open_files(process, newcomer->pidfd);
	if (err)
		goto close_files;
	opts.pid = newcomer->pid;
	opts.nr_fds = split_spares(newcomer);
	opts.fds = opts.nr_fds ? newcomer->contexts : NULL;
	err = svm_open(&process->svm, &opts);
	if (err)
		goto close_files;
	keep_init(&process->keep, newcomer->contexts + opts.nr_fds,
		  newcomer->nr_contexts - opts.nr_fds);
	newcomer->nr_contexts = 0;
	process->pidfd = newcomer->pidfd;
	newcomer->pidfd = -1;
	note_devices(process);
	*out = process;
	return 0;
close_files:
	close_files(process);
	free(process);
	return err;
}

void process_close(struct process *process, struct tally *tally)
{
	if (process->exit)
		event_free(process->exit);
	flights_end(process, tally);
	herd_end(process, tally);
	keep_end(process, tally);
	engine_close(process->engine, tally);
	joining_end(process->joining);
	tally_stats(tally, process->svm);
	svm_close(process->svm);
	survey_free(&process->survey);
	settling_free(process->settling);
	close_files(process);
	close(process->pidfd);
	free(process);
}

int process_move(struct process *process, const struct run *runs, size_t nr,
		 struct place *place, struct tally *tally,
		 struct svm_result *result)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_range ranges[MOVE_RUNS_MAX];
	int err;

	for (size_t i = 0; i < nr; i++)
		ranges[i] = (struct svm_range){
			.addr = (void *)(uintptr_t)runs[i].start,
			.length = runs[i].end - runs[i].start,
		};
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	*result = (struct svm_result)SVM_RESULT_INIT;
	err = svm_migrate_ranges(process->svm, ranges, nr, place->where, &opts,
				 result);
	if (err) {
		(void)tally_outcome(tally, err);
		return err;
	}
	place->moves++;
	place->bytes_moved += result->bytes_moved;
	return 0;
}
