// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to memory, and why: it moves to a device, some of it is read, a
 * piece is unmapped, and a stream of events tells of it all.
 */
#include <poll.h>
#include <sys/mman.h>

#include <svm/events.h>

#include "common.h"

#define LENGTH ((size_t)1 << 20)

static void print(const struct svm_event *event)
{
	printf("%16llx %5llu KiB %s by %s", (unsigned long long)event->addr,
	       (unsigned long long)event->length >> 10,
	       svm_event_name(event->type), svm_cause_name(event->cause));
	if (event->type == SVM_EVENT_MIGRATED)
		printf(", %s to %s, %llu us", svm_place_name(event->from),
		       svm_place_name(event->to),
		       (unsigned long long)event->duration_ns / 1000);
	if (event->dropped)
		printf(", and %llu before it are lost",
		       (unsigned long long)event->dropped);
	putchar('\n');
}

/* As a program with an event loop would: take what is there, never wait. */
static size_t take(struct svm_events *events)
{
	struct pollfd poll_fd = { .fd = svm_events_fd(events),
				  .events = POLLIN };
	struct svm_event list[16];
	size_t taken = 0;
	ssize_t nr, i;

	while (poll(&poll_fd, 1, 0) > 0) {
		nr = svm_events_next(events, list, 16, 0);
		check(nr, "svm_events_next");
		for (i = 0; i < nr; i++)
			print(&list[i]);
		taken += (size_t)nr;
	}
	return taken;
}

int main(void)
{
	unsigned long sum = 0;
	struct svm_events *events;
	uint64_t total, dropped;
	size_t i, taken;
	struct svm *svm;
	int id, bad;
	char *mem;

	check(svm_open(&svm, NULL), "svm_open");
	id = able_device(svm, SVM_CAP_EVENTS | SVM_CAP_TO_DEVICE);
	if (id < 0) {
		puts("there is no device that could tell");
		svm_close(svm);
		return 0;
	}
	mem = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return 1;
	memset(mem, 1, LENGTH);

	check(svm_events_open(&events, svm, (uint32_t)id, NULL),
	      "svm_events_open");
	check(svm_migrate(svm, mem, LENGTH, svm_on_device((uint32_t)id), NULL,
			  NULL),
	      "svm_migrate");
	for (i = 0; i < LENGTH / 2; i++)
		sum += (unsigned char)mem[i];
	check(svm_migrate(svm, mem, LENGTH, svm_on_node(SVM_NODE_ANY), NULL,
			  NULL),
	      "svm_migrate");
	munmap(mem, LENGTH);
	taken = take(events);
	check(svm_events_count(events, &total, &dropped), "svm_events_count");
	printf("%zu events of %llu, %llu lost\n", taken,
	       (unsigned long long)total, (unsigned long long)dropped);
	bad = taken + dropped != total || !total || sum != LENGTH / 2;
	svm_events_close(events);
	svm_close(svm);
	return bad;
}
