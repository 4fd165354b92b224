// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device pages stay charged to their memory cgroup.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "dev.h"
#include "harness.h"
#include "mem.h"
#include "os.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

static void limit(const char *bytes)
{
	need_cgroup("memory");
	cgroup_set("memory.max", bytes);
}

static void charge_is_constant(void *arg)
{
	int fd = open_device(0), i;
	char *addr = map_anon(MIB(16));
	long long before, now;

	(void)arg;
	fill(addr, MIB(16), 1);
	/* Everything that the calls need for themselves is there after one. */
	move_all(fd, addr, MIB(1), TO_DEVICE);
	before = cgroup_number("memory.current");
	CHECK_GE(before, MIB(16));
	for (i = 0; i < 3; i++) {
		move_all(fd, addr, MIB(16), TO_DEVICE);
		now = cgroup_number("memory.current");
		note("charged: %lld KiB at home, %lld KiB on device",
		     before >> 10, now >> 10);
		CHECK_GE(now, before - (long long)MIB(2));
		CHECK_LE(now, before + (long long)MIB(2));
		CHECK_GE(cgroup_field("memory.stat", "anon"), MIB(16));
		move_all(fd, addr, MIB(16), TO_SYSTEM);
		now = cgroup_number("memory.current");
		CHECK_GE(now, before - (long long)MIB(2));
		CHECK_LE(now, before + (long long)MIB(2));
	}
	check_fill(addr, MIB(16), 1);
	CHECK_SYS(munmap(addr, MIB(16)));
	CHECK(EVENTUALLY(cgroup_number("memory.current") <
			 before - (long long)MIB(14)));
}

CASE(charge_follows_the_page)
{
	limit("64M");
	child_ok(cgroup_child(charge_is_constant, NULL));
	cgroup_remove();
}

/* Close under the limit: moving needs no second charge. */
static void near_limit(void *arg)
{
	int fd = open_device(0), i;
	char *addr = map_anon(MIB(26));

	(void)arg;
	fill(addr, MIB(26), 1);
	for (i = 0; i < 3; i++) {
		move_all(fd, addr, MIB(26), TO_DEVICE);
		if (i % 2)
			move_all(fd, addr, MIB(26), TO_SYSTEM);
		check_fill(addr, MIB(26), 1);
	}
	CHECK_EQ(cgroup_field("memory.events", "oom_kill"), 0);
}

CASE(under_the_limit)
{
	limit("32M");
	child_ok(cgroup_child(near_limit, NULL));
	cgroup_remove();
}

/* Holes are charged when they are made: beyond the limit they can't be. */
static void holes_beyond(void *arg)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(48));
	struct tally t = { 0 };

	(void)arg;
	migrate(fd, addr, MIB(48), TO_DEVICE, 0, NULL, &t);
	note("holes beyond the limit: %s", tally_text(&t));
	CHECK_LE(t.bytes_moved, MIB(32));
	CHECK_GT(t.pages[SVM_PAGE_NO_MEMORY], 0);
}

CASE(holes_beyond_the_limit)
{
	int status;

	limit("32M");
	status = child_wait(cgroup_child(holes_beyond, NULL));
	/* The kernel may call for the OOM killer, as for any other page. */
	if (WIFSIGNALED(status))
		CHECK_EQ(WTERMSIG(status), SIGKILL);
	else
		CHECK_EQ(WEXITSTATUS(status), 0);
	check_all_free(open_device(0));
	cgroup_remove();
}

/* All on the device and the limit reached: the killer frees the device too. */
static void beyond(void *arg)
{
	int fd = open_device(0);
	char *addr = map_anon(MIB(64));
	size_t at;

	(void)arg;
	for (at = 0; at < MIB(64); at += MIB(1)) {
		stamp(addr + at, MIB(1), 1);
		move_all(fd, addr + at, MIB(1), TO_DEVICE);
	}
}

CASE(out_of_memory_kill)
{
	int status;

	limit("32M");
	status = child_wait(cgroup_child(beyond, NULL));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_GT(cgroup_field("memory.events", "oom_kill"), 0);
	check_all_free(open_device(0));
	cgroup_remove();
}

/* Faults home under a limit that was lowered meanwhile. */
static void lowered(void *arg)
{
	struct gate *gates = arg;
	int fd = open_device(0);
	char *addr = map_anon(MIB(16));

	fill(addr, MIB(16), 1);
	move_all(fd, addr, MIB(16), TO_DEVICE);
	gate_open(&gates[0], 1);
	gate_wait(&gates[1]);
	check_fill(addr, MIB(16), 1);
	check_home(fd, addr, MIB(16));
}

CASE(limit_lowered_meanwhile)
{
	struct gate gates[2] = { gate_make(), gate_make() };
	pid_t pid;

	limit("64M");
	pid = cgroup_child(lowered, gates);
	gate_wait(&gates[0]);
	/* Device pages can't be reclaimed, so not below what is there. */
	cgroup_set("memory.high", "4M");
	gate_open(&gates[1], 1);
	cgroup_set("memory.high", "max");
	child_ok(pid);
	cgroup_remove();
}
