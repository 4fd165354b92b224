/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from others that goes to the bus, to logs and to terminals. The bus takes
 * nothing but UTF-8: one byte that is none, and the whole message can't be sent.
 * No state, no locale.
 */
#ifndef SVMD_TEXT_H
#define SVMD_TEXT_H

#include <stdbool.h>

/*
 * Whether the bus takes it (UTF-8 without overlong forms, surrogates and what is
 * no character), and it does nothing to a terminal: has no control characters.
 */
bool text_is_plain(const char *text);

/*
 * Bytes of as much of UTF-8 text as @most bytes have room for, without half a
 * character at the end. For printf(): "%.*s", text_cut(name, 64), name
 */
int text_cut(const char *text, int most);

/* Makes a '?' of every byte that is no printable character of ASCII. */
void text_clean(char *text);

#endif /* SVMD_TEXT_H */
