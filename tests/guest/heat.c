// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * svmd moves what is hot: a program uses a part of its memory, all of which is on
 * a node without CPUs; then it uses another part. svmd has to find out by DAMON,
 * and to bring the hot part, and not much else, to nodes with CPUs.
 *
 * How soon DAMON sees it, on an emulated CPU, depends on what else the machine does.
 * So that is a measurement for somebody who looks at it, and runs when it is asked for:
 *
 *     svm-vm exec -- env SVM_TEST_LONG=1 /usr/libexec/svm/tests/run heat.hot_set
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svm/session.h>

#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "numa.h"
#include "os.h"

const struct group group = { .module_args = "ram=64M" };

#define SVMD "/usr/libexec/svm/svmd"
#define DIR_ "/tmp/svm-heat"
#define SOCKET DIR_ "/session"
#define CONFIG DIR_ "/svmd.conf"
#define METRICS DIR_ "/metrics"
#define KDAMONDS "/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"
#define BALANCING "/proc/sys/kernel/numa_balancing"

/*
 * On an emulated CPU a TLB flush waits until the other CPU's thread is scheduled by
 * the host, spinning: that is time for which the mover's budget would make it pause,
 * and which makes copies dear. The use is expected to last, so they are worth it.
 */
#define UNHURRIED                                           \
	"[Daemon]\nCPUBudget=100%\n[Place]\nQuotaTime=1s\n" \
	"[Policy]\nHorizon=10min\n"

#define TOTAL MIB(256)
#define HOT MIB(32)

/* --- svmd ---------------------------------------------------------------------- */

static void run_svmd(void *arg)
{
	(void)arg;
	execl(SVMD, SVMD, "--bus=none", "--socket=" SOCKET, "--config=" CONFIG,
	      "--state-directory=" DIR_, "--runtime-directory=" DIR_, NULL);
	_exit(127);
}

static pid_t start_svmd(const char *config)
{
	unlink(SOCKET);
	mkdir(DIR_, 0700);
	unlink(CONFIG);
	{
		FILE *file = fopen(CONFIG, "w");

		CHECK(file);
		CHECK(fputs(config, file) >= 0);
		CHECK(!fclose(file));
	}
	return child(run_svmd, NULL);
}

static void stop_svmd(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGTERM));
	child_ok(pid);
}

/* Then svmd is up: whoever is welcomed has been seen by its loop. */
static struct svm_session *join(struct svm *svm)
{
	struct svm_join_opts opts = SVM_JOIN_OPTS_INIT;
	struct svm_session *session;

	opts.path = SOCKET;
	opts.timeout_ms = (uint32_t)(patience(20) * 1000);
	CHECK(EVENTUALLY(!svm_join(svm, &opts, &session)));
	return session;
}

/* A figure of what svmd serves for Prometheus; -1 if it is not there. */
static long long metric(const char *name)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	static char text[65536];
	size_t length = 0;
	ssize_t got = 1;
	char *at;
	int fd;

	strcpy(addr.sun_path, METRICS);
	fd = CHECK_SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_SYS(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK_EQ(write(fd, request, strlen(request)), strlen(request));
	while (length < sizeof(text) - 1 && got > 0) {
		got = CHECK_SYS(
			read(fd, text + length, sizeof(text) - 1 - length));
		length += (size_t)got;
	}
	close(fd);
	text[length] = '\0';
	for (at = strstr(text, name); at; at = strstr(at + 1, name))
		if (at[-1] == '\n' && at[strlen(name)] == ' ')
			return strtoll(at + strlen(name), NULL, 10);
	return -1;
}

/* --- the program --------------------------------------------------------------- */

static char *memory;
static _Atomic size_t hot_at;
static _Atomic bool stop;

/*
 * DAMON clears accessed bits and leaves the TLB as it is. That of a real CPU has
 * room for a part of the 8192 hot pages; that of an emulated one keeps all of them
 * for as long as nobody else runs there, and what is used looks as if it were not.
 * To let go of so many pages at once has the kernel flush all of it.
 */
static void flush_tlb(void)
{
	char *mem = map_anon(64 * PAGE);

	memset(mem, 1, 64 * PAGE);
	CHECK_SYS(munmap(mem, 64 * PAGE));
}

/* A word of each page of the hot part, again and again. */
static void *use(void *arg)
{
	unsigned int round = 0;

	(void)arg;
	/* What it uses goes to the node that it runs on; that shall stay. */
	stay_on_cpu(0);
	while (!stop) {
		volatile char *hot = memory + hot_at;
		size_t i;

		for (i = 0; i < HOT; i += PAGE)
			hot[i]++;
		if (!(++round % 8))
			flush_tlb();
		sleep_ms(1);
	}
	return NULL;
}

static bool in_list(const char *path, int node)
{
	char text[256], *at;

	if (!read_file(path, text, sizeof(text)))
		return false;
	for (at = text; *at;) {
		int first = (int)strtol(at, &at, 10), last = first;

		if (*at == '-')
			last = (int)strtol(at + 1, &at, 10);
		if (node >= first && node <= last)
			return true;
		if (*at++ != ',')
			break;
	}
	return false;
}

static int slow_node(void)
{
	int nodes[8], n = nodes_with_memory(nodes, 8), i;

	for (i = 0; i < n; i++)
		if (!in_list("/sys/devices/system/node/has_cpu", nodes[i]) &&
		    node_free_kib(nodes[i]) > (TOTAL >> 10) * 5 / 4)
			return nodes[i];
	skip("no node without CPUs has %zu MiB", TOTAL >> 20);
}

static uint64_t fast_bytes(struct svm *svm, const char *addr, size_t length,
			   int slow)
{
	return length - lib_bytes_on_node(svm, addr, length, slow);
}

static uint64_t moved(struct svm *svm)
{
	struct svm_stats stats = SVM_STATS_INIT;

	CHECK_RET(svm_get_stats(svm, &stats), 0);
	return stats.bytes_between_nodes;
}

/* Until 90 % of the hot part are fast; when it was, or 0 after @end. */
static double when_fast(struct svm *svm, int slow, double end)
{
	while (fast_bytes(svm, memory + hot_at, HOT, slow) < HOT / 10 * 9) {
		if (seconds() > end)
			return 0;
		sleep_ms(100);
	}
	return seconds();
}

static void phases(struct svm *svm, int slow)
{
	static const size_t places[] = { MIB(64), MIB(192) };
	double begin, when;
	uint64_t before, now;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		before = moved(svm);
		begin = seconds();
		hot_at = places[i];
		when = when_fast(svm, slow, begin + patience(30));
		now = fast_bytes(svm, memory + hot_at, HOT, slow);
		if (!when)
			FAIL("phase %zu: only %llu of %zu MiB are fast", i,
			     (unsigned long long)now >> 20, HOT >> 20);
		/* What is hot only by mistake would come later. */
		sleep_ms(3000);
		now = moved(svm) - before;
		note("phase %zu: after %.1f s, %.2f of the hot set moved", i,
		     when - begin, (double)now / (double)HOT);
		CHECK_LE(now, HOT / 2 * 3);
	}
}

static void hot_set(const char *config)
{
	struct svm *svm = lib_open(NULL);
	int slow = slow_node();
	struct svm_session *session;
	pthread_t thread;
	pid_t svmd;

	if (access(KDAMONDS, F_OK))
		skip("no DAMON in this kernel");
	memory = map_anon(TOTAL);
	bind_to_node(memory, TOTAL, slow);
	stamp(memory, TOTAL, 1);
	check_node(memory, TOTAL, slow);
	bind_to_node(memory, TOTAL, -1);
	svmd = start_svmd(config);
	session = join(svm);
	thread = thread_start(use, NULL);
	phases(svm, slow);
	stop = true;
	thread_join(thread);
	svm_leave(session);
	stop_svmd(svmd);
	CHECK_EQ(read_number(KDAMONDS), 0);
	svm_close(svm);
}

static void need_long(void)
{
	if (!getenv("SVM_TEST_LONG"))
		skip("a measurement, for a quiet machine: SVM_TEST_LONG=1");
}

CASE(hot_set_goes_up)
{
	need_long();
	CHECK(setting(BALANCING, "0"));
	hot_set(UNHURRIED);
}

/* Beside the kernel's own, as svmd finds it. */
CASE(hot_set_goes_up_with_balancing)
{
	need_long();
	CHECK(setting(BALANCING, "2"));
	hot_set(UNHURRIED "[Daemon]\nNUMABalancing=leave\n");
}

/* 'Y' or 'N', 0 where there is none. */
static char damon_stat(void)
{
	char text[8];

	return read_file("/sys/module/damon_stat/parameters/enabled", text,
			 sizeof(text))
		       ? text[0]
		       : 0;
}

/*
 * A program that puts memory on a device, and the CPU takes it back a page here
 * and there: the module's counters tell svmd, which wants it home.
 */
CASE(faults_back_bring_it_home)
{
	struct svm *svm = lib_open("svm0");
	struct svm_session *session;
	double end;
	pid_t svmd;
	size_t i;

	need_device_memory();
	memory = map_anon(MIB(8));
	stamp(memory, MIB(8), 1);
	svmd = start_svmd("[Daemon]\nCPUBudget=100%\nMetrics=" METRICS
			  "\n[Policy]\nPolicies=thrash\n"
			  "[Place]\nQuotaTime=1s\n");
	session = join(svm);
	CHECK_EQ(metric("svmd_decisions_thrash"), 0);
	end = seconds() + patience(90);
	for (i = 0; !metric("svmd_decisions_thrash"); i++) {
		size_t at;

		if (seconds() > end)
			FAIL("%zu times there and back, and nobody minds", i);
		CHECK_RET(svm_migrate(svm, memory, MIB(8), svm_on_device(0),
				      NULL, NULL),
			  0);
		for (at = 0; at < MIB(8); at += 16 * PAGE)
			(*(volatile char *)(memory + at))++;
		sleep_ms(200);
	}
	note("after %zu times there and back", i);
	svm_leave(session);
	stop_svmd(svmd);
	svm_close(svm);
}

static bool is_number(const char *path, long long number)
{
	return read_number(path) == number;
}

/* What svmd changed is as before after a stop, and after a kill and a start. */
CASE(damon_is_put_back)
{
	struct svm *svm = lib_open(NULL);
	struct svm_session *session;
	pid_t svmd;
	char stat;

	if (access(KDAMONDS, F_OK))
		skip("no DAMON in this kernel");
	CHECK(setting(BALANCING, "1"));
	stat = damon_stat();
	svmd = start_svmd("[Daemon]\nNUMABalancing=disable\n");
	session = join(svm);
	CHECK_EQ(read_number(BALANCING), 0);
	CHECK(EVENTUALLY(is_number(KDAMONDS, 1)));
	CHECK(damon_stat() != 'Y');
	stop_svmd(svmd);
	CHECK_EQ(read_number(KDAMONDS), 0);
	CHECK_EQ(read_number(BALANCING), 1);
	CHECK_EQ(damon_stat(), stat);
	svm_leave(session);

	svmd = start_svmd("[Daemon]\nNUMABalancing=disable\n");
	session = join(svm);
	CHECK(EVENTUALLY(is_number(KDAMONDS, 1)));
	child_kill(svmd);
	CHECK_EQ(read_number(KDAMONDS), 1);
	CHECK_EQ(read_number(BALANCING), 0);
	svm_leave(session);
	/* Without a policy nobody is watched. */
	svmd = start_svmd("[Policy]\nPolicies=off\n");
	svm_leave(join(svm));
	CHECK_EQ(read_number(KDAMONDS), 0);
	CHECK_EQ(read_number(BALANCING), 1);
	CHECK_EQ(damon_stat(), stat);
	CHECK(access(DIR_ "/undo", F_OK) < 0);
	stop_svmd(svmd);
	svm_close(svm);
}

/* Another's kdamond is left alone, also at the end. */
CASE(foreign_damon_is_left_alone)
{
	struct svm *svm = lib_open(NULL);
	struct svm_session *session;
	long long round;
	pid_t svmd;

	if (access(KDAMONDS, F_OK))
		skip("no DAMON in this kernel");
	CHECK(setting(KDAMONDS, "2"));
	svmd = start_svmd("[Daemon]\nMetrics=" METRICS "\n");
	session = join(svm);
	/* It has asked for DAMON, and had time to ask again. */
	CHECK(EVENTUALLY(metric("svmd_heat_cost_ns") > 0));
	round = metric("svmd_rounds");
	CHECK(EVENTUALLY(metric("svmd_rounds") >= round + 3));
	CHECK_EQ(read_number(KDAMONDS), 2);
	svm_leave(session);
	stop_svmd(svmd);
	CHECK_EQ(read_number(KDAMONDS), 2);
	svm_close(svm);
}
