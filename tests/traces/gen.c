// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the traces that replay is tested with (the format is in
 * daemon/trace.h).
 *
 *	gen NAME [SEED] > NAME.trace
 *
 * zipf		Some regions are used much, most little, all the time. They are
 *		where the order of their first use has put them.
 * scan		A large buffer is read from its beginning to its end, again and
 *		again. The fast node has room, but nothing is gained by a move.
 * phase	The hot set is another one every 100 s.
 * pingpong	Two hot sets that don't fit together take turns every 16 s;
 *		buffers that a device and the CPU use by turns; and some on the
 *		device that it uses less than the CPU does.
 * device	A program puts ever more buffers on a device, which uses the newest;
 *		the device is full soon, and then they stay on the node.
 * nic		Buffers of a NIC that were allocated on the wrong node; some are
 *		pinned, some registered for on-demand paging.
 *
 * Rates have the noise of sampling: as many accesses as a Poisson process would
 * show in a round. The same seed gives the same trace everywhere.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ULL << 20)
#define REGION (2 * MIB)
#define BASE 0x100000000ULL
#define PAGES (REGION / 4096)

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* In [0, 1). */
static double uniform(void)
{
	return (double)(next() >> 11) / 9007199254740992.0;
}

/* Near enough to Poisson's: exact for few, the sum of uniforms for many. */
static double poisson(double mean)
{
	double limit, p = 1, sum = 0, n = 0;
	int i;

	if (mean > 50) {
		for (i = 0; i < 12; i++)
			sum += uniform();
		n = mean + (sum - 6) * sqrt(mean);
		return n > 0 ? floor(n + 0.5) : 0;
	}
	limit = exp(-mean);
	for (;;) {
		p *= uniform();
		if (p <= limit)
			return n;
		n++;
	}
}

static uint64_t address(unsigned int i)
{
	return BASE + i * REGION;
}

static void region(unsigned int i, const char *more)
{
	printf("region 1 0x%llx 2M%s\n", (unsigned long long)address(i), more);
}

/* @rate: accesses per second and page. */
static void use(unsigned int i, double cpu, double device)
{
	double c = cpu > 0 ? poisson(cpu * PAGES) / PAGES : 0;
	double d = device > 0 ? poisson(device * PAGES) / PAGES : 0;

	if (!(c > 0) && !(d > 0))
		return;
	printf("use 1 0x%llx", (unsigned long long)address(i));
	if (c > 0)
		printf(" cpu=%.4f", c);
	if (d > 0)
		printf(" device=%.4f", d);
	printf("\n");
}

static void round_end(unsigned int second)
{
	printf("round %u\n", (second + 1) * 1000);
}

/* A fast node, and a slow one without CPUs, as CXL memory is. */
static void two_tiers(const char *fast, const char *reserve)
{
	printf("svm-trace 1\n");
	printf("node 0 total=%s cpus=yes latency=90 bandwidth=40000 "
	       "reserve=%s\n",
	       fast, reserve);
	printf("node 1 total=8G latency=250 bandwidth=12000 reserve=1%%\n");
	printf("distance 0 1 20\n");
	printf("session 1 uid=1000 node=0\n");
}

static void zipf(void)
{
	enum { NR = 1024, SECONDS = 300 };
	unsigned int rank[NR], i, k, t, tmp;

	two_tiers("512M", "1%");
	for (i = 0; i < NR; i++)
		rank[i] = i;
	for (i = NR - 1; i > 0; i--) {
		k = (unsigned int)(uniform() * (i + 1));
		tmp = rank[i];
		rank[i] = rank[k];
		rank[k] = tmp;
	}
	/* The first quarter, by address, has the fast node. */
	for (i = 0; i < NR; i++)
		region(i, i < 240 ? " place=node0" : " place=node1");
	for (t = 0; t < SECONDS; t++) {
		for (i = 0; i < NR; i++)
			use(i, 400 / pow(rank[i] + 1, 0.99), 0);
		round_end(t);
	}
}

static void scan(void)
{
	enum { HOT = 64, NR = 1024, A_SECOND = 61, SECONDS = 180 };
	unsigned int i, t, at = 0;

	two_tiers("1G", "5%");
	for (i = 0; i < HOT; i++)
		region(i, " place=node0");
	for (i = HOT; i < HOT + NR; i++)
		region(i, " place=node1");
	for (t = 0; t < SECONDS; t++) {
		for (i = 0; i < HOT; i++)
			use(i, 50, 0);
		/* Each cache line once; the last region goes on next second. */
		for (i = 0; i < A_SECOND; i++)
			use(HOT + (at + i) % NR, i ? 64 : 32, 0);
		use(HOT + (at + A_SECOND) % NR, 32, 0);
		at = (at + A_SECOND) % NR;
		round_end(t);
	}
}

static void phase(void)
{
	enum { NR = 512, HOT = 96, SECONDS = 400, PHASE = 100 };
	unsigned int i, t, first;

	two_tiers("384M", "1%");
	for (i = 0; i < NR; i++)
		region(i, " place=node1");
	for (t = 0; t < SECONDS; t++) {
		first = t / PHASE * (NR / 4);
		for (i = 0; i < NR; i++)
			use(i, i >= first && i < first + HOT ? 80 : 0.05, 0);
		round_end(t);
	}
}

static void pingpong(void)
{
	enum {
		SET = 64,
		BUFFERS = 16,
		MIXED = 8,
		SECONDS = 480,
		TURN = 16,
		SHORT = 6
	};
	unsigned int i, t;

	two_tiers("192M", "1%");
	printf("device 0 total=256M node=0 latency=60 bandwidth=200000\n");
	for (i = 0; i < SET; i++)
		region(i, " place=node0");
	for (i = SET; i < 2 * SET; i++)
		region(i, " place=node1");
	for (i = 2 * SET; i < 2 * SET + BUFFERS; i++)
		region(i, " place=node1 user=svm0");
	for (; i < 2 * SET + BUFFERS + MIXED; i++)
		region(i, " place=svm0 user=svm0");
	for (t = 0; t < SECONDS; t++) {
		unsigned int mine = t / TURN % 2 * SET;
		int device = t / SHORT % 2;

		for (i = mine; i < mine + SET; i++)
			use(i, 100, 0);
		for (i = 2 * SET; i < 2 * SET + BUFFERS; i++)
			use(i, device ? 0 : 20, device ? 200 : 0);
		for (; i < 2 * SET + BUFFERS + MIXED; i++)
			use(i, 0.2, 2);
		round_end(t);
	}
}

static void device(void)
{
	enum { NR = 256, IN_USE = 96, SECONDS = 400, EVERY = 1, START = 32 };
	unsigned int i, t, nr = 0;

	two_tiers("4G", "1%");
	printf("device 0 total=256M node=0 latency=60 bandwidth=200000\n");
	printf("card 0 node=0 svm=0\n");
	for (t = 0; t < SECONDS; t++) {
		for (; nr < NR && nr < START + t * EVERY; nr++)
			region(nr, " place=svm0 user=card0");
		/* The newest; those before them hardly any more. */
		for (i = 0; i < nr; i++)
			use(i, 0, i + IN_USE >= nr ? 60 : 0.02);
		round_end(t);
	}
}

static void nic(void)
{
	enum { NR = 128, PINNED = 16, ODP = 16, OTHER = 64, SECONDS = 240 };
	unsigned int i, t;

	printf("svm-trace 1\n");
	printf("node 0 total=2G cpus=yes latency=90 bandwidth=40000 "
	       "reserve=1%%\n");
	printf("node 1 total=2G cpus=yes latency=90 bandwidth=40000 "
	       "reserve=1%%\n");
	printf("distance 0 1 21\n");
	printf("port 0 node=1 rate=12500\n");
	printf("session 1 uid=1000 node=0\n");
	for (i = 0; i < NR; i++) {
		if (i < PINNED)
			region(i, " place=node0 user=port0 pinned");
		else if (i < PINNED + ODP)
			region(i, " place=node0 user=port0 odp");
		else
			region(i, " place=node0 user=port0");
	}
	for (i = NR; i < NR + OTHER; i++)
		region(i, " place=node0");
	for (t = 0; t < SECONDS; t++) {
		for (i = 0; i < NR; i++)
			use(i, 4, 80);
		for (i = NR; i < NR + OTHER; i++)
			use(i, 60, 0);
		round_end(t);
	}
}

static const struct {
	const char *name;
	void (*write)(void);
} traces[] = {
	{ "zipf", zipf },	  { "scan", scan },	{ "phase", phase },
	{ "pingpong", pingpong }, { "device", device }, { "nic", nic },
};

#define NR_TRACES (sizeof(traces) / sizeof(*traces))

int main(int argc, char **argv)
{
	size_t i;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	for (i = 0; argc > 1 && i < NR_TRACES; i++) {
		if (strcmp(argv[1], traces[i].name))
			continue;
		traces[i].write();
		return fflush(stdout) || ferror(stdout);
	}
	fprintf(stderr, "usage: gen NAME [SEED]\nNAME is one of:");
	for (i = 0; i < NR_TRACES; i++)
		fprintf(stderr, " %s", traces[i].name);
	fprintf(stderr, "\n");
	return 2;
}
