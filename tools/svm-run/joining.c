// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Being joined to svmd for a process, see joining.h. State is the loop's.
 */
#include "joining.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <svm/session.h>

#include "say.h"

/* As short as can be said: the loop hears the answer. */
#define PATIENCE_MS 1

/*
 * struct joining - a session
 * @session: it.
 * @event: hears what svmd says, and that it is time to try again.
 * @tally: of the run.
 * @counted: it was joined at least once.
 */
struct joining {
	struct svm_session *session;
	struct event *event;
	struct tally *tally;
	bool counted;
};

/* Once: it is the same for all of them, most likely. */
static void refused(struct joining *joining, int err)
{
	if (!joining->tally->sessions_refused++)
		say("svmd does not take the program: %s", strerror(-err));
	if (joining->event)
		event_del(joining->event);
}

static void note(struct joining *joining, int err)
{
	if (err && err != -ENOTCONN) {
		refused(joining, err);
	} else if (!err && !joining->counted) {
		joining->counted = true;
		joining->tally->sessions++;
	}
}

static void on_session(evutil_socket_t fd, short what, void *arg)
{
	struct joining *joining = arg;

	(void)fd;
	(void)what;
	note(joining, svm_session_process(joining->session));
}

void joining_begin(struct joining **out, struct event_base *base,
		   struct svm *svm, const char *path, struct tally *tally)
{
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct joining *joining = calloc(1, sizeof(*joining));
	int err;

	if (!joining)
		return;
	joining->tally = tally;
	opts.flags = SVM_JOIN_LATER;
	opts.path = path;
	opts.timeout_ms = PATIENCE_MS;
	err = svm_join(svm, &opts, &joining->session);
	if (err) {
		refused(joining, err);
		joining_end(joining);
		return;
	}
	joining->event = event_new(base, svm_session_fd(joining->session),
				   EV_READ | EV_PERSIST, on_session, joining);
	if (!joining->event || event_add(joining->event, NULL)) {
		refused(joining, -ENOMEM);
		joining_end(joining);
		return;
	}
	note(joining, svm_session_process(joining->session));
	*out = joining;
}

void joining_end(struct joining *joining)
{
	if (!joining)
		return;
	if (joining->event)
		event_free(joining->event);
	svm_leave(joining->session);
	free(joining);
}
