// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of parameters. No state, no locale: numbers are read by hand, so that
 * "0x10", "inf", "1e9" and "1,5" are all refused everywhere.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "value.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* The greatest first; of two names, the first is the one that is written. */
static const struct unit sizes[] = {
	{ "P", 1ULL << 50 }, { "T", 1ULL << 40 }, { "G", 1ULL << 30 },
	{ "M", 1ULL << 20 }, { "K", 1ULL << 10 }, { "B", 1 },
	{ NULL, 0 },
};

static const struct unit times[] = {
	{ "w", 604800000000 }, { "d", 86400000000 }, { "h", 3600000000 },
	{ "min", 60000000 },   { "s", 1000000 },     { "sec", 1000000 },
	{ "ms", 1000 },	       { "us", 1 },	     { NULL, 0 },
};

static const struct {
	const char *name;
	uint32_t bit;
} policies[] = {
	{ "hot-cold", SVMD_POLICY_HOT_COLD },
	{ "pressure", SVMD_POLICY_PRESSURE },
	{ "thrash", SVMD_POLICY_THRASH },
	{ "locality", SVMD_POLICY_LOCALITY },
	{ "interleave", SVMD_POLICY_INTERLEAVE },
	{ "manual", SVMD_POLICY_MANUAL },
	{ "dry-run", SVMD_POLICY_DRY_RUN },
};

#define NR_POLICIES (sizeof(policies) / sizeof(*policies))

static const char *skip_space(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* A decimal number: digits, and perhaps a point and up to 9 digits. */
struct decimal {
	uint64_t whole;
	uint64_t part;
	uint64_t part_of;
};

static bool read_decimal(const char **s, struct decimal *d)
{
	const char *at = *s;

	d->whole = 0;
	d->part = 0;
	d->part_of = 1;
	if (!isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at); at++) {
		if (d->whole > (UINT64_MAX - 9) / 10)
			return false;
		d->whole = d->whole * 10 + (uint64_t)(*at - '0');
	}
	if (*at == '.') {
		at++;
		if (!isdigit((unsigned char)*at))
			return false;
		for (; isdigit((unsigned char)*at); at++) {
			if (d->part_of >= 1000000000)
				return false;
			d->part = d->part * 10 + (uint64_t)(*at - '0');
			d->part_of *= 10;
		}
	}
	*s = at;
	return true;
}

/* Whole units; false if it does not fit, or if a fraction of one is left. */
static bool scale(const struct decimal *d, uint64_t factor, uint64_t *out)
{
	uint64_t whole, part;

	if (__builtin_mul_overflow(d->whole, factor, &whole) ||
	    __builtin_mul_overflow(d->part, factor, &part) || part % d->part_of)
		return false;
	return !__builtin_add_overflow(whole, part / d->part_of, out);
}

static const struct unit *read_time_unit(const char **s)
{
	const struct unit *units = times;
	const char *at = *s;
	size_t n = 0;

	while (isalpha((unsigned char)at[n]))
		n++;
	for (; units->name; units++) {
		if (strlen(units->name) == n && !strncmp(units->name, at, n)) {
			*s = at + n;
			return units;
		}
	}
	return NULL;
}

/* 200M, 200MB and 200MiB are the same. */
static const struct unit *read_size_unit(const char **s)
{
	const struct unit *unit;

	for (unit = sizes; unit->name; unit++) {
		if (**s != *unit->name)
			continue;
		++*s;
		if (unit->factor == 1)
			return unit;
		if (!strcmp(*s, "iB"))
			*s += 2;
		else if (!strcmp(*s, "B"))
			++*s;
		return unit;
	}
	return NULL;
}

static bool read_size(const char *text, uint64_t *out)
{
	const struct unit *unit;
	uint64_t factor = 1;
	struct decimal d;

	if (!read_decimal(&text, &d))
		return false;
	text = skip_space(text);
	if (*text) {
		unit = read_size_unit(&text);
		if (!unit)
			return false;
		factor = unit->factor;
	}
	return !*text && scale(&d, factor, out);
}

static bool read_time(const char *text, uint64_t *out)
{
	const struct unit *unit;
	uint64_t sum = 0, us;
	struct decimal d;
	bool first;

	for (first = true; first || *text; first = false) {
		if (!read_decimal(&text, &d))
			return false;
		text = skip_space(text);
		if (first && !*text)
			return scale(&d, 1000000, out);
		unit = read_time_unit(&text);
		if (!unit || !scale(&d, unit->factor, &us) ||
		    __builtin_add_overflow(sum, us, &sum))
			return false;
		text = skip_space(text);
	}
	*out = sum;
	return true;
}

static bool read_number(const char *text, bool percent, double *out)
{
	struct decimal d;

	if (!read_decimal(&text, &d))
		return false;
	if (percent) {
		text = skip_space(text);
		if (*text == '%')
			text++;
	}
	if (*text)
		return false;
	*out = (double)d.whole + (double)d.part / (double)d.part_of;
	return true;
}

static bool read_bool(const char *text, bool *out)
{
	static const char *const words[2][5] = {
		{ "no", "off", "false", "0", NULL },
		{ "yes", "on", "true", "1", NULL },
	};
	int value, i;

	for (value = 0; value < 2; value++) {
		for (i = 0; words[value][i]; i++) {
			if (!strcmp(text, words[value][i])) {
				*out = value;
				return true;
			}
		}
	}
	return false;
}

int svmd_policies_parse(const char *text, uint32_t *out)
{
	uint32_t mask = 0, rest;
	bool off = false;
	size_t n, i;

	for (text = skip_space(text); *text; text = skip_space(text + n)) {
		n = strcspn(text, " \t");
		if (n == 3 && !strncmp(text, "off", n)) {
			off = true;
			continue;
		}
		for (i = 0; i < NR_POLICIES; i++)
			if (strlen(policies[i].name) == n &&
			    !strncmp(policies[i].name, text, n))
				break;
		if (i == NR_POLICIES)
			return -EINVAL;
		mask |= policies[i].bit;
	}
	rest = mask & ~(uint32_t)(SVMD_POLICY_DRY_RUN | SVMD_POLICY_MANUAL);
	if (off ? mask != 0 : !mask)
		return -EINVAL;
	if ((mask & SVMD_POLICY_MANUAL) && rest)
		return -EINVAL;
	*out = mask;
	return 0;
}

int svmd_policies_format(uint32_t mask, char *buf, size_t size)
{
	size_t done = 0, i;
	int n;

	if (!mask)
		return snprintf(buf, size, "off");
	for (i = 0; i < NR_POLICIES; i++) {
		if (!(mask & policies[i].bit))
			continue;
		n = snprintf(done < size ? buf + done : NULL,
			     done < size ? size - done : 0, "%s%s",
			     done ? " " : "", policies[i].name);
		done += (size_t)n;
	}
	return (int)done;
}

static int fail(int error, const char *text, const char **why)
{
	if (why)
		*why = text;
	return error;
}

static int check_bounds(const struct svmd_param *param, double value,
			const char **why)
{
	if (!(value >= param->min))
		return fail(-ERANGE, "less than is allowed", why);
	if (!(value <= param->max))
		return fail(-ERANGE, "more than is allowed", why);
	return 0;
}

static int find_choice(const struct svmd_param *param, const char *text)
{
	int i;

	for (i = 0; param->choices[i]; i++)
		if (!strcmp(param->choices[i], text))
			return i;
	return -1;
}

int svmd_value_check(const struct svmd_param *param,
		     const struct svmd_value *value, const char **why)
{
	uint32_t mask;

	switch (param->type) {
	case SVMD_BOOL:
		return 0;
	case SVMD_UINT:
	case SVMD_SIZE:
	case SVMD_RATE:
	case SVMD_TIME:
		return check_bounds(param, (double)value->t, why);
	case SVMD_PERCENT:
	case SVMD_NUMBER:
		return check_bounds(param, value->d, why);
	case SVMD_POLICIES:
		if (svmd_policies_parse(value->s, &mask))
			return fail(-EINVAL, "not a set of policies", why);
		return 0;
	case SVMD_CHOICE:
		if (find_choice(param, value->s) < 0)
			return fail(-EINVAL, "not one of the choices", why);
		return 0;
	case SVMD_TEXT:
		if (!memchr(value->s, 0, SVMD_TEXT_MAX))
			return fail(-ENAMETOOLONG, "too long", why);
		return text_is_plain(value->s)
			       ? 0
			       : fail(-EINVAL, "not plain text", why);
	}
	return fail(-EINVAL, "unknown type", why);
}

int svmd_value_parse(const struct svmd_param *param, const char *text,
		     struct svmd_value *value, const char **why)
{
	struct svmd_value v = { 0 };
	int ret;

	switch (param->type) {
	case SVMD_BOOL:
		if (!read_bool(text, &v.b))
			return fail(-EINVAL, "neither yes nor no", why);
		break;
	case SVMD_UINT:
		/* A size without a unit. */
		if (strspn(text, "0123456789") != strlen(text) ||
		    !read_size(text, &v.t))
			return fail(-EINVAL, "not a whole number", why);
		break;
	case SVMD_SIZE:
	case SVMD_RATE:
		if (!read_size(text, &v.t))
			return fail(-EINVAL, "not a size, such as 200M", why);
		break;
	case SVMD_TIME:
		if (!read_time(text, &v.t))
			return fail(-EINVAL, "not a time, such as 30s", why);
		break;
	case SVMD_PERCENT:
		if (!read_number(text, true, &v.d))
			return fail(-EINVAL, "not a percentage, such as 60%",
				    why);
		break;
	case SVMD_NUMBER:
		if (!read_number(text, false, &v.d))
			return fail(-EINVAL, "not a number", why);
		break;
	case SVMD_POLICIES:
	case SVMD_CHOICE:
	case SVMD_TEXT:
		if (strlen(text) >= sizeof(v.s))
			return fail(-ENAMETOOLONG, "too long", why);
		strcpy(v.s, text);
		break;
	}
	ret = svmd_value_check(param, &v, why);
	if (!ret)
		*value = v;
	return ret;
}

/* Writes the greatest unit of which it is a whole number. */
static int format_units(uint64_t value, const struct unit *units, char *buf,
			size_t size)
{
	for (; units->name; units++)
		if (value && value % units->factor == 0)
			break;
	/* Plain bytes need no unit. */
	if (!units->name || !strcmp(units->name, "B"))
		return snprintf(buf, size, "%llu", (unsigned long long)value);
	return snprintf(buf, size, "%llu%s",
			(unsigned long long)(value / units->factor),
			units->name);
}

/* Up to 9 digits behind the point: all that read_decimal() takes. */
static int format_number(double value, const char *unit, char *buf, size_t size)
{
	char digits[64];
	size_t n;

	n = (size_t)snprintf(digits, sizeof(digits), "%.9f", value);
	if (n >= sizeof(digits))
		n = sizeof(digits) - 1;
	while (n && digits[n - 1] == '0')
		n--;
	if (n && digits[n - 1] == '.')
		n--;
	digits[n] = '\0';
	return snprintf(buf, size, "%s%s", digits, unit);
}

int svmd_value_format(const struct svmd_param *param,
		      const struct svmd_value *value, char *buf, size_t size)
{
	switch (param->type) {
	case SVMD_BOOL:
		return snprintf(buf, size, "%s", value->b ? "yes" : "no");
	case SVMD_UINT:
		return snprintf(buf, size, "%llu",
				(unsigned long long)value->t);
	case SVMD_SIZE:
	case SVMD_RATE:
		return format_units(value->t, sizes, buf, size);
	case SVMD_TIME:
		return format_units(value->t, times, buf, size);
	case SVMD_PERCENT:
		return format_number(value->d, "%", buf, size);
	case SVMD_NUMBER:
		return format_number(value->d, "", buf, size);
	case SVMD_POLICIES:
	case SVMD_CHOICE:
	case SVMD_TEXT:
		break;
	}
	return snprintf(buf, size, "%s", value->s);
}

void svmd_value_store(const struct svmd_param *param,
		      const struct svmd_value *value, void *base)
{
	void *at = (char *)base + param->offset;
	uint32_t u = (uint32_t)value->t;

	switch (param->type) {
	case SVMD_BOOL:
		memcpy(at, &value->b, sizeof(value->b));
		break;
	case SVMD_POLICIES:
		if (!svmd_policies_parse(value->s, &u))
			memcpy(at, &u, sizeof(u));
		break;
	case SVMD_CHOICE:
		u = (uint32_t)find_choice(param, value->s);
		memcpy(at, &u, sizeof(u));
		break;
	case SVMD_UINT:
		memcpy(at, &u, sizeof(u));
		break;
	case SVMD_SIZE:
	case SVMD_RATE:
	case SVMD_TIME:
		memcpy(at, &value->t, sizeof(value->t));
		break;
	case SVMD_PERCENT:
	case SVMD_NUMBER:
		memcpy(at, &value->d, sizeof(value->d));
		break;
	case SVMD_TEXT:
		memcpy(at, value->s, sizeof(value->s));
		break;
	}
}

void svmd_value_fetch(const struct svmd_param *param, const void *base,
		      struct svmd_value *value)
{
	const void *at = (const char *)base + param->offset;
	uint32_t u;

	memset(value, 0, sizeof(*value));
	switch (param->type) {
	case SVMD_BOOL:
		memcpy(&value->b, at, sizeof(value->b));
		break;
	case SVMD_POLICIES:
		memcpy(&u, at, sizeof(u));
		svmd_policies_format(u, value->s, sizeof(value->s));
		break;
	case SVMD_CHOICE:
		memcpy(&u, at, sizeof(u));
		strcpy(value->s, param->choices[u]);
		break;
	case SVMD_UINT:
		memcpy(&u, at, sizeof(u));
		value->t = u;
		break;
	case SVMD_SIZE:
	case SVMD_RATE:
	case SVMD_TIME:
		memcpy(&value->t, at, sizeof(value->t));
		break;
	case SVMD_PERCENT:
	case SVMD_NUMBER:
		memcpy(&value->d, at, sizeof(value->d));
		break;
	case SVMD_TEXT:
		memcpy(value->s, at, sizeof(value->s));
		break;
	}
}

static size_t value_size(enum svmd_param_type type)
{
	switch (type) {
	case SVMD_BOOL:
		return sizeof(bool);
	case SVMD_UINT:
	case SVMD_POLICIES:
	case SVMD_CHOICE:
		return sizeof(uint32_t);
	case SVMD_SIZE:
	case SVMD_RATE:
	case SVMD_TIME:
		return sizeof(uint64_t);
	case SVMD_PERCENT:
	case SVMD_NUMBER:
		return sizeof(double);
	case SVMD_TEXT:
		return SVMD_TEXT_MAX;
	}
	return 0;
}

void svmd_value_copy(const struct svmd_param *param, void *to, const void *from)
{
	memcpy((char *)to + param->offset, (const char *)from + param->offset,
	       value_size(param->type));
}
