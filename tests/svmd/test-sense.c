// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Telemetry on a made-up host: a directory with sys and proc below it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "madeup.h"
#include "rivals.h"
#include "sense.h"
#include "sysfs.h"
#include "undo.h"

static struct sense sense;

static int setup(void **state)
{
	const struct svmd_settings settings = {
		.numa_period_us = 10,
		.device_period_us = 10,
		.drm_period_us = 1000,
		.rdma_period_us = 10,
	};

	(void)state;
	strcpy(root, "/tmp/svmd-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	sense_init(&sense, root);
	sense_configure(&sense, &settings);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run("rm -rf %s", root);
	return 0;
}

#define NODE "sys/devices/system/node/node"

static void make_node(unsigned int id, const char *cpus)
{
	char path[128], text[512];

	snprintf(path, sizeof(path), NODE "%u/meminfo", id);
	snprintf(text, sizeof(text),
		 "Node %u MemTotal:  1000 kB\\nNode %u MemFree:  100 kB\\n"
		 "Node %u Inactive(anon): 7 kB\\nNode %u Inactive(file): 50 kB",
		 id, id, id, id);
	put(path, text);
	snprintf(path, sizeof(path), NODE "%u/cpulist", id);
	put(path, cpus);
	snprintf(path, sizeof(path), NODE "%u/numastat", id);
	put(path, "numa_hit 11\\nnuma_miss 12\\nnuma_foreign 13");
}

static void nodes(void **state)
{
	(void)state;
	make_node(0, "0-1");
	make_node(2, "");
	put(NODE "0/distance", "10 30");
	put(NODE "2/distance", "30 10");
	put(NODE "2/access0/initiators/read_latency", "250");
	put(NODE "2/access0/initiators/read_bandwidth", "5000");
	put(NODE "0/access0/initiators/read_latency", "1");
	put(NODE "0/access1/initiators/read_latency", "80");
	put("proc/pressure/memory",
	    "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\\nfull avg10=0.25 avg60=0 avg300=0 total=1");
	sense_read(&sense, 100);
	assert_int_equal(sense.nr_nodes, 2);
	assert_int_equal(sense.nodes[0].id, 0);
	assert_int_equal(sense.nodes[1].id, 2);
	assert_true(sense.nodes[0].has_cpu);
	assert_false(sense.nodes[1].has_cpu);
	assert_int_equal(sense.nodes[0].total_bytes, 1000 * 1024);
	assert_int_equal(sense.nodes[0].free_bytes, 150 * 1024);
	assert_int_equal(sense.node_more[0].free_bytes, 100 * 1024);
	assert_int_equal(sense.nodes[0].distance[1], 30);
	assert_int_equal(sense.nodes[1].distance[1], 10);
	assert_int_equal(sense.nodes[0].read_latency_ns, 80);
	assert_int_equal(sense.nodes[1].read_latency_ns, 250);
	assert_int_equal(sense.nodes[1].read_bandwidth_mbs, 5000);
	assert_int_equal(sense.node_more[1].foreign, 13);
	assert_true(sense.nodes[0].psi_some > 1.49F &&
		    sense.nodes[0].psi_some < 1.51F);
	assert_int_equal(sense.nodes[0].sampled_us, 100);

	/* One goes offline; the other's data go on. */
	run("rm -r %s/" NODE "2", root);
	sense_read(&sense, 200);
	assert_int_equal(sense.nr_nodes, 1);
	assert_int_equal(sense.nodes[0].sampled_us, 200);

	/* Unreadable: the last data stay, and their age shows. */
	run("rm -r %s/" NODE "0", root);
	sense_read(&sense, 300);
	assert_true(sense.sources[SENSE_NUMA].error);
	assert_int_equal(sense.nr_nodes, 1);
	assert_int_equal(sense.nodes[0].sampled_us, 200);
	assert_int_equal(sense.sources[SENSE_NUMA].sampled_us, 200);
}

static void make_device(unsigned int id)
{
	const char *const lines[][2] = {
		{ "type", "ram" },
		{ "bytes_total", "4096000" },
		{ "bytes_free", "409600" },
		{ "numa_node", "-1" },
		{ "capabilities", "0x7" },
		{ "stats/faults", "5" },
		{ "stats/bytes_evicted", "8192" },
		{ "stats/bytes_to_device", "100" },
		{ "stats/bytes_populated", "11" },
	};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(path, sizeof(path), "sys/class/svm/svm%u/%s", id,
			 lines[i][0]);
		put(path, lines[i][1]);
	}
}

static void devices_come_and_go(void **state)
{
	uint64_t generation;

	(void)state;
	sense_read(&sense, 100);
	assert_int_equal(sense.sources[SENSE_SVM].error, -ENOENT);
	assert_int_equal(sense.nr_devices, 0);
	make_device(11);
	make_device(2);
	generation = sense.generation;
	sense_read(&sense, 200);
	assert_int_equal(sense.sources[SENSE_SVM].error, 0);
	assert_int_equal(sense.nr_devices, 2);
	assert_int_equal(sense.devices[0].id, 2);
	assert_int_equal(sense.devices[1].id, 11);
	assert_int_equal(sense.devices[0].node, -1);
	assert_int_equal(sense.devices[0].total_bytes, 4096000);
	assert_int_equal(sense.devices[0].faults, 5);
	assert_int_equal(sense.device_more[0].bytes_in, 111);
	assert_int_equal(sense.device_more[0].capabilities, 7);
	assert_string_equal(sense.device_more[1].type, "ram");
	assert_true(sense.generation > generation);
	/* Held stays with the device, not with the place in the list. */
	sense.devices[1].held = true;
	generation = sense.generation;
	sense_read(&sense, 300);
	assert_int_equal(sense.generation, generation);
	assert_true(sense.devices[1].held);
	run("rm -r %s/sys/class/svm/svm2", root);
	sense_read(&sense, 400);
	assert_int_equal(sense.nr_devices, 1);
	assert_int_equal(sense.devices[0].id, 11);
	assert_false(sense.devices[0].held);
}

static void cards(void **state)
{
	(void)state;
	put("sys/devices/pci0/0000:00:04.0/numa_node", "1");
	put("sys/devices/pci0/0000:00:04.0/mem_info_vram_total", "1000");
	put("sys/devices/pci0/0000:00:04.0/mem_info_vram_used", "300");
	put("sys/devices/pci0/0000:00:04.0/gpu_busy_percent", "40");
	put("sys/devices/pci0/0000:00:04.0/current_link_width", "8");
	put("sys/devices/pci0/0000:00:04.0/max_link_width", "16");
	run("mkdir -p %s/sys/drivers/amdgpu && ln -s ../../drivers/amdgpu %s/sys/devices/pci0/0000:00:04.0/driver",
	    root, root);
	run("mkdir -p %s/sys/class/drm/card1 %s/sys/class/drm/card1-DP-1 %s/sys/class/drm/renderD128",
	    root, root, root);
	run("ln -s ../../../devices/pci0/0000:00:04.0 %s/sys/class/drm/card1/device",
	    root);
	sense_read(&sense, 100);
	assert_int_equal(sense.nr_cards, 1);
	assert_int_equal(sense.cards[0].id, 1);
	assert_int_equal(sense.cards[0].node, 1);
	assert_int_equal(sense.cards[0].vram_used_bytes, 300);
	assert_true(sense.cards[0].busy > 39.5F);
	assert_string_equal(sense.card_more[0].driver, "amdgpu");
	assert_string_equal(sense.card_more[0].slot, "0000:00:04.0");
	assert_true(sense.card_more[0].link_degraded);
	/* Not yet due again. */
	run("rm -r %s/sys/class/drm", root);
	sense_read(&sense, 200);
	assert_int_equal(sense.nr_cards, 1);
	sense_read(&sense, 1200);
	assert_int_equal(sense.nr_cards, 0);
}

static void read_is(uint64_t now, bool due)
{
	uint64_t reads = sense.sources[SENSE_NUMA].reads;

	sense_read(&sense, now);
	assert_int_equal(sense.sources[SENSE_NUMA].reads - reads, due);
}

/* The period is 10 µs. */
static void quiet_sources_wait(void **state)
{
	(void)state;
	make_node(0, "0-1");
	sense.quiet = true;
	read_is(100, true);
	read_is(110, true);
	read_is(129, false);
	read_is(130, true);
	read_is(169, false);
	read_is(170, true);
	/* Somebody wakes: it was to have been read long since. */
	read_is(190, false);
	sense.quiet = false;
	read_is(190, true);
	read_is(199, false);
	read_is(200, true);
	sense.quiet = true;
	read_is(210, true);
	read_is(229, false);
	read_is(230, true);
	/* A 64th of all memory is taken: not so quiet after all. */
	put(NODE "0/meminfo",
	    "Node 0 MemTotal:  1000 kB\\nNode 0 MemFree:  80 kB");
	read_is(270, true);
	read_is(279, false);
	read_is(280, true);
	/* Never as long as decisions respect. */
	sense.sources[SENSE_NUMA].wait_us = 6000000;
	read_is(1000000000, true);
	read_is(1007999999, false);
	read_is(1008000000, true);
}

static void ratings_are_read_seldom(void **state)
{
	(void)state;
	make_node(0, "0-1");
	put(NODE "0/access0/initiators/read_latency", "100");
	sense_read(&sense, 100);
	put(NODE "0/access0/initiators/read_latency", "200");
	sense_read(&sense, 200);
	assert_int_equal(sense.nodes[0].read_latency_ns, 100);
	assert_true(sense.nodes[0].has_cpu);
	/* Another set of nodes, and all is read anew. */
	make_node(1, "");
	sense_read(&sense, 300);
	assert_int_equal(sense.nodes[0].read_latency_ns, 200);
	put(NODE "0/access0/initiators/read_latency", "300");
	sense_read(&sense, 300 + 60 * 1000000);
	assert_int_equal(sense.nodes[0].read_latency_ns, 300);
}

#define PORT "sys/class/infiniband/"

static void ports(void **state)
{
	uint32_t id;

	(void)state;
	put(PORT "mlx5_0/ports/1/state", "4: ACTIVE");
	put(PORT "mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)");
	put(PORT "mlx5_0/ports/1/counters/port_xmit_data", "25");
	put(PORT "mlx5_0/ports/1/counters/port_xmit_wait", "0");
	put(PORT "mlx5_0/device/numa_node", "1");
	sense_read(&sense, 1000);
	assert_int_equal(sense.nr_ports, 1);
	id = sense.ports[0].id;
	assert_true(sense.ports[0].active);
	assert_int_equal(sense.ports[0].rate_mbs, 12500);
	assert_int_equal(sense.ports[0].node, 1);
	assert_int_equal(sense.port_more[0].sent_bytes, 100);
	assert_string_equal(sense.port_more[0].state, "ACTIVE");

	put(PORT "rxe0/ports/1/state", "1: DOWN");
	put(PORT "rxe0/ports/1/hw_counters/sent_bytes", "77");
	put(PORT "mlx5_0/ports/1/counters/port_xmit_wait", "125000");
	sense_read(&sense, 1001000);
	assert_int_equal(sense.nr_ports, 2);
	{
		unsigned int mlx = sense.ports[0].id == id ? 0 : 1;

		assert_int_equal(sense.ports[mlx].id, id);
		assert_int_not_equal(sense.ports[!mlx].id, id);
		assert_false(sense.ports[!mlx].active);
		assert_int_equal(sense.port_more[!mlx].sent_bytes, 77);
		assert_true(sense.ports[mlx].congestion > 0.04F &&
			    sense.ports[mlx].congestion < 0.06F);
	}
	run("rm -r %s/" PORT "mlx5_0", root);
	sense_read(&sense, 2001000);
	assert_int_equal(sense.nr_ports, 1);
	assert_int_not_equal(sense.ports[0].id, id);
}

static void hostile_files(void **state)
{
	(void)state;
	/* Nonsense is taken for missing, not for numbers. */
	make_device(3);
	put("sys/class/svm/svm3/bytes_total", "many");
	put("sys/class/svm/svm3/numa_node", "");
	put("sys/class/svm/svmx/type", "ram");
	put("sys/class/svm/svm99999/type", "ram");
	sense_read(&sense, 100);
	assert_int_equal(sense.nr_devices, 1);
	assert_int_equal(sense.devices[0].total_bytes, 0);
	assert_int_equal(sense.devices[0].node, -1);
}

static void rivals(void **state)
{
	const char *names[RIVALS_MAX + 1];

	(void)state;
	put("proc/12/comm", "bash");
	rivals_list(root, names);
	assert_null(names[0]);
	put("proc/13/comm", "numad");
	put("proc/sys/kernel/numa_balancing", "2");
	rivals_list(root, names);
	assert_string_equal(names[0], "numad");
	assert_string_equal(names[1], "numa_balancing");
	assert_null(names[2]);
}

static void expect(const char *path, const char *value)
{
	char text[64];

	assert_true(sysfs_text(root, text, sizeof(text), "%s", path) >= 0);
	assert_string_equal(text, value);
}

#define SYSCTL "proc/sys/kernel/numa_balancing"

static void undoing(void **state)
{
	struct undo *undo;
	char dir[128];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/state", root);
	mkdir(dir, 0700);
	put(SYSCTL, "1");
	put("sys/other", "x");
	assert_int_equal(undo_new(&undo, root, dir), 0);
	assert_int_equal(undo_change(undo, SYSCTL, "0"), 0);
	assert_int_equal(undo_change(undo, SYSCTL, "2"), 0);
	expect(SYSCTL, "2");
	assert_int_equal(undo_change(undo, "sys/other", "x"), 0);
	assert_int_equal(undo_change(undo, "sys/none", "1"), -ENOENT);
	assert_int_equal(undo_restore(undo, "sys/other"), -ENOENT);
	undo_free(undo);
	expect(SYSCTL, "1");

	/* A crash: nobody frees it, and the next one finds the file. */
	assert_int_equal(undo_new(&undo, root, dir), 0);
	assert_int_equal(undo_change(undo, SYSCTL, "0"), 0);
	assert_int_equal(undo_change(undo, "sys/other", "y"), 0);
	free(undo);
	run("printf 'nonsense\\n/etc/passwd=1\\n../x=1\\n' >> %s/undo", dir);
	assert_int_equal(undo_new(&undo, root, dir), 0);
	expect(SYSCTL, "1");
	expect("sys/other", "x");
	undo_free(undo);
	run("test ! -e %s/undo", dir);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nodes),
		CASE(devices_come_and_go),
		CASE(cards),
		CASE(ports),
		CASE(hostile_files),
		CASE(rivals),
		CASE(undoing),
		CASE(quiet_sources_wait),
		CASE(ratings_are_read_seldom),
	};

	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
