/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svmctl: talks to svmd over D-Bus. Every verb gets its answer as JSON, and
 * writes that, or lines for people made from it.
 */
#ifndef SVMCTL_H
#define SVMCTL_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <systemd/sd-bus.h>

/* What svmd is called on the bus. */
#define CTL_NAME "org.svmd1"

/**
 * enum exit_code - what svmctl ends with; also in the man page
 */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,    /* svmd refused, or the system did */
	EXIT_USAGE = 2,	    /* the command line is wrong */
	EXIT_NO_SVMD = 3,   /* svmd can't be reached */
	EXIT_DENIED = 4,    /* no permission */
	EXIT_NOT_FOUND = 5, /* no such session, place, scope, parameter, hold */
};

/**
 * struct ctl - what verbs have
 * @bus: the connection.
 * @json: write JSON.
 * @color: write colours.
 * @follow: --follow.
 * @since: --since.
 * @reason: --reason.
 * @no_start: don't have the bus start svmd for a call.
 * @gone: svmd has left the bus since ctl_watch().
 * @starts: how often it has come since then.
 */
struct ctl {
	sd_bus *bus;
	bool json;
	bool color;
	bool follow;
	uint64_t since;
	const char *reason;
	bool no_start;
	bool gone;
	unsigned int starts;
};

struct verb {
	const char *name;
	const char *arguments;
	const char *help;
	int least;
	int most; /* -1: any number */
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* verb_*.c */
int verb_status(struct ctl *ctl, int argc, char **argv);
int verb_session(struct ctl *ctl, int argc, char **argv);
int verb_device(struct ctl *ctl, int argc, char **argv);
int verb_statistics(struct ctl *ctl, int argc, char **argv);
int verb_policy(struct ctl *ctl, int argc, char **argv);
int verb_hold(struct ctl *ctl, int argc, char **argv);
int verb_migrate(struct ctl *ctl, int argc, char **argv);
int verb_evict(struct ctl *ctl, int argc, char **argv);
int verb_explain(struct ctl *ctl, int argc, char **argv);
int verb_reload(struct ctl *ctl, int argc, char **argv);
int verb_events(struct ctl *ctl, int argc, char **argv);
int verb_dump(struct ctl *ctl, int argc, char **argv);
int verb_top(struct ctl *ctl, int argc, char **argv);

/* bus.c */

/**
 * ctl_call() - call a method of the manager
 * @ctl: the bus.
 * @reply: the answer; NULL if it is of no interest.
 * @method: its name.
 * @types: of the arguments, then these.
 *
 * Returns an exit code; what is wrong was said.
 */
int ctl_call(struct ctl *ctl, sd_bus_message **reply, const char *method,
	     const char *types, ...);

/* Every object: {path: {interface: {property: value}}}. An exit code. */
int ctl_objects(struct ctl *ctl, json_object **out);

/*
 * The values of a message that are left, as JSON; one alone, more as array. For
 * lines for people, strings are cleaned: others may have written them.
 */
json_object *ctl_to_json(const struct ctl *ctl, sd_bus_message *m);

/* The properties of an interface of an object: NULL if it has none. */
json_object *ctl_properties(json_object *objects, const char *path,
			    const char *interface);

int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* watch.c */

/* From now on @ctl->gone and @ctl->starts say what becomes of svmd. */
int ctl_watch(struct ctl *ctl);

/**
 * ctl_wait() - wait for news
 * @ctl: the bus.
 * @fd: another descriptor to wait for; -1 for none.
 * @timeout_ms: at most; -1 for ever.
 * @ready: whether @fd can be read.
 *
 * Returns an exit code, EXIT_OK as soon as anything came, from the bus or by @fd,
 * or the time is over; what is wrong was said.
 */
int ctl_wait(struct ctl *ctl, int fd, int timeout_ms, bool *ready);

/* text.c */
void text_json(json_object *object);
/* Makes a '?' of every control character: those of ASCII and of Latin-1. */
void text_clean(char *text);
/* A table: the first row is the head; cells end with '\t', rows with '\n'. */
void text_table(const struct ctl *ctl, const char *cells);
/* "Name: value", one a line. */
void text_properties(const struct ctl *ctl, json_object *object);
/* Bytes for people: "1.5G". In @text of @size. Returns @text. */
char *text_bytes(char *text, size_t size, uint64_t bytes);
const char *text_bold(const struct ctl *ctl);
const char *text_plain(const struct ctl *ctl);

/* A number of bytes, "4096" or "64M": 0 or -EINVAL. */
int parse_bytes(const char *text, uint64_t *bytes);
/* A number, decimal or with 0x. */
int parse_number(const char *text, uint64_t *number);

/* Getters: 0 or "" when there is no such member. */
uint64_t get_u64(json_object *object, const char *name);
int get_int(json_object *object, const char *name);
double get_double(json_object *object, const char *name);
const char *get_string(json_object *object, const char *name);

#define EACH_OBJECT(objects, path, value) \
	json_object_object_foreach(objects, path, value)

#endif /* SVMCTL_H */
