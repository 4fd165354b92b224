// SPDX-License-Identifier: GPL-2.0-or-later
#include "cgroup.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "harness.h"
#include "os.h"

static char root[64] = "/sys/fs/cgroup";
static char dir[128];

static void find_root(void)
{
	struct statfs fs;

	if (!statfs(root, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return;
	strcpy(root, "/run/svm-test-cgroup");
	if (mkdir(root, 0755) && errno != EEXIST)
		skip("no cgroup2: mkdir %s: %s", root, err_name(errno));
	if (!statfs(root, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		return;
	if (mount("none", root, "cgroup2", 0, NULL))
		skip("no cgroup2: mount: %s", err_name(errno));
}

void need_cgroup(const char *controller)
{
	char path[160], text[64];

	find_root();
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", root);
	snprintf(text, sizeof(text), "+%s", controller);
	if (!write_file(path, text))
		skip("no cgroup2 controller %s: %s", controller,
		     err_name(errno));
	snprintf(dir, sizeof(dir), "%s/svm-test-%d", root, getpid());
	CHECK_SYS(mkdir(dir, 0755));
}

void cgroup_remove(void)
{
	/* It may be busy until the last process is taken down. */
	if (!EVENTUALLY(!rmdir(dir)))
		note("rmdir %s: %s", dir, err_name(errno));
}

static void path_of(const char *file, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", dir, file);
}

void cgroup_set(const char *file, const char *value)
{
	char path[256];

	path_of(file, path, sizeof(path));
	if (!write_file(path, value))
		FAIL("%s: %s: %s", path, value, err_name(errno));
}

long long cgroup_number(const char *file)
{
	char path[256];

	path_of(file, path, sizeof(path));
	return read_number(path);
}

long long cgroup_field(const char *file, const char *word)
{
	char path[256], name[64];
	long long value;
	FILE *f;

	path_of(file, path, sizeof(path));
	f = fopen(path, "re");
	CHECK(f);
	while (fscanf(f, "%63s %lld", name, &value) == 2)
		if (!strcmp(name, word)) {
			fclose(f);
			return value;
		}
	FAIL("%s: no %s", path, word);
}

struct entry {
	void (*run)(void *);
	void *arg;
};

static void enter(void *arg)
{
	struct entry *e = arg;

	cgroup_set("cgroup.procs", "0");
	e->run(e->arg);
}

pid_t cgroup_child(void (*run)(void *), void *arg)
{
	struct entry e = { run, arg };

	return child(enter, &e);
}
