// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes, durations and numbers: what is read, what is refused, what is shown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "64K", 65536 },
		{ "64k", 65536 },
		{ "1M", 1 << 20 },
		{ "1MiB", 1 << 20 },
		{ "2GB", 2ull << 30 },
		{ "1T", 1ull << 40 },
		{ "17b", 17 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"",   "K",   "-1",   "+1",    " 1",  "1 ", "1.5M",
		"1X", "1KK", "0x10", "1MiBx", "1 M", "M1",
	};
	static const char *const huge[] = {
		"18446744073709551616",
		"16777216T",
		"99999999999999999999K",
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_size(bad[i], &bytes), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(huge); i++)
		assert_int_equal(parse_size(huge[i], &bytes), -ERANGE);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0s", 0 },
		{ "7ns", 7 },
		{ "500us", 500 * NS_PER_US },
		{ "10ms", 10 * NS_PER_MS },
		{ "1s", NS_PER_S },
		{ "1.5s", 1500 * NS_PER_MS },
		{ "0.25ms", 250 * NS_PER_US },
		{ "2m", 120 * NS_PER_S },
		{ "1.000000000000001s", NS_PER_S },
		{ "0.5ns", 0 },
		{ "0.123456789m", 7407407340ull },
	};
	static const char *const bad[] = {
		"",    "10", "ms",    "-1ms",  "1 ms", "1.ms",
		".5s", "1h", "10msx", "1e3ms", "1,5s",
	};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_duration(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], &ns), -EINVAL);
	assert_int_equal(parse_duration("18446744074s", &ns), -ERANGE);
	assert_int_equal(parse_duration("99999999999999999999ns", &ns),
			 -ERANGE);
}

static void test_numbers(void **state)
{
	uint64_t number;

	(void)state;
	assert_int_equal(parse_number("0", 10, &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(parse_number("010", 10, &number), 0);
	assert_int_equal(number, 10);
	assert_int_equal(parse_number("0xff", 255, &number), 0);
	assert_int_equal(number, 255);
	assert_int_equal(parse_number("11", 10, &number), -ERANGE);
	assert_int_equal(parse_number("99999999999999999999", UINT64_MAX,
				      &number),
			 -ERANGE);
	assert_int_equal(parse_number("", 10, &number), -EINVAL);
	assert_int_equal(parse_number("-1", 10, &number), -EINVAL);
	assert_int_equal(parse_number("1x", 10, &number), -EINVAL);
	assert_int_equal(parse_number("0x", 10, &number), -EINVAL);
}

static void test_formats(void **state)
{
	char buf[UNITS_MAX];

	(void)state;
	assert_string_equal(format_bytes(0, buf), "0 B");
	assert_string_equal(format_bytes(1023, buf), "1023 B");
	assert_string_equal(format_bytes(1024, buf), "1 KiB");
	assert_string_equal(format_bytes(1536, buf), "1.5 KiB");
	assert_string_equal(format_bytes((1 << 20) - 1, buf), "1 MiB");
	assert_string_equal(format_bytes(256 << 20, buf), "256 MiB");
	assert_string_equal(format_bytes(UINT64_MAX, buf), "16 EiB");
	assert_string_equal(format_size(0, buf), "0");
	assert_string_equal(format_size(65536, buf), "64K");
	assert_string_equal(format_size(65537, buf), "65537");
	assert_string_equal(format_size(3ull << 30, buf), "3G");
	assert_string_equal(format_size(1ull << 60, buf), "1048576T");
	assert_string_equal(format_ns(999, buf), "999 ns");
	assert_string_equal(format_ns(1500, buf), "1.5 us");
	assert_string_equal(format_ns(12345678, buf), "12.3 ms");
	assert_string_equal(format_ns(90 * NS_PER_S, buf), "90.00 s");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
