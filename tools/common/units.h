/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quantities as people write and read them: sizes, durations, counts.
 */
#ifndef SVM_TOOLS_UNITS_H
#define SVM_TOOLS_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Room for what format_bytes() and format_ns() write. */
#define UNITS_MAX 32

/*
 * parse_size() - bytes from "64K", "1M", "2GiB", "4096"
 *
 * K, M, G and T are powers of 1024, in either case, with or without B or iB.
 * Returns 0, -EINVAL if it is no such number, -ERANGE if it does not fit.
 */
int parse_size(const char *text, uint64_t *bytes);

/*
 * parse_duration() - nanoseconds from "500us", "10ms", "1.5s", "2m"
 *
 * The unit must be there. Returns 0, -EINVAL, -ERANGE.
 */
int parse_duration(const char *text, uint64_t *ns);

/*
 * parse_number() - a plain number, decimal or 0x hexadecimal
 *
 * Returns 0, -EINVAL if it is none, -ERANGE if it is more than @max.
 */
int parse_number(const char *text, uint64_t max, uint64_t *number);

/*
 * format_bytes() - "1.5 GiB", with at most one digit behind the point
 * format_size() - "64K", "1M", "4097": exact, as parse_size() reads it
 * format_ns() - "12.3 ms"
 *
 * Each writes into @buf and returns it.
 */
const char *format_bytes(uint64_t bytes, char buf[static UNITS_MAX]);
const char *format_size(uint64_t bytes, char buf[static UNITS_MAX]);
const char *format_ns(uint64_t ns, char buf[static UNITS_MAX]);

#endif /* SVM_TOOLS_UNITS_H */
