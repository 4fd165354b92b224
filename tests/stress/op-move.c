// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving pages, and asking where they are.
 */
#include "stress.h"

#include "engine.h"

/* Reasons that private memory may have for staying. */
static bool may_answer(unsigned int status)
{
	switch (status) {
	case SVM_PAGE_MOVED:
	case SVM_PAGE_ALREADY:
	case SVM_PAGE_HOLE:
	case SVM_PAGE_PINNED:
	case SVM_PAGE_BUSY:
	case SVM_PAGE_SWAPPED:
	case SVM_PAGE_DEVICE_FULL:
	case SVM_PAGE_NO_MEMORY:
		return true;
	default:
		return false;
	}
}

static void check_statuses(const struct range *r, const uint8_t *status)
{
	const uint8_t *state = r->region->state + r->first;
	size_t i;

	for (i = 0; i < r->pages; i++)
		if (state[i] == PAGE_UNMAPPED ? status[i] != SVM_PAGE_UNMAPPED
					      : !may_answer(status[i]))
			FAIL("page %zu, in state %u, is %s", r->first + i,
			     state[i], svm_status_name(status[i]));
}

static void move_range(struct worker *w, const struct range *r, int fd,
		       struct dest to, uint32_t flags)
{
	uint8_t status[REGION_PAGES];
	struct tally t = { 0 };
	struct range run;
	size_t at = 0;
	int ret;

	ret = migrate(fd, range_addr(r), range_bytes(r), to, flags, status, &t);
	if (is_gone(w, fd, ret))
		return;
	/* Nothing there at all. */
	if (ret == -EFAULT && !next_mapped(r, &at, &run)) {
		add(SUM_ERRORS_EXPECTED, 1);
		return;
	}
	CHECK_RET(ret, 0);
	check_statuses(r, status);
	add(to.dest == SVM_DEST_DEVICE ? SUM_PAGES_TO_DEVICE
				       : SUM_PAGES_TO_SYSTEM,
	    t.pages[SVM_PAGE_MOVED]);
	add(SUM_PAGES_STAYED,
	    t.pages[SVM_PAGE_PINNED] + t.pages[SVM_PAGE_BUSY] +
		    t.pages[SVM_PAGE_SWAPPED] + t.pages[SVM_PAGE_DEVICE_FULL]);
	if (fd == w->hotplug_fd && to.dest == SVM_DEST_DEVICE)
		add(SUM_ON_HOTPLUGGED, t.pages[SVM_PAGE_MOVED]);
	if (to.dest == SVM_DEST_DEVICE && board->nr_devices == DEVICES_MAX &&
	    fd == w->fds[DEVICES_MAX - 1])
		add(SUM_ON_COHERENT, t.pages[SVM_PAGE_MOVED]);
}

void do_migrate(struct worker *w)
{
	struct range r = pick_range(w);
	struct dest to = TO_DEVICE;
	uint32_t flags = 0;
	int fd = pick_fd(w);

	switch (below(w, 8)) {
	case 0:
	case 1:
		to = TO_SYSTEM;
		break;
	case 2:
		to = TO_NODE(w->nodes[below(w, w->nr_nodes)]);
		break;
	default:
		flags = below(w, 4) ? 0 : SVM_MIGRATE_RESIDENT_ONLY;
	}
	move_range(w, &r, fd, to, flags);
}

/* A whole region, so that there are huge pages on the devices. */
void do_gather(struct worker *w)
{
	struct region *region = &w->regions[below(w, REGIONS)];
	struct range all = { region, 0, REGION_PAGES };

	move_range(w, &all, pick_fd(w), TO_DEVICE, 0);
}

void do_evict(struct worker *w)
{
	struct svm_ioctl_evict e =
		arg_evict(below(w, 20) ? below(w, MIB(4)) : 0);
	int fd = pick_fd(w), ret = svm_call(fd, SVM_IOCTL_EVICT, &e);

	if (is_gone(w, fd, ret))
		return;
	CHECK_RET(ret, 0);
	CHECK_EQ(e.bytes_evicted % PAGE, 0);
	add(SUM_BYTES_EVICTED, e.bytes_evicted);
}

static bool may_be_at(unsigned int place)
{
	switch (place) {
	case SVM_PLACE_NONE:
	case SVM_PLACE_ZERO:
	case SVM_PLACE_SYSTEM:
	case SVM_PLACE_DEVICE:
	case SVM_PLACE_SWAP:
	case SVM_PLACE_MOVING:
		return true;
	default:
		return false;
	}
}

void do_residency(struct worker *w)
{
	struct svm_page pages[REGION_PAGES];
	struct range r = pick_range(w);
	const uint8_t *state = r.region->state + r.first;
	int fd = pick_fd(w), ret;
	size_t i;

	ret = residency(fd, range_addr(&r), range_bytes(&r), 0, pages);
	if (is_gone(w, fd, ret))
		return;
	CHECK_RET(ret, 0);
	for (i = 0; i < r.pages; i++)
		if (state[i] == PAGE_UNMAPPED
			    ? pages[i].place != SVM_PLACE_UNMAPPED
			    : !may_be_at(pages[i].place))
			FAIL("page %zu, in state %u, is at place %u",
			     r.first + i, state[i], pages[i].place);
}

static void check_event(const struct svm_event *e)
{
	CHECK(e->type >= SVM_EVENT_MIGRATED && e->type <= SVM_EVENT_UNMAPPED);
	CHECK(e->cause >= SVM_CAUSE_CALL && e->cause <= SVM_CAUSE_OTHER);
	CHECK_GT(e->length, 0);
	CHECK_EQ(e->length % PAGE, 0);
	CHECK_EQ(e->addr % PAGE, 0);
	CHECK_EQ(e->reserved, 0);
	add(SUM_EVENTS_DROPPED, e->dropped);
}

void do_events(struct worker *w)
{
	struct svm_event events[256];
	int fd = w->fds[below(w, board->nr_devices)];
	size_t i, n;

	n = events_read(fd, events, 256);
	for (i = 0; i < n; i++)
		check_event(&events[i]);
	add(SUM_EVENTS, n);
}
