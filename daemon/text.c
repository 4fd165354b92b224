// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text from others, see text.h.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

/* What Unicode keeps free for good, and sd-bus doesn't take. */
static bool is_no_character(uint32_t code)
{
	return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

/* Bytes of the character that @text begins with; 0 if it begins with none. */
static size_t character(const char *text, uint32_t *code)
{
	/* By length: the least code that needs so many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)text;
	size_t length, i;

	if (*c < 0x80) {
		*code = *c;
		return 1;
	}
	if (*c < 0xc0 || *c > 0xf7)
		return 0;
	length = *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
	*code = *c & (0x7fU >> length);
	/* Ends at a NUL as well: that goes on with nothing. */
	for (i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (c[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff) || is_no_character(*code))
		return 0;
	return length;
}

bool text_is_plain(const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text; text += length) {
		length = character(text, &code);
		/* Those of Latin-1 are 0x80 to 0x9f. */
		if (!length || code < ' ' || (code >= 0x7f && code < 0xa0))
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
