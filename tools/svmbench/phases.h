/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases of a move: what the kernel's own functions take of it. They are
 * timed by the function graph tracer, in an instance of its own, which root may
 * make; so what is traced is apart from what is timed as a whole.
 */
#ifndef SVMBENCH_PHASES_H
#define SVMBENCH_PHASES_H

#include <stdint.h>

enum phase {
	/* pages are taken out of the page tables */
	PHASE_SETUP,
	/* they are replaced by others */
	PHASE_REPLACE,
	/* page tables are filled again */
	PHASE_FINALIZE,
	/* all else: allocation, the copy, the call itself */
	PHASE_REST,
	PHASES,
};

/* Whose calls are traced. */
enum phases_whose {
	/* this thread's */
	PHASES_OF_THREAD,
	/* all, for what is done by threads of the kernel */
	PHASES_OF_ALL,
};

/*
 * struct phases - what each takes
 * @ns: nanoseconds, by enum phase.
 */
struct phases {
	uint64_t ns[PHASES];
};

/*
 * phases_open() - get ready to trace
 *
 * It takes the kernel up to seconds, and what it traces then is slower, if by little:
 * so nothing else is timed before phases_close().
 *
 * Returns 0, then phases_close() must follow; or why it can't be.
 */
int phases_open(enum phases_whose whose);

/* Traces from here on. Returns 0 or a negative errno value. */
int phases_start(void);

/*
 * phases_stop() - trace no more
 * @phases: what each took since phases_start(), with no PHASE_REST.
 *
 * Returns 0 or a negative errno value: -ENODATA if there was more than there was
 * room for.
 */
int phases_stop(struct phases *phases);

void phases_close(void);

#endif /* SVMBENCH_PHASES_H */
