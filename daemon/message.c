// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is said about a line of a file, see config.h. No lock, no state.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "config.h"

void svmd_message(svmd_message_fn message, void *data, int level,
		  const char *file, unsigned int line, const char *format,
		  va_list args)
{
	/* As much of a key or value as helps, never a whole hostile line. */
	char text[512];
	size_t i;

	if (!message)
		return;
	vsnprintf(text, sizeof(text), format, args);
	for (i = 0; text[i]; i++)
		if (iscntrl((unsigned char)text[i]))
			text[i] = '?';
	message(data, level, file, line, text);
}
