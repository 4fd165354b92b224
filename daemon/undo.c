// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Putting back what svmd changed in the system, see undo.h. Locking: @lock, over
 * each call as a whole. What was changed last is put back first.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"
#include "sysfs.h"
#include "undo.h"

#define CHANGES_MAX 16
#define VALUE_MAX 128
#define NAME_BYTES 256

struct change {
	char path[NAME_BYTES];
	char value[VALUE_MAX];
};

struct undo {
	pthread_mutex_t lock;
	char root[PATH_MAX];
	char file[PATH_MAX];
	unsigned int nr;
	struct change changes[CHANGES_MAX];
};

/* Complete or not at all, and on the disk before anything is changed. */
static int save(const struct undo *undo)
{
	__close_file FILE *file = NULL;
	char temp[PATH_MAX + 8];
	unsigned int i;

	if (!undo->file[0])
		return 0;
	if (!undo->nr)
		return unlink(undo->file) < 0 && errno != ENOENT ? -errno : 0;
	snprintf(temp, sizeof(temp), "%s.new", undo->file);
	file = fopen(temp, "we");
	if (!file)
		return -errno;
	for (i = 0; i < undo->nr; i++)
		fprintf(file, "%s=%s\n", undo->changes[i].path,
			undo->changes[i].value);
	if (fflush(file) || fsync(fileno(file)) < 0)
		return -errno;
	return rename(temp, undo->file) < 0 ? -errno : 0;
}

static struct change *find(struct undo *undo, const char *path)
{
	unsigned int i;

	for (i = 0; i < undo->nr; i++)
		if (!strcmp(undo->changes[i].path, path))
			return &undo->changes[i];
	return NULL;
}

static int change_locked(struct undo *undo, const char *path, const char *value)
{
	char now[VALUE_MAX];
	struct change *change;
	int ret = sysfs_text(undo->root, now, sizeof(now), "%s", path);

	if (ret < 0)
		return ret;
	if (!strcmp(now, value))
		return 0;
	if (!find(undo, path)) {
		if (undo->nr == CHANGES_MAX || strlen(path) >= NAME_BYTES)
			return -ENOSPC;
		change = &undo->changes[undo->nr++];
		strcpy(change->path, path);
		strcpy(change->value, now);
		ret = save(undo);
		if (ret) {
			undo->nr--;
			return ret;
		}
	}
	ret = sysfs_write(undo->root, value, "%s", path);
	if (ret && find(undo, path) == &undo->changes[undo->nr - 1]) {
		undo->nr--;
		(void)save(undo);
	}
	return ret;
}

int undo_change(struct undo *undo, const char *path, const char *value)
{
	int ret;

	pthread_mutex_lock(&undo->lock);
	ret = change_locked(undo, path, value);
	pthread_mutex_unlock(&undo->lock);
	return ret;
}

static int put_back(const struct undo *undo, const struct change *change)
{
	char now[VALUE_MAX];
	int ret;

	if (sysfs_text(undo->root, now, sizeof(now), "%s", change->path) >= 0 &&
	    !strcmp(now, change->value))
		return 0;
	ret = sysfs_write(undo->root, change->value, "%s", change->path);

	if (ret)
		return log_errno(LOG_WARNING, ret, "can't put %s back to %s",
				 change->path, change->value);
	log_line(LOG_DEBUG, "%s is %s again", change->path, change->value);
	return 0;
}

int undo_restore(struct undo *undo, const char *path)
{
	struct change *change;
	int ret = -ENOENT;

	pthread_mutex_lock(&undo->lock);
	change = find(undo, path);
	if (change) {
		ret = put_back(undo, change);
		memmove(change, change + 1,
			(size_t)(&undo->changes[--undo->nr] - change) *
				sizeof(*change));
		(void)save(undo);
	}
	pthread_mutex_unlock(&undo->lock);
	return ret;
}

static void restore_all(struct undo *undo)
{
	while (undo->nr)
		(void)put_back(undo, &undo->changes[--undo->nr]);
	(void)save(undo);
}

static void load(struct undo *undo)
{
	__close_file FILE *file = fopen(undo->file, "re");
	char line[NAME_BYTES + VALUE_MAX], *value;

	while (file && undo->nr < CHANGES_MAX &&
	       fgets(line, sizeof(line), file)) {
		struct change *change = &undo->changes[undo->nr];

		line[strcspn(line, "\n")] = '\0';
		value = strchr(line, '=');
		if (!value || line[0] == '/' || strstr(line, ".."))
			continue;
		*value++ = '\0';
		if (strlen(line) >= sizeof(change->path) ||
		    strlen(value) >= sizeof(change->value))
			continue;
		strcpy(change->path, line);
		strcpy(change->value, value);
		undo->nr++;
	}
}

int undo_new(struct undo **out, const char *root, const char *state_dir)
{
	struct undo *undo = calloc(1, sizeof(*undo));

	if (!undo)
		return -ENOMEM;
	pthread_mutex_init(&undo->lock, NULL);
	snprintf(undo->root, sizeof(undo->root), "%s", root);
	if (state_dir) {
		snprintf(undo->file, sizeof(undo->file), "%s/undo", state_dir);
		load(undo);
		if (undo->nr)
			log_line(
				LOG_NOTICE,
				"the last svmd did not end as it should; putting back what it changed");
		restore_all(undo);
	}
	*out = undo;
	return 0;
}

struct undo *undo_free(struct undo *undo)
{
	if (!undo)
		return NULL;
	restore_all(undo);
	pthread_mutex_destroy(&undo->lock);
	free(undo);
	return NULL;
}
