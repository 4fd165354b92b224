// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration: values, files and drop-ins, what is wrong in them, and for
 * whom values are.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scope.h"
#include "text.h"
#include "value.h"
#include "world.h"

#define MESSAGES 64

struct messages {
	int nr;
	int level[MESSAGES];
	unsigned int line[MESSAGES];
	char file[MESSAGES][128];
	char text[MESSAGES][512];
};

static struct svmd_config config;
static struct messages said;

static void hear(void *data, int level, const char *file, unsigned int line,
		 const char *text)
{
	struct messages *m = data;

	if (m->nr == MESSAGES)
		return;
	m->level[m->nr] = level;
	m->line[m->nr] = line;
	snprintf(m->file[m->nr], sizeof(m->file[0]), "%s", file);
	snprintf(m->text[m->nr], sizeof(m->text[0]), "%s", text);
	m->nr++;
}

static int setup(void **state)
{
	(void)state;
	svmd_config_init(&config);
	memset(&said, 0, sizeof(said));
	return 0;
}

static int parse(const char *text)
{
	return svmd_config_parse(&config, "test.conf", text, strlen(text), hear,
				 &said);
}

static void expect_said(int i, unsigned int line, const char *text)
{
	assert_true(i < said.nr);
	assert_int_equal(said.level[i], SVMD_MESSAGE_WARNING);
	assert_string_equal(said.file[i], "test.conf");
	assert_int_equal(said.line[i], line);
	assert_string_equal(said.text[i], text);
}

static const struct svmd_param *param(const char *name)
{
	const struct svmd_param *p = svmd_param_find(name);

	assert_non_null(p);
	return p;
}

/* Values */

static uint64_t number(const char *name, const char *text)
{
	struct svmd_value value;

	if (svmd_value_parse(param(name), text, &value, NULL))
		return UINT64_MAX;
	return value.t;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(number("DeviceLimit", "4096"), 4096);
	assert_int_equal(number("DeviceLimit", "0"), 0);
	assert_int_equal(number("DeviceLimit", "4096B"), 4096);
	assert_int_equal(number("DeviceLimit", "200M"), 200 * MIB);
	assert_int_equal(number("DeviceLimit", "200 M"), 200 * MIB);
	assert_int_equal(number("DeviceLimit", "200MB"), 200 * MIB);
	assert_int_equal(number("DeviceLimit", "200MiB"), 200 * MIB);
	assert_int_equal(number("DeviceLimit", "1.5G"), 1536 * MIB);
	assert_int_equal(number("DeviceLimit", "1T"), MIB * MIB);
	assert_int_equal(number("DeviceLimit", "1.5"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "0.3K"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "-1"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "+1"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", ""), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "M"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1MM"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1BB"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1m"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "0x10"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1e3"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1,5G"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "1."), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", ".5G"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "99999999999999999999"),
			 UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "16777216T"), UINT64_MAX);
	assert_int_equal(number("DeviceLimit", "2P"), UINT64_MAX);
	assert_int_equal(number("MaxDecisions", "12"), 12);
	assert_int_equal(number("MaxDecisions", "12K"), UINT64_MAX);
	assert_int_equal(number("MaxDecisions", "0"), UINT64_MAX);
	assert_int_equal(number("MaxDecisions", "65537"), UINT64_MAX);
}

static void test_times(void **state)
{
	(void)state;
	assert_int_equal(number("Horizon", "30"), 30 * SECOND);
	assert_int_equal(number("Horizon", "30s"), 30 * SECOND);
	assert_int_equal(number("Horizon", "30 sec"), 30 * SECOND);
	assert_int_equal(number("Horizon", "0.5"), SECOND / 2);
	assert_int_equal(number("Horizon", "500ms"), SECOND / 2);
	assert_int_equal(number("Horizon", "250000us"), SECOND / 4);
	assert_int_equal(number("Horizon", "1min 30s"), 90 * SECOND);
	assert_int_equal(number("Horizon", "1min30s"), 90 * SECOND);
	assert_int_equal(number("Horizon", "1h"), 3600 * SECOND);
	assert_int_equal(number("Residence", "0"), 0);
	assert_int_equal(number("Residence", "0s 1s"), SECOND);
	assert_int_equal(number("Horizon", "30 40s"), UINT64_MAX);
	assert_int_equal(number("Horizon", "30s 40"), UINT64_MAX);
	assert_int_equal(number("Horizon", "0s 40"), UINT64_MAX);
	assert_int_equal(number("Horizon", "30x"), UINT64_MAX);
	assert_int_equal(number("Horizon", "30S"), UINT64_MAX);
	assert_int_equal(number("Horizon", "s"), UINT64_MAX);
	assert_int_equal(number("Horizon", "-30s"), UINT64_MAX);
	assert_int_equal(number("Horizon", "99ms"), UINT64_MAX);
	assert_int_equal(number("Horizon", "25h"), UINT64_MAX);
	assert_int_equal(number("Horizon", "18446744073709551615w"),
			 UINT64_MAX);
}

static void test_percentages(void **state)
{
	struct svmd_value v;

	(void)state;
	assert_int_equal(svmd_value_parse(param("Margin"), "60%", &v, NULL), 0);
	assert_true(v.d == 60);
	assert_int_equal(svmd_value_parse(param("Margin"), "2.5 %", &v, NULL),
			 0);
	assert_true(v.d == 2.5);
	assert_int_equal(svmd_value_parse(param("Margin"), "7", &v, NULL), 0);
	assert_int_equal(svmd_value_parse(param("Margin"), "nan", &v, NULL),
			 -EINVAL);
	assert_int_equal(svmd_value_parse(param("Margin"), "-1%", &v, NULL),
			 -EINVAL);
	assert_int_equal(svmd_value_parse(param("Margin"), "1%%", &v, NULL),
			 -EINVAL);
	assert_int_equal(svmd_value_parse(param("EvictStart"), "101%", &v,
					  NULL),
			 -ERANGE);
	v.d = (double)NAN;
	assert_int_equal(svmd_value_check(param("EvictStart"), &v, NULL),
			 -ERANGE);
}

static void test_policies(void **state)
{
	uint32_t mask = 0;
	char text[128];

	(void)state;
	assert_int_equal(svmd_policies_parse("hot-cold thrash", &mask), 0);
	assert_int_equal(mask, SVMD_POLICY_HOT_COLD | SVMD_POLICY_THRASH);
	assert_int_equal(svmd_policies_parse("  thrash\thot-cold ", &mask), 0);
	svmd_policies_format(mask, text, sizeof(text));
	assert_string_equal(text, "hot-cold thrash");
	assert_int_equal(svmd_policies_parse("off", &mask), 0);
	assert_int_equal(mask, SVMD_POLICY_OFF);
	svmd_policies_format(mask, text, sizeof(text));
	assert_string_equal(text, "off");
	assert_int_equal(svmd_policies_parse("manual", &mask), 0);
	assert_int_equal(svmd_policies_parse("manual dry-run", &mask), 0);
	assert_int_equal(svmd_policies_parse("dry-run", &mask), 0);
	assert_int_equal(svmd_policies_parse("off hot-cold", &mask), -EINVAL);
	assert_int_equal(svmd_policies_parse("manual hot-cold", &mask),
			 -EINVAL);
	assert_int_equal(svmd_policies_parse("", &mask), -EINVAL);
	assert_int_equal(svmd_policies_parse("hot", &mask), -EINVAL);
	assert_int_equal(svmd_policies_parse("hot-colder", &mask), -EINVAL);
	assert_int_equal(svmd_policies_parse("Hot-Cold", &mask), -EINVAL);
	/* All of them, in a small buffer. */
	assert_true(svmd_policies_format(0x5f, text, 10) > 10);
	assert_string_equal(text, "hot-cold ");
}

/* The table */

static void test_table(void **state)
{
	struct svmd_value value, again;
	char text[SVMD_TEXT_MAX];
	unsigned int i, k;

	(void)state;
	assert_true(svmd_nr_params <= 64);
	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *p = &svmd_params[i];

		assert_int_equal(svmd_value_parse(p, p->initial, &value, NULL),
				 0);
		/* Written as people write it, and as it is written out. */
		svmd_value_format(p, &value, text, sizeof(text));
		assert_string_equal(text, p->initial);
		assert_int_equal(svmd_value_parse(p, text, &again, NULL), 0);
		assert_memory_equal(&value, &again, sizeof(value));
		/* In force after init. */
		assert_int_equal(svmd_config_format(&config,
						    SVMD_SCOPE_KEY_DEFAULT, p,
						    text, sizeof(text)),
				 (int)strlen(p->initial));
		assert_string_equal(text, p->initial);
		assert_non_null(strstr("btds", svmd_param_signature(p)));
		assert_ptr_equal(svmd_param_find(p->name), p);
		assert_ptr_equal(svmd_param_find(p->bus_name), p);
		assert_true(strlen(p->doc) > 10);
		assert_int_equal(p->doc[strlen(p->doc) - 1], '.');
		for (k = 0; k < i; k++) {
			assert_string_not_equal(p->name, svmd_params[k].name);
			assert_string_not_equal(p->bus_name,
						svmd_params[k].bus_name);
		}
		/* The unit is in the name on the bus. */
		if (p->type == SVMD_TIME)
			assert_non_null(strstr(p->bus_name, "USec"));
		if (p->type == SVMD_SIZE)
			assert_non_null(strstr(p->bus_name, "Bytes"));
		if (p->type == SVMD_RATE)
			assert_non_null(strstr(p->bus_name, "BytesPerSecond"));
		if (p->type == SVMD_PERCENT)
			assert_non_null(strstr(p->bus_name, "Percent"));
	}
	assert_null(svmd_param_find("residence"));
	assert_null(svmd_param_find(""));
}

/* Each parameter has a place of its own, and all of its bounds hold. */
static void test_table_stores(void **state)
{
	static struct svmd_config other;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *p = &svmd_params[i];
		struct svmd_value value, back;

		if (p->type == SVMD_TEXT || p->type == SVMD_CHOICE ||
		    p->type == SVMD_POLICIES || p->type == SVMD_BOOL)
			continue;
		svmd_config_init(&other);
		memset(&value, 0, sizeof(value));
		value.t = (uint64_t)p->max;
		value.d = p->max;
		assert_int_equal(svmd_config_set_value(&other,
						       SVMD_SCOPE_KEY_DEFAULT,
						       p, &value, false, NULL),
				 0);
		for (k = 0; k < svmd_nr_params; k++) {
			char now[SVMD_TEXT_MAX];

			svmd_config_format(&other, SVMD_SCOPE_KEY_DEFAULT,
					   &svmd_params[k], now, sizeof(now));
			if (k != i)
				assert_string_equal(now,
						    svmd_params[k].initial);
		}
		assert_int_equal(svmd_config_get_value(&other,
						       SVMD_SCOPE_KEY_DEFAULT,
						       p, &back),
				 1);
		if (*svmd_param_signature(p) == 't')
			assert_int_equal(back.t, value.t);
		else
			assert_true(back.d == value.d);
		value.t += 1 + value.t / 1000;
		value.d += 1;
		assert_int_equal(svmd_config_set_value(&other,
						       SVMD_SCOPE_KEY_DEFAULT,
						       p, &value, false, NULL),
				 -ERANGE);
	}
}

/* Files */

static void test_parse(void **state)
{
	(void)state;
	assert_int_equal(parse("# a comment\n"
			       "; another\n"
			       "\n"
			       "[Policy]\n"
			       "  Residence = 42s  \r\n"
			       "Policies=hot-cold dry-run\n"
			       "MoveODP=yes\n"
			       "[Daemon]\n"
			       "NUMABalancing=disable\n"
			       "Metrics=/run/svmd/metrics\n"
			       "[Place]\n"
			       "EvictStart=10%\n"
			       "EvictStop=20%"),
			 0);
	assert_int_equal(said.nr, 0);
	assert_int_equal(config.policy.residence_us, 42 * SECOND);
	assert_int_equal(config.policy.policies,
			 SVMD_POLICY_HOT_COLD | SVMD_POLICY_DRY_RUN);
	assert_true(config.policy.move_odp);
	assert_int_equal(config.settings.numa_balancing,
			 SVMD_NUMA_BALANCING_DISABLE);
	assert_string_equal(config.settings.metrics, "/run/svmd/metrics");
	assert_true(config.limits.evict_stop == 20);
}

static void test_bad_value_keeps_the_old_one(void **state)
{
	(void)state;
	assert_int_equal(parse("[Policy]\n"
			       "Residence=42s\n"
			       "Residence=fast\n"
			       "Horizon=1us\n"
			       "Policies=hot\n"
			       "MoveODP=perhaps\n"
			       "[Daemon]\n"
			       "LogLevel=loud\n"),
			 5);
	expect_said(0, 3, "Residence=fast: not a time, such as 30s; 42s stays");
	expect_said(1, 4, "Horizon=1us: less than is allowed; 1min stays");
	expect_said(2, 5,
		    "Policies=hot: not a set of policies; hot-cold pressure "
		    "thrash locality stays");
	expect_said(3, 6, "MoveODP=perhaps: neither yes nor no; no stays");
	expect_said(4, 8, "LogLevel=loud: not one of the choices; info stays");
	assert_int_equal(config.policy.residence_us, 42 * SECOND);
}

static void test_unknown(void **state)
{
	(void)state;
	assert_int_equal(parse("Early=1\n"
			       "[Policy]\n"
			       "Residance=42s\n"
			       "ResidenceUSec=42s\n"
			       "QuotaBytes=1M\n"
			       "what is this\n"
			       "[Poetry]\n"
			       "Anything=goes\n"
			       "[Policy 5]\n"
			       "Residence=1s\n"
			       "[Policy\n"
			       "Residence=2s\n"
			       "[]\n"
			       "[Policy]\n"
			       "Residence=3s\n"),
			 9);
	expect_said(0, 1, "Early=1: key outside of a section");
	expect_said(1, 3, "Residance: unknown key, skipped");
	expect_said(2, 4, "ResidenceUSec: unknown key, skipped");
	expect_said(3, 5, "QuotaBytes: does not belong in [Policy], skipped");
	expect_said(4, 6, "what is this: neither section nor key=");
	expect_said(5, 7, "[Poetry]: unknown section, skipped");
	expect_said(6, 9, "[Policy 5]: takes no name, skipped");
	expect_said(7, 11, "[Policy: section without its bracket, skipped");
	expect_said(8, 13, "[]: unknown section, skipped");
	assert_int_equal(config.policy.residence_us, 3 * SECOND);
}

static void test_empty_value_is_default(void **state)
{
	(void)state;
	assert_int_equal(parse("[Policy]\nResidence=42s\nResidence=\n"), 0);
	assert_int_equal(config.policy.residence_us, 10 * SECOND);
}

static void test_hostile_lines(void **state)
{
	static char text[3 * SVMD_LINE_MAX];
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(text, "[Policy]\n");
	memset(text + n, 'x', SVMD_LINE_MAX);
	n += SVMD_LINE_MAX;
	n += (size_t)sprintf(text + n, "\nMargin=1");
	text[n++] = '\0';
	n += (size_t)sprintf(text + n, "0%%\nMargin=30%%\n\x1b[31m\x07=1\n");
	assert_int_equal(svmd_config_parse(&config, "test.conf", text, n, hear,
					   &said),
			 3);
	expect_said(0, 2, "line of more than 4095 bytes, skipped");
	expect_said(1, 3, "line with a null byte, skipped");
	/* Nothing that a terminal would obey. */
	expect_said(2, 5, "?[31m?: unknown key, skipped");
	assert_true(config.policy.margin == 30);
}

static void test_long_values(void **state)
{
	char text[1024] = "[Daemon]\nMetrics=";
	size_t n = strlen(text);

	(void)state;
	memset(text + n, 'm', SVMD_TEXT_MAX);
	assert_int_equal(parse(text), 1);
	assert_string_equal(config.settings.metrics, "");
	text[n + SVMD_TEXT_MAX - 1] = '\0';
	assert_int_equal(parse(text), 0);
	assert_int_equal(strlen(config.settings.metrics), SVMD_TEXT_MAX - 1);
}

static void test_without_callback(void **state)
{
	(void)state;
	assert_int_equal(
		svmd_config_parse(&config, "x", "bad\n", 4, NULL, NULL), 1);
}

/* Whose values */

static uint64_t residence_of(uint64_t session, const char *cgroup, uint32_t uid)
{
	struct svmd_policy policy;

	svmd_config_policy(&config, session, cgroup, uid, &policy);
	return policy.residence_us / SECOND;
}

static void test_scopes(void **state)
{
	struct svmd_scope_key session = { .type = SVMD_SCOPE_SESSION, .id = 3 };
	struct svmd_limits limits;

	(void)state;
	assert_int_equal(parse("[Policy]\nResidence=1s\n"
			       "[User 1000]\nResidence=2s\nMargin=50%\n"
			       "[Cgroup /hpc.slice/]\nResidence=3s\n"
			       "[Cgroup /hpc.slice/job1]\nResidence=4s\n"
			       "[Node 1]\nQuotaBytes=1M\n"
			       "[Device 1]\nQuotaBytes=2M\n"),
			 0);
	assert_int_equal(residence_of(1, "/other", 5), 1);
	assert_int_equal(residence_of(1, NULL, 5), 1);
	assert_int_equal(residence_of(1, "/other", 1000), 2);
	assert_int_equal(residence_of(1, "/hpc.slice", 1000), 3);
	assert_int_equal(residence_of(1, "/hpc.slice/job2", 1000), 3);
	assert_int_equal(residence_of(1, "/hpc.slice/job1/x", 1000), 4);
	/* /hpc.slice/job10 is not in /hpc.slice/job1. */
	assert_int_equal(residence_of(1, "/hpc.slice/job10", 5), 3);
	assert_int_equal(residence_of(1, "/hpc.slicex", 5), 1);
	svmd_config_set(&config, session, param("Residence"), "5s", true, NULL);
	assert_int_equal(residence_of(3, "/hpc.slice/job1", 1000), 5);
	assert_int_equal(residence_of(4, "/hpc.slice/job1", 1000), 4);
	svmd_config_drop_session(&config, 3);
	assert_int_equal(residence_of(3, "/hpc.slice/job1", 1000), 4);

	svmd_config_limits(&config, SVMD_SCOPE_NODE, 1, &limits);
	assert_int_equal(limits.quota_bytes, MIB);
	svmd_config_limits(&config, SVMD_SCOPE_DEVICE, 1, &limits);
	assert_int_equal(limits.quota_bytes, 2 * MIB);
	svmd_config_limits(&config, SVMD_SCOPE_NODE, 0, &limits);
	assert_int_equal(limits.quota_bytes, 200 * MIB);
}

static uint64_t residence_in(enum svmd_scope_type type, uint64_t id,
			     const char *path)
{
	struct svmd_scope_key key = { type, id, path };
	struct svmd_policy policy;

	svmd_config_policy_of(&config, key, &policy);
	return policy.residence_us / SECOND;
}

static void test_policy_of(void **state)
{
	(void)state;
	assert_int_equal(parse("[Policy]\nResidence=1s\n"
			       "[User 1000]\nResidence=2s\n"
			       "[Cgroup /]\nResidence=3s\n"
			       "[Cgroup /a/]\nResidence=4s\n"
			       "[Cgroup /a/b]\nMargin=50%\n"
			       "[Node 1]\nQuotaBytes=1M\n"),
			 0);
	assert_int_equal(residence_in(SVMD_SCOPE_DEFAULT, 0, NULL), 1);
	assert_int_equal(residence_in(SVMD_SCOPE_USER, 1000, NULL), 2);
	assert_int_equal(residence_in(SVMD_SCOPE_USER, 1001, NULL), 1);
	assert_int_equal(residence_in(SVMD_SCOPE_CGROUP, 0, "/"), 3);
	assert_int_equal(residence_in(SVMD_SCOPE_CGROUP, 0, "/x"), 3);
	assert_int_equal(residence_in(SVMD_SCOPE_CGROUP, 0, "/a"), 4);
	assert_int_equal(residence_in(SVMD_SCOPE_CGROUP, 0, "/a/"), 4);
	assert_int_equal(residence_in(SVMD_SCOPE_CGROUP, 0, "/a/b"), 4);
	/* Which has limits, and no policy. */
	assert_int_equal(residence_in(SVMD_SCOPE_NODE, 1, NULL), 1);
}

static void expect_round_trip(const char *text, const char *back)
{
	struct svmd_scope_key key;
	char written[SVMD_TEXT_MAX + 16];
	int length;

	assert_int_equal(scope_parse(text, &key), 0);
	length = scope_format(key.type, key.id, key.path, written,
			      sizeof(written));
	assert_string_equal(written, back);
	assert_int_equal(length, strlen(back));
}

static void test_scope_texts(void **state)
{
	static const char *const same[] = {
		"default",     "user:1000", "cgroup:/",	 "cgroup:/a",
		"cgroup:/a/b", "session:5", "node:4095", "device:0",
	};
	static const char *const bad[] = {
		"",
		"default:",
		"user",
		"user:",
		"user:-1",
		"user:1x",
		"User:1",
		"cgroup:",
		"cgroup:a",
		":1",
		"node: 1",
		"device:0x1",
		"user:18446744073709551616",
	};
	struct svmd_scope_key key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		expect_round_trip(same[i], same[i]);
	expect_round_trip("cgroup:/a/", "cgroup:/a");
	expect_round_trip("cgroup:/a/b///", "cgroup:/a/b");
	expect_round_trip("cgroup:///", "cgroup:/");
	expect_round_trip("user:007", "user:7");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(scope_parse(bad[i], &key), -EINVAL);
}

static void test_root_cgroup(void **state)
{
	(void)state;
	assert_int_equal(parse("[Cgroup /]\nResidence=3s\n"
			       "[Cgroup /a]\nResidence=4s\n"),
			 0);
	assert_int_equal(residence_of(1, "/b", 0), 3);
	assert_int_equal(residence_of(1, "/a/b", 0), 4);
	assert_int_equal(residence_of(1, NULL, 0), 10);
}

static void test_bad_scopes(void **state)
{
	(void)state;
	assert_int_equal(parse("[User root]\nMargin=1%\n"
			       "[User 4294967295]\nMargin=2%\n"
			       "[User]\nMargin=3%\n"
			       "[Cgroup hpc]\nMargin=4%\n"
			       "[Node -1]\nMargin=5%\n"
			       "[Node 5000]\nMargin=6%\n"
			       "[Session 1]\nMargin=7%\n"
			       "[User 99999999999999999999999]\n"),
			 8);
	expect_said(0, 1,
		    "[User root]: needs a number up to 4294967294, skipped");
	expect_said(3, 7,
		    "[Cgroup hpc]: needs the path of a cgroup, of less than "
		    "256 bytes, skipped");
	expect_said(6, 13, "[Session 1]: unknown section, skipped");
	assert_int_equal(config.nr_scopes, 0);
	assert_true(config.policy.margin == 20);
}

/* The bus would not take it. */
static void test_text_is_utf8(void **state)
{
	(void)state;
	assert_int_equal(parse("[Daemon]\n"
			       "Metrics=/run/m\xe9triques\n"
			       "[Cgroup /\xe9t\xe9]\nMargin=1%\n"
			       "[Cgroup /a\x1b[0m]\nMargin=1%\n"),
			 3);
	expect_said(0, 2,
		    "Metrics=/run/m\xe9triques: not plain text; empty stays");
	expect_said(1, 3, "[Cgroup /\xe9t\xe9]: not plain text, skipped");
	expect_said(2, 5, "[Cgroup /a?[0m]: not plain text, skipped");
	assert_int_equal(config.nr_scopes, 0);
	assert_int_equal(parse("[Daemon]\n"
			       "Metrics=/run/m\u00e9triques\n"
			       "[Cgroup /\u00e9t\u00e9]\nMargin=1%\n"),
			 0);
	assert_string_equal(config.settings.metrics, "/run/m\u00e9triques");
	assert_int_equal(config.nr_scopes, 1);
}

static void test_plain_text(void **state)
{
	static const char *const plain[] = {
		"",
		"a ~",
		"\xc2\xa0",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbd",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbd",
	};
	static const char *const others[] = {
		/* control characters */
		"a\x1b",
		"\x7f",
		"\xc2\x80",
		"\xc2\x9f",
		/* cut, or nothing but the rest of one */
		"a\xc3",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"\x80",
		"\xc3\x41",
		"\xff",
		/* too long for what it means */
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf",
		/* no characters: surrogates, kept free, past the last */
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xef\xb7\x90",
		"\xef\xbf\xbe",
		"\xf4\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80",
	};
	char text[] = "a \x1b[1m\xc3\xa9~\x7f";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		assert_true(text_is_plain(plain[i]));
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(text_is_plain(others[i]));
	assert_int_equal(text_cut("abc", 3), 3);
	assert_int_equal(text_cut("abc", 2), 2);
	assert_int_equal(text_cut("a\u00e9", 3), 3);
	assert_int_equal(text_cut("a\u00e9", 2), 1);
	assert_int_equal(text_cut("\u20ac", 2), 0);
	assert_int_equal(text_cut("", 2), 0);
	text_clean(text);
	assert_string_equal(text, "a ?[1m??~?");
}

static void test_too_many_scopes(void **state)
{
	struct svmd_scope_key key = { .type = SVMD_SCOPE_USER };
	const char *why = NULL;

	(void)state;
	for (key.id = 0; key.id < SVMD_SCOPES_MAX; key.id++)
		assert_int_equal(svmd_config_set(&config, key, param("Margin"),
						 "1%", true, NULL),
				 0);
	assert_int_equal(svmd_config_set(&config, key, param("Margin"), "1%",
					 true, &why),
			 -ENOSPC);
	assert_non_null(why);
	/* Of those there are, more can be set; one that goes makes room. */
	key.id = 7;
	assert_int_equal(svmd_config_set(&config, key, param("Horizon"), "5s",
					 true, NULL),
			 0);
	assert_int_equal(svmd_config_reset(&config, &config, key, NULL), 2);
	key.id = 5000;
	assert_int_equal(svmd_config_set(&config, key, param("Margin"), "1%",
					 true, NULL),
			 0);
}

/* Users' own: room for what an administrator or a file says is left. */
static void test_too_many_sessions(void **state)
{
	struct svmd_scope_key key = { .type = SVMD_SCOPE_SESSION };

	(void)state;
	for (key.id = 1; key.id <= SVMD_SESSION_SCOPES_MAX; key.id++)
		assert_int_equal(svmd_config_set(&config, key, param("Margin"),
						 "1%", true, NULL),
				 0);
	assert_int_equal(svmd_config_set(&config, key, param("Margin"), "1%",
					 true, NULL),
			 -ENOSPC);
	assert_int_equal(parse("[User 1]\nMargin=1%\n"), 0);
	svmd_config_drop_session(&config, 7);
	assert_int_equal(svmd_config_set(&config, key, param("Margin"), "1%",
					 true, NULL),
			 0);
}

static void test_wrong_class(void **state)
{
	struct svmd_scope_key user = { .type = SVMD_SCOPE_USER, .id = 1 };
	struct svmd_scope_key node = { .type = SVMD_SCOPE_NODE, .id = 1 };
	struct svmd_scope_key cgroup = { .type = SVMD_SCOPE_CGROUP };
	struct svmd_value value;

	(void)state;
	assert_int_equal(svmd_config_set(&config, user, param("QuotaBytes"),
					 "1M", true, NULL),
			 -ENOTSUP);
	assert_int_equal(svmd_config_set(&config, user, param("Interval"), "1s",
					 true, NULL),
			 -ENOTSUP);
	assert_int_equal(svmd_config_set(&config, node, param("Margin"), "1%",
					 true, NULL),
			 -ENOTSUP);
	assert_int_equal(svmd_config_set(&config, cgroup, param("Margin"), "1%",
					 true, NULL),
			 -ENOTSUP);
	assert_int_equal(svmd_config_get_value(&config, node, param("Margin"),
					       &value),
			 -ENOTSUP);
	assert_int_equal(config.generation, 0);
	assert_int_equal(config.nr_scopes, 0);
}

/* Live changes, reset and reload */

static void test_reset(void **state)
{
	static struct svmd_config files;
	struct svmd_scope_key user = { .type = SVMD_SCOPE_USER, .id = 1000 };
	uint64_t generation;

	(void)state;
	parse("[Policy]\nResidence=1s\n[User 1000]\nResidence=2s\n");
	files = config;
	svmd_config_set(&config, SVMD_SCOPE_KEY_DEFAULT, param("Residence"),
			"7s", true, NULL);
	svmd_config_set(&config, user, param("Residence"), "8s", true, NULL);
	svmd_config_set(&config, user, param("Margin"), "9%", true, NULL);
	assert_int_equal(residence_of(0, NULL, 0), 7);
	assert_int_equal(residence_of(0, NULL, 1000), 8);
	generation = config.generation;

	assert_int_equal(svmd_config_reset(&config, &files, user,
					   param("Residence")),
			 1);
	assert_int_equal(residence_of(0, NULL, 1000), 2);
	assert_true(config.generation > generation);
	assert_int_equal(svmd_config_reset(&config, &files, user, NULL), 1);
	assert_int_equal(svmd_config_reset(&config, &files, user, NULL), 0);
	assert_int_equal(svmd_config_reset(&config, &files,
					   SVMD_SCOPE_KEY_DEFAULT, NULL),
			 1);
	assert_int_equal(residence_of(0, NULL, 0), 1);
	assert_int_equal(residence_of(0, NULL, 1000), 2);
}

static void test_reload(void **state)
{
	static struct svmd_config files;
	struct svmd_scope_key user = { .type = SVMD_SCOPE_USER, .id = 1000 };
	struct svmd_value value;

	(void)state;
	parse("[Policy]\nResidence=1s\nHorizon=5s\n"
	      "[User 1000]\nMargin=2%\n[User 1001]\nMargin=3%\n");
	svmd_config_set(&config, SVMD_SCOPE_KEY_DEFAULT, param("Residence"),
			"7s", true, NULL);
	svmd_config_set(&config, user, param("Residence"), "8s", true, NULL);

	svmd_config_init(&files);
	svmd_config_parse(&files, "new.conf",
			  "[Policy]\nResidence=4s\nHorizon=6s\n"
			  "[User 1000]\nMargin=5%\n",
			  strlen("[Policy]\nResidence=4s\nHorizon=6s\n"
				 "[User 1000]\nMargin=5%\n"),
			  NULL, NULL);
	assert_int_equal(svmd_config_reload(&config, &files), 0);
	assert_int_equal(residence_of(0, NULL, 0), 7);
	assert_int_equal(residence_of(0, NULL, 1000), 8);
	assert_int_equal(config.policy.horizon_us, 6 * SECOND);
	assert_int_equal(svmd_config_get_value(&config, user, param("Margin"),
					       &value),
			 1);
	assert_true(value.d == 5);
	user.id = 1001;
	assert_int_equal(svmd_config_get_value(&config, user, param("Margin"),
					       &value),
			 0);
	assert_true(value.d == 20);
	assert_int_equal(svmd_config_reset(&config, &files,
					   SVMD_SCOPE_KEY_DEFAULT, NULL),
			 1);
	assert_int_equal(residence_of(0, NULL, 0), 4);
}

static void test_check(void **state)
{
	(void)state;
	assert_int_equal(parse("[Place]\nEvictStart=10%\nEvictStop=5%\n"
			       "[Node 1]\nEvictStart=3%\n"
			       "[Node 2]\nEvictStop=20%\n"
			       "[Cgroup /a]\nPingPongWindow=1s\n"),
			 0);
	assert_int_equal(svmd_config_check(&config, "test.conf", hear, &said),
			 2);
	expect_said(0, 0,
		    "[Place]: EvictStop=5% is below EvictStart=10%, which is "
		    "taken for both");
	expect_said(
		1, 0,
		"[Cgroup /a]: PingPongWindow is shorter than twice Residence, "
		"which is taken for it");
}

/* Loading */

static char dir[64];

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void make_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int setup_dir(void **state)
{
	setup(state);
	strcpy(dir, "/tmp/test-config-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int load(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/svmd.conf", dir);
	return svmd_config_load(&config, path, hear, &said);
}

static void test_load_nothing(void **state)
{
	(void)state;
	assert_int_equal(load(), 0);
	assert_int_equal(said.nr, 0);
	assert_int_equal(config.policy.residence_us, 10 * SECOND);
}

static void test_load_drop_ins(void **state)
{
	(void)state;
	write_file("svmd.conf", "[Policy]\nResidence=1s\nHorizon=1s\n"
				"Margin=1%\n");
	make_dir("svmd.conf.d");
	write_file("svmd.conf.d/20-b.conf", "[Policy]\nHorizon=3s\n");
	write_file("svmd.conf.d/10-a.conf", "[Policy]\nHorizon=2s\n"
					    "Residence=2s\n");
	write_file("svmd.conf.d/30-c.conf.bak", "[Policy]\nHorizon=4s\n");
	write_file("svmd.conf.d/.40.conf", "[Policy]\nHorizon=5s\n");
	write_file("svmd.conf.d/50.conf", "[Policy]\nMargin=x\n");
	assert_int_equal(load(), 1);
	assert_int_equal(config.policy.horizon_us, 3 * SECOND);
	assert_int_equal(config.policy.residence_us, 2 * SECOND);
	assert_true(config.policy.margin == 1);
	assert_non_null(strstr(said.file[0], "/svmd.conf.d/50.conf"));
	assert_int_equal(said.line[0], 2);
}

static void test_load_dirs(void **state)
{
	char path[128], usr[128], etc[128];
	const char *dirs[] = { usr, etc, NULL };

	(void)state;
	make_dir("usr");
	make_dir("etc");
	snprintf(path, sizeof(path), "%s/none", dir);
	snprintf(usr, sizeof(usr), "%s/usr", dir);
	snprintf(etc, sizeof(etc), "%s/etc", dir);
	write_file("usr/10.conf", "[Policy]\nHorizon=1s\n");
	write_file("usr/20.conf", "[Policy]\nResidence=1s\nMargin=1%\n");
	write_file("usr/30.conf", "[Policy]\nMargin=2%\n");
	write_file("etc/20.conf", "[Policy]\nResidence=2s\n");
	write_file("etc/25.conf", "[Policy]\nMargin=3%\n");
	assert_int_equal(
		svmd_config_load_from(&config, path, dirs, hear, &said), 0);
	assert_int_equal(config.policy.horizon_us, SECOND);
	assert_int_equal(config.policy.residence_us, 2 * SECOND);
	assert_true(config.policy.margin == 2);
	/* A link to /dev/null hides one. */
	snprintf(path, sizeof(path), "%s/etc/30.conf", dir);
	assert_int_equal(symlink("/dev/null", path), 0);
	snprintf(path, sizeof(path), "%s/none", dir);
	svmd_config_load_from(&config, path, dirs, hear, &said);
	assert_true(config.policy.margin == 3);
}

static void test_load_unreadable(void **state)
{
	(void)state;
	make_dir("svmd.conf");
	make_dir("svmd.conf.d");
	write_file("svmd.conf.d/10.conf", "[Policy]\nHorizon=2s\n");
	assert_int_equal(load(), -EISDIR);
	assert_int_equal(said.nr, 1);
	assert_int_equal(said.level[0], SVMD_MESSAGE_ERROR);
	/* The rest counts all the same. */
	assert_int_equal(config.policy.horizon_us, 2 * SECOND);
}

static void test_load_fifo(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/svmd.conf", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(), -EINVAL);
}

static void test_load_too_large(void **state)
{
	char path[128];

	(void)state;
	write_file("svmd.conf", "[Policy]\nHorizon=2s\n");
	snprintf(path, sizeof(path), "%s/svmd.conf", dir);
	assert_int_equal(truncate(path, 2 << 20), 0);
	assert_int_equal(load(), -EFBIG);
	assert_int_equal(config.policy.horizon_us, 60 * SECOND);
}

#define T(name) cmocka_unit_test_setup(name, setup)
#define D(name) cmocka_unit_test_setup_teardown(name, setup_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sizes),
		T(test_times),
		T(test_percentages),
		T(test_policies),
		T(test_table),
		T(test_table_stores),
		T(test_parse),
		T(test_bad_value_keeps_the_old_one),
		T(test_unknown),
		T(test_empty_value_is_default),
		T(test_hostile_lines),
		T(test_long_values),
		T(test_without_callback),
		T(test_scopes),
		T(test_policy_of),
		T(test_scope_texts),
		T(test_root_cgroup),
		T(test_bad_scopes),
		T(test_text_is_utf8),
		T(test_plain_text),
		T(test_too_many_scopes),
		T(test_too_many_sessions),
		T(test_wrong_class),
		T(test_reset),
		T(test_reload),
		T(test_check),
		D(test_load_nothing),
		D(test_load_drop_ins),
		D(test_load_dirs),
		D(test_load_unreadable),
		D(test_load_fifo),
		D(test_load_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
