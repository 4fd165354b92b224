// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text from others, see text.h.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text.h"
#include "utf8.h"

/* What Unicode keeps free for good, and sd-bus doesn't take. */
static bool is_no_character(uint32_t code)
{
	return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

bool text_is_plain(const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text; text += length) {
		length = utf8_character(text, &code);
		/* Those of Latin-1 are 0x80 to 0x9f. */
		if (!length || code < ' ' || (code >= 0x7f && code < 0xa0) ||
		    is_no_character(code))
			return false;
	}
	return true;
}

int text_cut(const char *text, int most)
{
	int length = (int)strnlen(text, (size_t)most);

	if (length < most)
		return length;
	/* Back to where the character begins that would be cut. */
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void text_clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
