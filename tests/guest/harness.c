// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "warden.h"

static struct test_case *cases, **cases_end = &cases;

void case_register(struct test_case *c)
{
	*cases_end = c;
	cases_end = &c->next;
}

static void print_skip(bool tap, int nr, const char *name, const char *reason)
{
	if (tap)
		printf("ok %d - %s # SKIP %s\n", nr, name, reason);
	else
		printf("SKIP: %s\n", reason);
	fflush(stdout);
}

static int run_all(void)
{
	struct test_case *c;
	const char *reason;
	int nr = 0, failed = 0;

	for (c = cases; c; c = c->next)
		nr++;
	printf("TAP version 13\n1..%d\n", nr);
	fflush(stdout);
	nr = 0;
	for (c = cases; c; c = c->next) {
		int ret = warden_run(c, &reason);

		nr++;
		if (ret == EXIT_SKIP) {
			print_skip(true, nr, c->name, reason);
			continue;
		}
		printf("%s %d - %s\n", ret ? "not ok" : "ok", nr, c->name);
		fflush(stdout);
		failed += !!ret;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_one(const char *name)
{
	struct test_case *c;
	const char *reason;
	int ret;

	for (c = cases; c; c = c->next)
		if (!strcmp(c->name, name))
			break;
	if (!c) {
		fprintf(stderr, "no case %s\n", name);
		return 2;
	}
	ret = warden_run(c, &reason);
	if (ret == EXIT_SKIP)
		print_skip(false, 0, name, reason);
	return ret;
}

int main(int argc, char **argv)
{
	struct test_case *c;

	if (sysconf(_SC_PAGESIZE) != (long)PAGE) {
		fprintf(stderr, "these tests know pages of %lu bytes only\n",
			PAGE);
		return 2;
	}
	if (argc == 1)
		return run_all();
	if (argc == 3 && !strcmp(argv[1], "--case"))
		return run_one(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "--module-args")) {
		const char *more = group.module_arg ? group.module_arg() : NULL;

		printf("%s%s%s\n", group.module_args, more ? " " : "",
		       more ? more : "");
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (c = cases; c; c = c->next)
			puts(c->name);
		return 0;
	}
	fprintf(stderr, "usage: %s [--list | --module-args | --case NAME]\n",
		argv[0]);
	return 2;
}
