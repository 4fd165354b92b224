/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-8 of others, for what takes nothing else: the bus, JSON. No locale.
 */
#ifndef SVM_TOOLS_UTF8_H
#define SVM_TOOLS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* What stands for a byte that is none: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * Bytes of the character that @text begins with; 0 if it begins with none, or
 * with an overlong form or half of a surrogate. @code gets its number.
 */
static inline size_t utf8_character(const char *text, uint32_t *code)
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
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

#endif /* SVM_TOOLS_UTF8_H */
