/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The phases of a move: what the kernel's own functions take of it. They are
 * timed by the function graph tracer, in an instance of its own, which root may
 * make; so moves are traced apart from those that are timed as a whole.
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

/*
 * phases_start() - trace what this thread does from here on
 *
 * Returns 0, then phases_stop() must follow; or why it can't be.
 */
int phases_start(void);

/*
 * phases_stop() - end that
 * @ns: what each phase took since then; PHASE_REST is left alone.
 *
 * Returns 0 or a negative errno value: -ENODATA if there was more than there was
 * room for.
 */
int phases_stop(uint64_t ns[static PHASES]);

#endif /* SVMBENCH_PHASES_H */
