// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may do what: owners of a session with it as they like, root and svmd's
 * own user anything, and for others polkit is asked, without waiting for the
 * answer: a person may be typing a password.
 *
 * A call that waits, here or for the worker, is counted for its sender and its
 * user, of whom a bounded number may wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_parts.h"

/* As long as people may take for a password. */
#define POLKIT_TIMEOUT_US (UINT64_C(120) * 1000000)

/**
 * struct pending - a call that will be answered later
 * @next: in the list of the face.
 * @face: whose; NULL once it is gone.
 * @call: the call.
 * @uid: who called.
 * @perform: what to do when it is allowed.
 * @slot: of the question.
 */
struct pending {
	struct pending *next;
	struct bus_face *face;
	sd_bus_message *call;
	uid_t uid;
	bus_perform perform;
	sd_bus_slot *slot;
};

int bus_pending_begin(struct bus_face *face, sd_bus_message *call,
		      struct pending **out, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(call);
	unsigned int of_sender = 0, of_user = 0;
	struct pending *pending;
	uid_t uid;
	int ret = bus_caller(call, &uid);

	if (ret < 0)
		return ret;
	for (pending = face->pending; pending && sender;
	     pending = pending->next) {
		of_sender += !strcmp(sd_bus_message_get_sender(pending->call),
				     sender);
		of_user += pending->uid == uid;
	}
	if (of_sender >= BUS_PENDING_PER_SENDER ||
	    (uid && of_user >= BUS_PENDING_PER_USER))
		return sd_bus_error_setf(error, BUS_ERROR("TooMany"),
					 "%u calls of yours wait already",
					 of_user);
	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return -ENOMEM;
	pending->face = face;
	pending->call = sd_bus_message_ref(call);
	pending->uid = uid;
	pending->next = face->pending;
	face->pending = pending;
	*out = pending;
	return 0;
}

sd_bus_message *bus_pending_call(const struct pending *pending)
{
	return pending->call;
}

struct bus_face *bus_pending_face(const struct pending *pending)
{
	return pending->face;
}

void bus_pending_end(struct pending *pending)
{
	struct pending **link = pending->face ? &pending->face->pending : NULL;

	while (link && *link != pending)
		link = &(*link)->next;
	if (link)
		*link = pending->next;
	sd_bus_slot_unref(pending->slot);
	sd_bus_message_unref(pending->call);
	free(pending);
}

void bus_pending_orphan(struct bus_face *face)
{
	struct pending *pending;

	while ((pending = face->pending)) {
		face->pending = pending->next;
		pending->face = NULL;
		pending->call = sd_bus_message_unref(pending->call);
		/* Questions to polkit end with the bus; jobs end by themselves. */
		if (pending->perform) {
			sd_bus_slot_unref(pending->slot);
			free(pending);
		}
	}
}

int bus_caller(sd_bus_message *call, uid_t *uid)
{
	sd_bus_creds *creds = NULL;
	int ret = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	if (ret >= 0)
		ret = sd_bus_creds_get_euid(creds, uid);
	sd_bus_creds_unref(creds);
	return ret < 0 ? ret : 0;
}

static int perform_now(struct bus_face *face, sd_bus_message *call,
		       bus_perform perform, sd_bus_error *error)
{
	int ret = sd_bus_message_rewind(call, true);

	return ret < 0 ? ret : perform(face, call, error);
}

/* 1 for yes; else an error. */
static int read_verdict(sd_bus_message *reply, sd_bus_error *error)
{
	const sd_bus_error *failed = sd_bus_message_get_error(reply);
	int yes, challenge, ret;

	if (failed)
		return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
					 "polkit can't be asked: %s",
					 failed->message ? failed->message
							 : failed->name);
	ret = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (ret < 0)
		return ret;
	ret = sd_bus_message_read(reply, "bb", &yes, &challenge);
	if (ret < 0)
		return ret;
	if (yes)
		return 1;
	if (challenge)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			"This needs to be authorized interactively");
	return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
				"polkit does not allow this");
}

static int on_verdict(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct pending *pending = arg;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = pending->call;
	int ret = read_verdict(reply, &error);

	(void)unused;
	if (ret > 0)
		ret = perform_now(pending->face, call, pending->perform,
				  &error);
	if (sd_bus_error_is_set(&error))
		(void)sd_bus_reply_method_error(call, &error);
	else if (ret < 0)
		(void)sd_bus_reply_method_errno(call, ret, NULL);
	sd_bus_error_free(&error);
	bus_pending_end(pending);
	return 1;
}

static int ask(struct bus_face *face, struct pending *pending,
	       const char *action)
{
	const char *sender = sd_bus_message_get_sender(pending->call);
	int interactive = sd_bus_message_get_allow_interactive_authorization(
		pending->call);
	__message sd_bus_message *m = NULL;
	int ret;

	ret = sd_bus_message_new_method_call(
		face->bus, &m, "org.freedesktop.PolicyKit1",
		"/org/freedesktop/PolicyKit1/Authority",
		"org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
	if (ret < 0)
		return ret;
	ret = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1,
				    "name", "s", sender, action, 0,
				    interactive > 0 ? 1U : 0U, "");
	if (ret < 0)
		return ret;
	return sd_bus_call_async(face->bus, &pending->slot, m, on_verdict,
				 pending, POLKIT_TIMEOUT_US);
}

int bus_authorize(struct bus_face *face, sd_bus_message *call, uid_t owner,
		  const char *action, bus_perform perform, sd_bus_error *error)
{
	struct pending *pending;
	uid_t uid;
	int ret = bus_caller(call, &uid);

	if (ret < 0)
		return sd_bus_error_set_errnof(error, ret,
					       "Can't tell who calls");
	if (!uid || uid == geteuid() || (owner != BUS_NOBODY && uid == owner))
		return perform_now(face, call, perform, error);
	ret = bus_pending_begin(face, call, &pending, error);
	if (ret < 0)
		return ret;
	pending->perform = perform;
	ret = ask(face, pending, action);
	if (ret < 0) {
		bus_pending_end(pending);
		return ret;
	}
	return 1;
}
