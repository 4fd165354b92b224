// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device reads, writes and adds to memory through its mirror of the page
 * tables. It must see what the CPU wrote, the CPU what the device wrote, and what
 * was added and taken away again must leave the memory as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "engine.h"
#include "job.h"
#include "rng.h"

/*
 * struct access - it
 * @fd: of the engine.
 * @nr: pieces of the memory, as large as one operation may be.
 * @pieces: an operation for each.
 * @words: operations on single words in random places.
 * @values: a word for each of these.
 */
struct access {
	int fd;
	size_t nr;
	struct svm_access_op *pieces;
	struct svm_access_op words[JOB_ACCESS_WORDS];
	uint64_t values[JOB_ACCESS_WORDS];
};

static int run(struct job *job, struct access *access,
	       struct svm_access_op *ops, size_t nr, const char *what,
	       uint64_t *ns)
{
	uint64_t start = clock_ns();
	int err;

	err = engine_run(access->fd, ops, nr);
	*ns = clock_ns() - start;
	if (err)
		return job_problem(job, err, "%s by the device: %s", what,
				   strerror(-err));
	return 0;
}

/* All of the memory, from or to the copy. */
static int run_pieces(struct job *job, struct access *access, uint32_t type,
		      const char *what, uint64_t *ns)
{
	for (size_t i = 0; i < access->nr; i++) {
		uint64_t at = i * SVM_ACCESS_MAX_BYTES;
		uint64_t left = job->bytes - at;

		access->pieces[i] = (struct svm_access_op){
			.type = type,
			.addr = (uintptr_t)job->source.addr + at,
			.data = (uintptr_t)job->copy.addr + at,
			.length = left < SVM_ACCESS_MAX_BYTES
					  ? left
					  : SVM_ACCESS_MAX_BYTES,
		};
	}
	return run(job, access, access->pieces, access->nr, what, ns);
}

static int read_all(struct job *job, struct access *access, uint64_t *ns)
{
	int err;

	memory_fill(&job->copy, 0);
	err = run_pieces(job, access, SVM_ACCESS_READ, "a read", ns);
	if (!err && !memory_check(&job->copy, job->seed))
		err = job_problem(job, -EBADMSG,
				  "what the device read is WRONG");
	return err;
}

static int write_all(struct job *job, struct access *access, uint64_t *ns)
{
	memory_fill(&job->copy, ++job->seed);
	return run_pieces(job, access, SVM_ACCESS_WRITE, "a write", ns);
}

/* Random words; another choice each time. */
static uint64_t *choose_word(const struct job *job, struct rng *rng)
{
	return (uint64_t *)job->source.addr +
	       rng_below(rng, job->bytes / sizeof(uint64_t));
}

static int read_words(struct job *job, struct access *access, uint64_t *ns)
{
	struct rng rng = { .state = job->seed };
	int err;

	for (size_t i = 0; i < JOB_ACCESS_WORDS; i++)
		access->words[i] = (struct svm_access_op){
			.type = SVM_ACCESS_READ,
			.addr = (uintptr_t)choose_word(job, &rng),
			.data = (uintptr_t)&access->values[i],
			.length = sizeof(uint64_t),
		};
	err = run(job, access, access->words, JOB_ACCESS_WORDS, "reading words",
		  ns);
	for (size_t i = 0; !err && i < JOB_ACCESS_WORDS; i++) {
		const struct svm_access_op *op = &access->words[i];
		uint64_t want = memory_word(&job->source, job->seed, op->addr);

		if (access->values[i] != want)
			err = job_problem(
				job, -EBADMSG,
				"a word that the device read is WRONG");
	}
	return err;
}

static int add(struct job *job, struct access *access, uint64_t value,
	       uint64_t *ns)
{
	struct rng rng = { .state = job->seed };

	for (size_t i = 0; i < JOB_ACCESS_WORDS; i++)
		access->words[i] = (struct svm_access_op){
			.type = SVM_ACCESS_ADD,
			.width = sizeof(uint64_t),
			.addr = (uintptr_t)choose_word(job, &rng),
			.data = value,
		};
	return run(job, access, access->words, JOB_ACCESS_WORDS, "adding", ns);
}

/* The first addition at a place must have found what the CPU wrote. */
static int add_and_take_away(struct job *job, struct access *access,
			     uint64_t ns[2])
{
	const struct svm_access_op *first = &access->words[0];
	int err;

	err = add(job, access, 1, &ns[0]);
	if (!err &&
	    first->old != memory_word(&job->source, job->seed, first->addr))
		err = job_problem(job, -EBADMSG,
				  "the sum that the device found is WRONG");
	if (!err)
		err = add(job, access, -1ull, &ns[1]);
	return err;
}

static int access_all(struct job *job, struct access *access, bool on_device,
		      struct access_times *times)
{
	uint64_t unused;
	int err;

	err = job_make_copy(job);
	if (!err)
		err = job_refresh(job);
	if (!err && on_device)
		err = mover_svm.there(job, &unused);
	if (!err)
		err = read_all(job, access, &times->read);
	if (!err)
		err = write_all(job, access, &times->write);
	if (!err)
		err = read_words(job, access, &times->read_word);
	if (!err)
		err = add_and_take_away(job, access, times->add);
	if (!err && on_device)
		err = job_check_place(job, true);
	if (!err && on_device)
		err = mover_svm.back(job, &unused);
	if (!err)
		err = job_check(job, "accesses by the device");
	return err;
}

static void access_free(struct access **access)
{
	if (!*access)
		return;
	cleanup_close(&(*access)->fd);
	free((*access)->pieces);
	free(*access);
}

int job_access(struct job *job, bool on_device, struct access_times *times)
{
	__cleanup(access_free) struct access *access =
		calloc(1, sizeof(*access));

	if (!access)
		return job_problem(job, -ENOMEM, "no memory for a list");
	access->nr =
		(job->bytes + SVM_ACCESS_MAX_BYTES - 1) / SVM_ACCESS_MAX_BYTES;
	access->pieces = calloc(access->nr, sizeof(*access->pieces));
	access->fd = engine_open(job->device->info.id);
	if (!access->pieces)
		return job_problem(job, -ENOMEM, "no memory for a list");
	if (access->fd < 0)
		return job_problem(job, access->fd, "svm%u: %s",
				   job->device->info.id, strerror(-access->fd));
	return access_all(job, access, on_device, times);
}
