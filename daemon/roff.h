/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual pages that are generated: what all of them need, written to stdout.
 * No state.
 */
#ifndef SVMD_ROFF_H
#define SVMD_ROFF_H

/**
 * roff_head() - how a page begins
 * @program: who writes it.
 * @source: the file to change instead of the page.
 * @title: of the page.
 * @manual: that it belongs to.
 */
void roff_head(const char *program, const char *source, const char *title,
	       const char *manual);

/* Text within a line: what is to be typed stays so, and nothing is a request. */
void roff(const char *text);

/* The same as a line of its own. */
void roff_line(const char *text);

#endif /* SVMD_ROFF_H */
