// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration parser, on anything. What it makes of it must be a
 * configuration: every value within its bounds, and the same again when it is
 * written out and read back.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"
#include "value.h"

static struct svmd_config config, again, files;
static char written[1 << 20];
static size_t length;

static void hear(void *data, int level, const char *file, unsigned int line,
		 const char *text)
{
	unsigned int *last = data;

	CHECK(level == SVMD_MESSAGE_WARNING);
	CHECK(!strcmp(file, "fuzz"));
	CHECK(line >= *last);
	CHECK(strlen(text) > 0 && strlen(text) < 512);
	CHECK(!strchr(text, '\n') && !strchr(text, '\033'));
	*last = line;
}

static void write_values(struct svmd_scope_key key, enum svmd_class class,
			 bool own)
{
	struct svmd_value value;
	unsigned int i;

	for (i = 0; i < svmd_nr_params; i++) {
		const struct svmd_param *param = &svmd_params[i];
		char text[SVMD_TEXT_MAX];
		int ret;

		if (param->class != class)
			continue;
		ret = svmd_config_get_value(&config, key, param, &value);
		CHECK(ret == 0 || ret == 1);
		CHECK(!svmd_value_check(param, &value, NULL));
		if (own && !ret)
			continue;
		CHECK(svmd_value_format(param, &value, text, sizeof(text)) <
		      (int)sizeof(text));
		length += (size_t)snprintf(written + length,
					   sizeof(written) - length, "%s=%s\n",
					   param->name, text);
		CHECK(length < sizeof(written));
	}
}

static void section(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void section(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	length += (size_t)vsnprintf(written + length, sizeof(written) - length,
				    format, args);
	va_end(args);
	CHECK(length < sizeof(written));
}

static void write_all(void)
{
	static const char *const names[] = {
		[SVMD_SCOPE_USER] = "User",
		[SVMD_SCOPE_CGROUP] = "Cgroup",
		[SVMD_SCOPE_NODE] = "Node",
		[SVMD_SCOPE_DEVICE] = "Device",
	};
	uint32_t i;

	length = 0;
	section("[Daemon]\n");
	write_values(SVMD_SCOPE_KEY_DEFAULT, SVMD_CLASS_DAEMON, false);
	section("[Policy]\n");
	write_values(SVMD_SCOPE_KEY_DEFAULT, SVMD_CLASS_POLICY, false);
	section("[Place]\n");
	write_values(SVMD_SCOPE_KEY_DEFAULT, SVMD_CLASS_PLACE, false);
	for (i = 0; i < config.nr_scopes; i++) {
		const struct svmd_scope *scope = &config.scopes[i];
		struct svmd_scope_key key = {
			.type = scope->type,
			.id = scope->id,
			.path = scope->path,
		};

		CHECK(scope->type != SVMD_SCOPE_DEFAULT);
		CHECK(scope->type != SVMD_SCOPE_SESSION);
		CHECK(scope->set && !scope->live);
		if (scope->type == SVMD_SCOPE_CGROUP)
			section("[Cgroup %s/]\n", scope->path);
		else
			section("[%s %llu]\n", names[scope->type],
				(unsigned long long)scope->id);
		write_values(key,
			     scope->type == SVMD_SCOPE_NODE ||
					     scope->type == SVMD_SCOPE_DEVICE
				     ? SVMD_CLASS_PLACE
				     : SVMD_CLASS_POLICY,
			     true);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct svmd_policy policy;
	struct svmd_limits limits;
	unsigned int last = 0;

	svmd_config_init(&config);
	svmd_config_parse(&config, "fuzz", (const char *)data, size, hear,
			  &last);
	svmd_config_check(&config, "fuzz", NULL, NULL);
	write_all();
	svmd_config_init(&again);
	last = 0;
	CHECK(!svmd_config_parse(&again, "fuzz", written, length, hear, &last));
	CHECK(!memcmp(&config.settings, &again.settings,
		      sizeof(config.settings)));
	CHECK(!memcmp(&config.policy, &again.policy, sizeof(config.policy)));
	CHECK(!memcmp(&config.limits, &again.limits, sizeof(config.limits)));
	CHECK(config.nr_scopes == again.nr_scopes);

	svmd_config_policy(&config, 1, "/hpc.slice/job1", 1000, &policy);
	svmd_config_limits(&config, SVMD_SCOPE_NODE, 1, &limits);
	CHECK(limits.evict_stop >= limits.evict_start);
	svmd_config_init(&files);
	CHECK(!svmd_config_reload(&config, &files));
	CHECK(!config.nr_scopes && !config.set);
	return 0;
}
