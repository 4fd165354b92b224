/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of parameters: from text, to text, in and out of the structs.
 *
 * Pure functions; independent of the locale.
 */
#ifndef SVMD_VALUE_H
#define SVMD_VALUE_H

#include "config.h"

/**
 * svmd_value_parse() - text to a value of @param's type, and check its bounds
 *
 * Returns 0, -EINVAL, -ERANGE, -ENAMETOOLONG; @why as in svmd_config_set().
 */
int svmd_value_parse(const struct svmd_param *param, const char *text,
		     struct svmd_value *value, const char **why);

/**
 * svmd_value_check() - whether a typed value may be @param's
 *
 * Returns as svmd_value_parse().
 */
int svmd_value_check(const struct svmd_param *param,
		     const struct svmd_value *value, const char **why);

/**
 * svmd_value_format() - a value as text that svmd_value_parse() understands
 *
 * Returns the length that snprintf() would.
 */
int svmd_value_format(const struct svmd_param *param,
		      const struct svmd_value *value, char *buf, size_t size);

/**
 * svmd_value_store() - put a checked value into the struct of @param's class
 */
void svmd_value_store(const struct svmd_param *param,
		      const struct svmd_value *value, void *base);

/**
 * svmd_value_fetch() - get a value out of the struct of @param's class
 */
void svmd_value_fetch(const struct svmd_param *param, const void *base,
		      struct svmd_value *value);

/**
 * svmd_value_copy() - copy one member from one struct to another
 */
void svmd_value_copy(const struct svmd_param *param, void *to,
		     const void *from);

#endif /* SVMD_VALUE_H */
