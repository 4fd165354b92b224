// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients of DRM devices, see card_client.h.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card_client.h"
#include "cleanup.h"
#include "sysfs.h"

#define DRI "/dev/dri/"

/* "123", "123 KiB", "123 MiB"; the unit is part of the format. */
static uint64_t bytes_of(const char *text)
{
	uint64_t value, unit = 1;
	char *end;

	value = strtoull(text, &end, 10);
	end += strspn(end, " \t");
	if (!strncmp(end, "KiB", 3))
		unit = 1024;
	else if (!strncmp(end, "MiB", 3))
		unit = 1024 * 1024;
	return value > UINT64_MAX / unit ? 0 : value * unit;
}

/* Regions that are on the device: "vram0", "vram", "local0". */
static bool is_device_memory(const char *region)
{
	return !strncmp(region, "vram", 4) || !strncmp(region, "local", 5);
}

static void add(uint64_t *sum, uint64_t more)
{
	*sum = more > UINT64_MAX - *sum ? UINT64_MAX : *sum + more;
}

static void parse_line(const char *key, const char *value,
		       struct card_client *client, uint64_t *old_bytes)
{
	if (!strcmp(key, "drm-client-id"))
		client->id = strtoull(value, NULL, 10);
	else if (!strncmp(key, "drm-engine-", 11) &&
		 strncmp(key, "drm-engine-capacity-", 20))
		add(&client->busy_ns, strtoull(value, NULL, 10));
	else if (!strncmp(key, "drm-resident-", 13) &&
		 is_device_memory(key + 13))
		add(&client->bytes, bytes_of(value));
	else if (!strncmp(key, "drm-memory-", 11) && is_device_memory(key + 11))
		add(old_bytes, bytes_of(value));
}

static void parse(char *text, struct card_client *client)
{
	uint64_t old_bytes = 0;
	char *line, *rest = NULL, *value;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		parse_line(line, value, client, &old_bytes);
	}
	/* What drivers wrote before drm-resident-. */
	if (!client->bytes)
		client->bytes = old_bytes;
}

static bool is_known(const struct card_client *list, int nr,
		     const struct card_client *client)
{
	int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(list[i].node, client->node) &&
		    list[i].id == client->id)
			return true;
	return false;
}

int card_client_list(const char *root, pid_t pid, struct card_client *list)
{
	char path[PATH_MAX], link[64], text[8192];
	__close_dir DIR *dir = NULL;
	struct dirent *entry;
	int nr = 0, seen = 0;

	snprintf(path, sizeof(path), "%s/proc/%d/fd", root, pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (nr < CARD_CLIENTS_MAX && seen++ < CARD_CLIENT_FDS_MAX &&
	       (entry = readdir(dir))) {
		struct card_client client = { .id = 0 };
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, link,
					    sizeof(link));

		if (length <= (ssize_t)strlen(DRI) ||
		    length >= (ssize_t)(strlen(DRI) + sizeof(client.node)) ||
		    strncmp(link, DRI, strlen(DRI)))
			continue;
		memcpy(client.node, link + strlen(DRI),
		       (size_t)length - strlen(DRI));
		if (sysfs_text(root, text, sizeof(text), "proc/%d/fdinfo/%s",
			       pid, entry->d_name) > 0)
			parse(text, &client);
		if (!is_known(list, nr, &client))
			list[nr++] = client;
	}
	return nr;
}
