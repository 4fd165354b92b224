// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parsing and printing of quantities.
 *
 * Numbers are read in the C locale's way whatever the locale: digits, and for
 * durations one point.
 */
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "clock.h"

/* Reads digits; at least one must be there. */
static int parse_digits(const char **text, uint64_t *number)
{
	uint64_t n = 0;
	const char *p = *text;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	}
	*text = p;
	*number = n;
	return 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t n;
	int err;

	err = parse_digits(&text, &n);
	if (err)
		return err;
	if (!*text || !strcasecmp(text, "B")) {
		*bytes = n;
		return 0;
	}
	unit = strchr(units, toupper((unsigned char)*text));
	if (!unit)
		return -EINVAL;
	text++;
	if (*text && strcasecmp(text, "B") && strcasecmp(text, "iB"))
		return -EINVAL;
	for (; unit >= units; unit--) {
		if (__builtin_mul_overflow(n, 1024, &n))
			return -ERANGE;
	}
	*bytes = n;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },	   { "us", NS_PER_US },	   { "ms", NS_PER_MS },
		{ "s", NS_PER_S }, { "m", 60 * NS_PER_S },
	};
	uint64_t whole, fraction = 0, scale = 1, unit = 0, sum;
	int err;

	err = parse_digits(&text, &whole);
	if (err)
		return err;
	if (*text == '.') {
		text++;
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		/* beyond nanoseconds of a minute nothing counts */
		for (; isdigit((unsigned char)*text); text++) {
			if (scale >= NS_PER_S)
				continue;
			fraction = fraction * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(text, units[i].name))
			unit = units[i].ns;
	}
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &sum) ||
	    __builtin_add_overflow(sum,
				   unit / scale * fraction +
					   unit % scale * fraction / scale,
				   &sum))
		return -ERANGE;
	*ns = sum;
	return 0;
}

int parse_number(const char *text, uint64_t max, uint64_t *number)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end,
		     text[0] == '0' && tolower((unsigned char)text[1]) == 'x'
			     ? 16
			     : 10);
	if (*end)
		return -EINVAL;
	if (errno || n > max)
		return -ERANGE;
	*number = n;
	return 0;
}

const char *format_bytes(uint64_t bytes, char buf[static UNITS_MAX])
{
	static const char *const units[] = { "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	double n = (double)bytes;
	unsigned int tenths;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, UNITS_MAX, "%u B", (unsigned int)bytes);
		return buf;
	}
	/* 1023.95 would be printed as 1024.0 */
	for (n /= 1024; n >= 1023.95 && i + 1 < ARRAY_SIZE(units); i++)
		n /= 1024;
	tenths = (unsigned int)(n * 10 + 0.5);
	if (tenths % 10)
		snprintf(buf, UNITS_MAX, "%u.%u %s", tenths / 10, tenths % 10,
			 units[i]);
	else
		snprintf(buf, UNITS_MAX, "%u %s", tenths / 10, units[i]);
	return buf;
}

const char *format_size(uint64_t bytes, char buf[static UNITS_MAX])
{
	static const char units[] = "\0KMGT";
	size_t i = 0;

	for (; bytes && bytes % 1024 == 0 && i < 4; i++)
		bytes /= 1024;
	snprintf(buf, UNITS_MAX, "%llu%.1s", (unsigned long long)bytes,
		 units + i);
	return buf;
}

const char *format_ns(uint64_t ns, char buf[static UNITS_MAX])
{
	if (ns < NS_PER_US)
		snprintf(buf, UNITS_MAX, "%u ns", (unsigned int)ns);
	else if (ns < NS_PER_MS)
		snprintf(buf, UNITS_MAX, "%.3g us", (double)ns / NS_PER_US);
	else if (ns < NS_PER_S)
		snprintf(buf, UNITS_MAX, "%.3g ms", (double)ns / NS_PER_MS);
	else
		snprintf(buf, UNITS_MAX, "%.2f s", (double)ns / NS_PER_S);
	return buf;
}
