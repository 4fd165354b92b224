// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Telemetry by libdrm and libibverbs, with the libraries played by the test
 * (-Wl,--wrap), on a made-up host as in test-sense.c; and the clients of DRM
 * devices by procfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <libdrm/amdgpu_drm.h>
#include <libdrm/i915_drm.h>
#include <xf86drm.h>

#include <cmocka.h>

#include "card_client.h"
#include "log.h"
#include "madeup.h"
#include "sense.h"

static struct sense sense;

/* --- libdrm, played ----------------------------------------------------------- */

static int drm_result;
static unsigned int drm_opens;
static const char *drm_name;
static uint64_t vram_total, vram_used;

int __wrap_drmGetDevices2(uint32_t flags, drmDevicePtr *devices, int max);
void __wrap_drmFreeDevices(drmDevicePtr *devices, int count);
drmVersionPtr __wrap_drmGetVersion(int fd);
void __wrap_drmFreeVersion(drmVersionPtr version);
int __wrap_drmIoctl(int fd, unsigned long request, void *arg);

int __wrap_drmGetDevices2(uint32_t flags, drmDevicePtr *devices, int max)
{
	static char primary[] = "/dev/dri/card1";
	static char render[] = "/dev/null";
	static char *nodes[DRM_NODE_MAX] = { primary, NULL, render };
	static drmPciBusInfo pci = { .domain = 0, .bus = 3, .dev = 0x1f };
	static drmDevice device = {
		.nodes = nodes,
		.available_nodes = 1 << DRM_NODE_PRIMARY | 1 << DRM_NODE_RENDER,
		.bustype = DRM_BUS_PCI,
		.businfo.pci = &pci,
	};

	assert_int_equal(flags, 0);
	assert_true(max > 0);
	if (drm_result)
		return drm_result;
	devices[0] = &device;
	return 1;
}

void __wrap_drmFreeDevices(drmDevicePtr *devices, int count)
{
	(void)devices;
	assert_int_equal(count, 1);
}

drmVersionPtr __wrap_drmGetVersion(int fd)
{
	static drmVersion version;
	static char name[32];

	assert_true(fcntl(fd, F_GETFD) >= 0);
	drm_opens++;
	if (!drm_name)
		return NULL;
	snprintf(name, sizeof(name), "%s", drm_name);
	version.name = name;
	version.name_len = (int)strlen(name);
	return &version;
}

void __wrap_drmFreeVersion(drmVersionPtr version)
{
	assert_non_null(version);
}

static int play_i915(struct drm_i915_query *query)
{
	struct drm_i915_query_item *item =
		(struct drm_i915_query_item *)(uintptr_t)query->items_ptr;
	struct drm_i915_query_memory_regions *answer;
	size_t size = sizeof(*answer) + 2 * sizeof(answer->regions[0]);

	assert_int_equal(item->query_id, DRM_I915_QUERY_MEMORY_REGIONS);
	if (!item->length) {
		item->length = (int)size;
		return 0;
	}
	answer = (void *)(uintptr_t)item->data_ptr;
	assert_int_equal(item->length, size);
	answer->num_regions = 2;
	answer->regions[0].region.memory_class = I915_MEMORY_CLASS_SYSTEM;
	answer->regions[0].probed_size = 99;
	answer->regions[1].region.memory_class = I915_MEMORY_CLASS_DEVICE;
	answer->regions[1].probed_size = vram_total;
	answer->regions[1].unallocated_size = vram_total - vram_used;
	return 0;
}

int __wrap_drmIoctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (request == DRM_IOCTL_I915_QUERY)
		return play_i915(arg);
	if (request == DRM_IOCTL_AMDGPU_INFO) {
		struct drm_amdgpu_info *info = arg;
		struct drm_amdgpu_memory_info *memory =
			(void *)(uintptr_t)info->return_pointer;

		assert_int_equal(info->query, AMDGPU_INFO_MEMORY);
		assert_int_equal(info->return_size, sizeof(*memory));
		memory->vram.total_heap_size = vram_total;
		memory->vram.heap_usage = vram_used;
		return 0;
	}
	errno = EINVAL;
	return -1;
}

/* --- libibverbs, played --------------------------------------------------------- */

static struct ibv_device fake_device = { .name = "mlx5_0" };
static struct ibv_device *fake_list[2];
static bool have_verbs;
static unsigned int verbs_opens, verbs_open_now;
static enum ibv_port_state fake_state;

struct ibv_device **__wrap_ibv_get_device_list(int *nr);
void __wrap_ibv_free_device_list(struct ibv_device **list);
const char *__wrap_ibv_get_device_name(struct ibv_device *device);
struct ibv_context *__wrap_ibv_open_device(struct ibv_device *device);
int __wrap_ibv_close_device(struct ibv_context *context);

struct ibv_device **__wrap_ibv_get_device_list(int *nr)
{
	assert_null(nr);
	fake_list[0] = have_verbs ? &fake_device : NULL;
	return fake_list;
}

void __wrap_ibv_free_device_list(struct ibv_device **list)
{
	assert_ptr_equal(list, fake_list);
}

const char *__wrap_ibv_get_device_name(struct ibv_device *device)
{
	return device->name;
}

static int fake_query_port(struct ibv_context *context, uint8_t number,
			   struct ibv_port_attr *attr, size_t size)
{
	(void)context;
	assert_int_equal(number, 1);
	memset(attr, 0, size);
	attr->state = fake_state;
	attr->active_mtu = IBV_MTU_4096;
	attr->active_speed = 32;
	attr->active_width = 2;
	attr->link_layer = IBV_LINK_LAYER_INFINIBAND;
	return 0;
}

static int fake_query_device(struct ibv_context *context,
			     const struct ibv_query_device_ex_input *input,
			     struct ibv_device_attr_ex *attr, size_t size)
{
	(void)context, (void)input;
	assert_int_equal(size, sizeof(*attr));
	strcpy(attr->orig_attr.fw_ver, "28.1");
	attr->odp_caps.general_caps = IBV_ODP_SUPPORT;
	return 0;
}

struct ibv_context *__wrap_ibv_open_device(struct ibv_device *device)
{
	static struct verbs_context fake;

	assert_ptr_equal(device, &fake_device);
	fake.sz = sizeof(fake);
	fake.context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	fake.query_port = fake_query_port;
	fake.query_device_ex = fake_query_device;
	verbs_opens++;
	verbs_open_now++;
	return &fake.context;
}

int __wrap_ibv_close_device(struct ibv_context *context)
{
	(void)context;
	verbs_open_now--;
	return 0;
}

/* --- the tests -------------------------------------------------------------------- */

static int setup(void **state)
{
	const struct svmd_settings settings = {
		.numa_period_us = 10,
		.device_period_us = 10,
		.drm_period_us = 10,
		.rdma_period_us = 10,
	};

	(void)state;
	strcpy(root, "/tmp/svmd-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	sense_init(&sense, root);
	assert_false(sense.libraries);
	sense.libraries = true;
	sense_configure(&sense, &settings);
	drm_result = 0;
	drm_opens = 0;
	drm_name = "amdgpu";
	vram_total = 1 << 20;
	vram_used = 1 << 10;
	have_verbs = true;
	verbs_opens = 0;
	fake_state = IBV_PORT_ACTIVE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run("rm -rf %s", root);
	return 0;
}

#define CARD "sys/class/drm/card1"

static void cards(void **state)
{
	(void)state;
	put(CARD "/device/numa_node", "1");
	sense_read(&sense, 100);
	assert_int_equal(sense.drm_error, 0);
	assert_int_equal(sense.nr_cards, 1);
	assert_string_equal(sense.card_more[0].slot, "0000:03:1f.0");
	assert_string_equal(sense.card_more[0].render, "/dev/null");
	assert_string_equal(sense.card_more[0].driver, "amdgpu");
	assert_int_equal(sense.cards[0].node, 1);
	assert_int_equal(sense.cards[0].vram_total_bytes, 1 << 20);
	assert_int_equal(sense.cards[0].vram_used_bytes, 1 << 10);

	drm_name = "i915";
	vram_used = 2 << 10;
	sense_read(&sense, 200);
	assert_string_equal(sense.card_more[0].driver, "i915");
	assert_int_equal(sense.cards[0].vram_total_bytes, 1 << 20);
	assert_int_equal(sense.cards[0].vram_used_bytes, 2 << 10);

	/* More in use than there is: not believed. */
	vram_used = 2 << 20;
	sense_read(&sense, 300);
	assert_int_equal(sense.cards[0].vram_total_bytes, 0);

	/* A driver that tells nothing has told its name. */
	drm_name = "virtio_gpu";
	sense_read(&sense, 400);
	assert_string_equal(sense.card_more[0].driver, "virtio_gpu");
	assert_int_equal(sense.drm_error, 0);
}

static void card_asleep(void **state)
{
	(void)state;
	put(CARD "/device/power/runtime_status", "active");
	sense_read(&sense, 100);
	assert_int_equal(drm_opens, 1);
	put(CARD "/device/power/runtime_status", "suspended");
	drm_name = "other";
	sense_read(&sense, 200);
	assert_int_equal(drm_opens, 1);
	assert_string_equal(sense.card_more[0].driver, "amdgpu");
	assert_int_equal(sense.cards[0].vram_total_bytes, 1 << 20);
}

/* libdrm fails, and so does the driver: sysfs has it all the same. */
static void cards_without_libdrm(void **state)
{
	(void)state;
	drm_result = -ENODEV;
	put(CARD "/device/mem_info_vram_total", "1000");
	put(CARD "/device/mem_info_vram_used", "300");
	sense_read(&sense, 100);
	assert_int_equal(sense.drm_error, -ENODEV);
	assert_int_equal(sense.sources[SENSE_DRM].error, 0);
	assert_int_equal(sense.cards[0].vram_total_bytes, 1000);
	assert_int_equal(drm_opens, 0);
	drm_result = 0;
	drm_name = NULL;
	sense_read(&sense, 200);
	assert_int_equal(sense.drm_error, -ENODEV);
	assert_int_equal(drm_opens, 1);
	assert_int_equal(sense.cards[0].vram_total_bytes, 1000);
	/* None there is nothing to ask for. */
	run("rm -r %s/sys", root);
	sense_read(&sense, 300);
	assert_int_equal(sense.drm_error, 0);
	assert_int_equal(drm_opens, 1);
}

#define PORT "sys/class/infiniband/mlx5_0/ports/1/"

static void ports(void **state)
{
	(void)state;
	put(PORT "state", "4: ACTIVE");
	put(PORT "rate", "1 Gb/sec (1X SDR)");
	put(PORT "counters/port_xmit_data", "25");
	sense_read(&sense, 100);
	assert_int_equal(sense.nr_ports, 1);
	assert_int_equal(sense.verbs_error, 0);
	assert_true(sense.ports[0].active);
	assert_string_equal(sense.port_more[0].state, "ACTIVE");
	assert_int_equal(sense.ports[0].rate_mbs, 12500);
	assert_int_equal(sense.port_more[0].mtu, 4096);
	assert_string_equal(sense.port_more[0].link_layer, "InfiniBand");
	assert_string_equal(sense.port_more[0].firmware, "28.1");
	assert_true(sense.port_more[0].odp);
	assert_int_equal(sense.port_more[0].sent_bytes, 100);

	/* Not opened again as long as nothing changes; but counters go on. */
	put(PORT "counters/port_xmit_data", "50");
	sense_read(&sense, 200);
	assert_int_equal(verbs_opens, 1);
	assert_int_equal(verbs_open_now, 0);
	assert_true(sense.ports[0].active);
	assert_int_equal(sense.ports[0].rate_mbs, 12500);
	assert_int_equal(sense.port_more[0].mtu, 4096);
	assert_int_equal(sense.port_more[0].sent_bytes, 200);

	put(PORT "state", "1: DOWN");
	fake_state = IBV_PORT_DOWN;
	sense_read(&sense, 300);
	assert_int_equal(verbs_opens, 2);
	assert_false(sense.ports[0].active);
	assert_string_equal(sense.port_more[0].state, "DOWN");
}

static void ports_without_libibverbs(void **state)
{
	(void)state;
	have_verbs = false;
	put(PORT "state", "4: ACTIVE");
	put(PORT "rate", "100 Gb/sec (4X EDR)");
	put(PORT "link_layer", "Ethernet");
	sense_read(&sense, 100);
	assert_int_equal(sense.verbs_error, -ENOENT);
	assert_int_equal(sense.sources[SENSE_RDMA].error, 0);
	assert_true(sense.ports[0].active);
	assert_int_equal(sense.ports[0].rate_mbs, 12500);
	assert_string_equal(sense.port_more[0].link_layer, "Ethernet");
	assert_int_equal(sense.port_more[0].mtu, 0);
	/* It is asked again, although nothing has changed in sysfs. */
	have_verbs = true;
	sense_read(&sense, 200);
	assert_int_equal(sense.verbs_error, 0);
	assert_int_equal(sense.port_more[0].mtu, 4096);
}

static void make_fd(unsigned int fd, const char *target, const char *info)
{
	char path[64];

	run("mkdir -p %s/proc/7/fd && ln -s %s %s/proc/7/fd/%u", root, target,
	    root, fd);
	snprintf(path, sizeof(path), "proc/7/fdinfo/%u", fd);
	put(path, info);
}

static const struct card_client *client_of(const struct card_client *list,
					   int nr, uint64_t id)
{
	int i;

	for (i = 0; i < nr; i++)
		if (list[i].id == id)
			return &list[i];
	fail_msg("no client");
	return NULL;
}

static void clients(void **state)
{
	struct card_client list[CARD_CLIENTS_MAX];
	const struct card_client *one;
	int nr;

	(void)state;
	assert_int_equal(card_client_list(root, 7, list), -ENOENT);
	make_fd(0, "/dev/null", "drm-client-id: 9");
	make_fd(3, "/dev/dri/renderD128",
		"pos: 0\\ndrm-driver:\\tamdgpu\\ndrm-client-id:\\t5\\n"
		"drm-resident-vram0:\\t3 KiB\\ndrm-resident-gtt:\\t100 MiB\\n"
		"drm-resident-vram1: 10\\ndrm-memory-vram: 77 KiB\\n"
		"drm-engine-gfx:\\t1000 ns\\ndrm-engine-dma: 24 ns\\n"
		"drm-engine-capacity-gfx: 2");
	make_fd(4, "/dev/dri/renderD128", "drm-client-id: 5");
	make_fd(5, "/dev/dri/renderD128",
		"drm-client-id: 6\\ndrm-memory-vram: 2 MiB");
	make_fd(6, "/dev/dri/card0", "pos: 0");
	make_fd(7, "/dev/dri/card0", "nonsense\\n:\\ndrm-memory-vram");
	nr = card_client_list(root, 7, list);
	assert_int_equal(nr, 3);
	one = client_of(list, nr, 6);
	assert_int_equal(one->bytes, 2 << 20);
	assert_string_equal(one->node, "renderD128");
	one = client_of(list, nr, 0);
	assert_string_equal(one->node, "card0");
	assert_int_equal(one->bytes, 0);
	/* Of two descriptors of a client, either. */
	run("rm %s/proc/7/fd/4", root);
	nr = card_client_list(root, 7, list);
	one = client_of(list, nr, 5);
	assert_int_equal(one->bytes, 3 * 1024 + 10);
	assert_int_equal(one->busy_ns, 1024);
}

static void many_clients(void **state)
{
	struct card_client list[CARD_CLIENTS_MAX];
	unsigned int i;
	char info[64];

	(void)state;
	for (i = 0; i < 2 * CARD_CLIENTS_MAX; i++) {
		snprintf(info, sizeof(info),
			 "drm-client-id: %u\\n"
			 "drm-resident-vram: 99999999999999999999 MiB",
			 i + 1);
		make_fd(i, "/dev/dri/renderD128", info);
	}
	assert_int_equal(card_client_list(root, 7, list), CARD_CLIENTS_MAX);
	make_fd(99, "/dev/dri/a-name-that-is-longer-than-any-can-be-0123456789",
		"x");
	assert_int_equal(card_client_list(root, 7, list), CARD_CLIENTS_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cards),
		CASE(card_asleep),
		CASE(cards_without_libdrm),
		CASE(ports),
		CASE(ports_without_libibverbs),
		CASE(clients),
		CASE(many_clients),
	};

	log_set_level(LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
