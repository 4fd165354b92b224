// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of the configuration: sections, keys, comments, drop-ins.
 *
 * Nothing in a file can stop the daemon: what is not understood is skipped with
 * a warning that names file, line, key and value, and the old value stays. An
 * empty value gives the default back.
 *
 * No lock and no state. Limits: files of FILE_MAX_BYTES, DROP_INS_MAX drop-ins,
 * lines of SVMD_LINE_MAX.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "text.h"
#include "value.h"

#define FILE_MAX_BYTES (1 << 20)
#define DROP_INS_MAX 256

/**
 * struct parser - where we are
 * @config: receives values.
 * @file: for messages.
 * @line: for messages.
 * @section: name of the section, without brackets, for messages.
 * @skip: section is unknown: its keys are passed over in silence.
 * @class: of the section's parameters.
 * @key: whose values the section has; &key.path points into @path.
 * @path: of a cgroup.
 * @message: may be NULL.
 * @data: for @message.
 * @warnings: so far.
 */
struct parser {
	struct svmd_config *config;
	const char *file;
	unsigned int line;
	char section[SVMD_TEXT_MAX];
	bool skip;
	enum svmd_class class;
	struct svmd_scope_key key;
	char path[SVMD_TEXT_MAX];
	svmd_message_fn message;
	void *data;
	int warnings;
};

__attribute__((format(printf, 3, 4))) static void
say(struct parser *p, int level, const char *format, ...)
{
	va_list args;

	if (level <= SVMD_MESSAGE_WARNING && p->warnings < INT_MAX)
		p->warnings++;
	va_start(args, format);
	svmd_message(p->message, p->data, level, p->file, p->line, format,
		     args);
	va_end(args);
}

/* Cuts white space off both ends. */
static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static bool read_id(const char *text, uint64_t max, uint64_t *id)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*id = n;
	return true;
}

static const struct {
	const char *name;
	enum svmd_class class;
	enum svmd_scope_type type;
	uint64_t max;
} sections[] = {
	{ "Daemon", SVMD_CLASS_DAEMON, SVMD_SCOPE_DEFAULT, 0 },
	{ "Policy", SVMD_CLASS_POLICY, SVMD_SCOPE_DEFAULT, 0 },
	{ "Place", SVMD_CLASS_PLACE, SVMD_SCOPE_DEFAULT, 0 },
	{ "User", SVMD_CLASS_POLICY, SVMD_SCOPE_USER, UINT32_MAX - 1 },
	{ "Cgroup", SVMD_CLASS_POLICY, SVMD_SCOPE_CGROUP, 0 },
	{ "Node", SVMD_CLASS_PLACE, SVMD_SCOPE_NODE, 4095 },
	{ "Device", SVMD_CLASS_PLACE, SVMD_SCOPE_DEVICE, 4095 },
};

#define NR_SECTIONS (sizeof(sections) / sizeof(*sections))

static void begin_section(struct parser *p, char *line)
{
	char *name = line + 1;
	size_t n = strlen(name), i;
	char *argument;

	p->skip = true;
	if (!n || name[n - 1] != ']') {
		say(p, SVMD_MESSAGE_WARNING,
		    "%.64s: section without its bracket, skipped", line);
		return;
	}
	name[n - 1] = '\0';
	name = trim(name);
	snprintf(p->section, sizeof(p->section), "%s", name);
	n = strcspn(name, " \t");
	argument = trim(name + n);
	for (i = 0; i < NR_SECTIONS; i++)
		if (strlen(sections[i].name) == n &&
		    !strncmp(sections[i].name, name, n))
			break;
	if (i == NR_SECTIONS) {
		say(p, SVMD_MESSAGE_WARNING,
		    "[%.64s]: unknown section, skipped", name);
		return;
	}
	p->class = sections[i].class;
	p->key = (struct svmd_scope_key){ .type = sections[i].type };
	switch (sections[i].type) {
	case SVMD_SCOPE_DEFAULT:
		if (*argument) {
			say(p, SVMD_MESSAGE_WARNING,
			    "[%.64s]: takes no name, skipped", name);
			return;
		}
		break;
	case SVMD_SCOPE_CGROUP:
		if (*argument != '/' || strlen(argument) >= sizeof(p->path)) {
			say(p, SVMD_MESSAGE_WARNING,
			    "[%.64s]: needs the path of a cgroup, of less than "
			    "%zu bytes, skipped",
			    name, sizeof(p->path));
			return;
		}
		if (!text_is_plain(argument)) {
			say(p, SVMD_MESSAGE_WARNING,
			    "[%.64s]: not plain text, skipped", name);
			return;
		}
		strcpy(p->path, argument);
		p->key.path = p->path;
		break;
	default:
		if (!read_id(argument, sections[i].max, &p->key.id)) {
			say(p, SVMD_MESSAGE_WARNING,
			    "[%.64s]: needs a number up to %llu, skipped", name,
			    (unsigned long long)sections[i].max);
			return;
		}
		break;
	}
	p->skip = false;
}

static void assign(struct parser *p, const char *key, const char *value)
{
	const struct svmd_param *param = svmd_param_find(key);
	const char *why = "";
	char now[SVMD_TEXT_MAX];

	if (!param || strcmp(param->name, key)) {
		say(p, SVMD_MESSAGE_WARNING, "%.64s: unknown key, skipped",
		    key);
		return;
	}
	if (param->class != p->class) {
		say(p, SVMD_MESSAGE_WARNING,
		    "%.64s: does not belong in [%.64s], skipped", key,
		    p->section);
		return;
	}
	if (!*value)
		value = param->initial;
	if (!svmd_config_set(p->config, p->key, param, value, false, &why))
		return;
	svmd_config_format(p->config, p->key, param, now, sizeof(now));
	say(p, SVMD_MESSAGE_WARNING, "%.64s=%.128s: %s; %.64s stays", key,
	    value, why, *now ? now : "empty");
}

static void parse_line(struct parser *p, char *line)
{
	char *equals;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return;
	if (*line == '[') {
		begin_section(p, line);
		return;
	}
	if (p->skip)
		return;
	equals = strchr(line, '=');
	if (!equals) {
		say(p, SVMD_MESSAGE_WARNING,
		    "%.64s: neither section nor key=", line);
		return;
	}
	if (!*p->section) {
		say(p, SVMD_MESSAGE_WARNING, "%.64s: key outside of a section",
		    line);
		return;
	}
	*equals = '\0';
	assign(p, trim(line), trim(equals + 1));
}

int svmd_config_parse(struct svmd_config *config, const char *file,
		      const char *text, size_t length, svmd_message_fn message,
		      void *data)
{
	struct parser p = {
		.config = config,
		.file = file,
		.message = message,
		.data = data,
	};
	const char *end = text + length;
	char line[SVMD_LINE_MAX];

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		p.line++;
		if (n >= sizeof(line)) {
			say(&p, SVMD_MESSAGE_WARNING,
			    "line of more than %zu bytes, skipped",
			    sizeof(line) - 1);
		} else if (memchr(text, '\0', n)) {
			say(&p, SVMD_MESSAGE_WARNING,
			    "line with a null byte, skipped");
		} else {
			memcpy(line, text, n);
			line[n] = '\0';
			parse_line(&p, line);
		}
		text += newline ? n + 1 : n;
	}
	return p.warnings;
}

/* Says why a file could not be read, and passes the error on. */
static int unreadable(const char *path, int error, svmd_message_fn message,
		      void *data)
{
	char text[128];

	snprintf(text, sizeof(text), "can't be read: %s", strerror(-error));
	if (message)
		message(data, SVMD_MESSAGE_ERROR, path, 0, text);
	return error;
}

/* -ENOENT stays silent: no file needs to exist. */
static int load_file(struct svmd_config *config, const char *path,
		     svmd_message_fn message, void *data)
{
	struct stat st;
	char *text = NULL;
	size_t length = 0;
	ssize_t n;
	int fd, ret;

	/* A FIFO would make us wait. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : unreadable(path, -errno, message, data);
	if (fstat(fd, &st)) {
		ret = -errno;
		goto out_close;
	}
	if (!S_ISREG(st.st_mode)) {
		/* systemd masks a file by a link to /dev/null. */
		ret = S_ISCHR(st.st_mode)   ? 0
		      : S_ISDIR(st.st_mode) ? -EISDIR
					    : -EINVAL;
		goto out_close;
	}
	if (st.st_size > FILE_MAX_BYTES) {
		ret = -EFBIG;
		goto out_close;
	}
	text = malloc(FILE_MAX_BYTES + 1);
	if (!text) {
		ret = -ENOMEM;
		goto out_close;
	}
	do {
		n = read(fd, text + length, FILE_MAX_BYTES + 1 - length);
		if (n < 0 && errno != EINTR) {
			ret = -errno;
			goto out_free;
		}
		length += n > 0 ? (size_t)n : 0;
	} while (n && length <= FILE_MAX_BYTES);
	if (length > FILE_MAX_BYTES) {
		ret = -EFBIG;
		goto out_free;
	}
	ret = svmd_config_parse(config, path, text, length, message, data);
out_free:
	free(text);
out_close:
	close(fd);
	return ret < 0 ? unreadable(path, ret, message, data) : ret;
}

static bool is_drop_in(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".conf");
}

/**
 * struct drop_in - a file that adds to the configuration
 * @name: without its directory; malloc'ed.
 * @dir: index of the last directory that has one of this name.
 */
struct drop_in {
	char *name;
	unsigned int dir;
};

/* By bytes, as systemd does, and not by the locale. */
static int by_name(const void *a, const void *b)
{
	const struct drop_in *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Adds the drop-ins of a directory; those of later ones take their place. */
static int list_dir(const char *path, unsigned int dir, struct drop_in *files,
		    unsigned int *nr)
{
	struct dirent *entry;
	unsigned int i;
	int ret = 0;
	DIR *d;

	d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!ret && (entry = readdir(d))) {
		if (!is_drop_in(entry->d_name))
			continue;
		for (i = 0; i < *nr; i++)
			if (!strcmp(files[i].name, entry->d_name))
				break;
		if (i == *nr) {
			if (i == DROP_INS_MAX) {
				ret = -E2BIG;
				break;
			}
			files[i].name = strdup(entry->d_name);
			if (!files[i].name) {
				ret = -ENOMEM;
				break;
			}
			(*nr)++;
		}
		files[i].dir = dir;
	}
	closedir(d);
	return ret;
}

static int load_drop_ins(struct svmd_config *config, const char *const *dirs,
			 svmd_message_fn message, void *data)
{
	struct drop_in files[DROP_INS_MAX];
	char path[PATH_MAX];
	int warnings = 0, error = 0, ret;
	unsigned int nr = 0, i;

	for (i = 0; dirs[i]; i++) {
		ret = list_dir(dirs[i], i, files, &nr);
		if (ret && !error)
			error = unreadable(dirs[i], ret, message, data);
	}
	qsort(files, nr, sizeof(*files), by_name);
	for (i = 0; i < nr; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", dirs[files[i].dir],
			     files[i].name) >= (int)sizeof(path))
			ret = unreadable(files[i].name, -ENAMETOOLONG, message,
					 data);
		else
			ret = load_file(config, path, message, data);
		free(files[i].name);
		/* One that has just been removed was never there. */
		if (ret >= 0)
			warnings += ret;
		else if (ret != -ENOENT && !error)
			error = ret;
	}
	return error ? error : warnings;
}

int svmd_config_load_from(struct svmd_config *config, const char *path,
			  const char *const *dirs, svmd_message_fn message,
			  void *data)
{
	int own, drop_ins, checked;

	svmd_config_init(config);
	own = load_file(config, path, message, data);
	if (own == -ENOENT)
		own = 0;
	drop_ins = load_drop_ins(config, dirs, message, data);
	checked = svmd_config_check(config, path, message, data);
	if (own < 0)
		return own;
	if (drop_ins < 0)
		return drop_ins;
	return own + drop_ins + checked;
}

int svmd_config_load(struct svmd_config *config, const char *path,
		     svmd_message_fn message, void *data)
{
	static const char *const vendors[] = { "/usr/lib", "/run" };
	char names[3][PATH_MAX];
	const char *dirs[4] = { NULL };
	unsigned int nr = 0, i;

	/* Where systemd looks, and `systemd-analyze cat-config`. */
	for (i = 0; i < 2 && !strncmp(path, "/etc/", 5); i++) {
		snprintf(names[nr], sizeof(names[nr]), "%s%.1000s.d",
			 vendors[i], path + 4);
		dirs[nr] = names[nr];
		nr++;
	}
	if (snprintf(names[nr], sizeof(names[nr]), "%s.d", path) >=
	    (int)sizeof(names[nr]))
		return unreadable(path, -ENAMETOOLONG, message, data);
	dirs[nr] = names[nr];
	return svmd_config_load_from(config, path, dirs, message, data);
}

static void check_limits(struct parser *p, const char *whose,
			 const struct svmd_limits *limits)
{
	if (limits->evict_stop < limits->evict_start)
		say(p, SVMD_MESSAGE_WARNING,
		    "%s: EvictStop=%g%% is below EvictStart=%g%%, which is "
		    "taken for both",
		    whose, limits->evict_stop, limits->evict_start);
}

static void check_policy(struct parser *p, const char *whose,
			 const struct svmd_policy *policy)
{
	if (policy->pingpong_limit && policy->pingpong_window_us &&
	    policy->pingpong_window_us < 2 * policy->residence_us)
		say(p, SVMD_MESSAGE_WARNING,
		    "%s: PingPongWindow is shorter than twice Residence, "
		    "which is taken for it",
		    whose);
}

int svmd_config_check(const struct svmd_config *config, const char *file,
		      svmd_message_fn message, void *data)
{
	static const char *const names[] = {
		[SVMD_SCOPE_USER] = "User",
		[SVMD_SCOPE_CGROUP] = "Cgroup",
		[SVMD_SCOPE_SESSION] = "Session",
		[SVMD_SCOPE_NODE] = "Node",
		[SVMD_SCOPE_DEVICE] = "Device",
	};
	struct parser p = {
		.file = file,
		.message = message,
		.data = data,
	};
	char whose[SVMD_TEXT_MAX + 16];
	uint32_t i;

	check_limits(&p, "[Place]", &config->limits);
	check_policy(&p, "[Policy]", &config->policy);
	for (i = 0; i < config->nr_scopes; i++) {
		const struct svmd_scope *scope = &config->scopes[i];
		struct svmd_policy policy = config->policy;
		struct svmd_limits limits = config->limits;
		unsigned int k;

		if (scope->type == SVMD_SCOPE_DEFAULT)
			continue;
		if (scope->type == SVMD_SCOPE_CGROUP)
			snprintf(whose, sizeof(whose), "[Cgroup %s]",
				 *scope->path ? scope->path : "/");
		else
			snprintf(whose, sizeof(whose), "[%s %llu]",
				 names[scope->type],
				 (unsigned long long)scope->id);
		/* Only what this scope says can be its fault. */
		for (k = 0; k < svmd_nr_params; k++) {
			const struct svmd_param *param = &svmd_params[k];

			if (!(scope->set & (1ULL << k)))
				continue;
			if (param->class == SVMD_CLASS_PLACE)
				svmd_value_copy(param, &limits, &scope->limits);
			else
				svmd_value_copy(param, &policy, &scope->policy);
		}
		if (scope->type == SVMD_SCOPE_NODE ||
		    scope->type == SVMD_SCOPE_DEVICE)
			check_limits(&p, whose, &limits);
		else
			check_policy(&p, whose, &policy);
	}
	return p.warnings;
}
