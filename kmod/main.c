// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading the module.
 *
 * Devices may be made when it is loaded, by the parameters "ram" and "coherent".
 * Unloading moves
 * every page home first, with processes still using them; it is refused, as for
 * any module, while a file of ours is open.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/string.h>

#include "coherent.h"
#include "control.h"
#include "crew.h"
#include "debug.h"
#include "device.h"
#include "edu.h"
#include "exclusive.h"
#include "family.h"
#include "jobs.h"
#include "mirror.h"
#include "stream.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static char *ram;
module_param(ram, charp, 0444);
MODULE_PARM_DESC(ram,
		 "Devices of system memory: SIZE[@NODE][,SIZE[@NODE]...], sizes with K, M or G, in multiples of 2M");

static char *coherent;
module_param(coherent, charp, 0444);
MODULE_PARM_DESC(coherent,
		 "Devices of memory that the CPU can address, kept from the system: SIZE@START[,SIZE@START...], physical addresses, both in multiples of 2M");

/* One SIZE[@NODE]. */
static int svm_create_ram(const char *spec)
{
	int node = NUMA_NO_NODE;
	char *end;
	u64 bytes;
	u32 id;
	int ret;

	bytes = memparse(spec, &end);
	if (end == spec || (*end && *end != '@'))
		return -EINVAL;
	if (*end == '@') {
		ret = kstrtoint(end + 1, 10, &node);
		if (ret || node < 0)
			return -EINVAL;
	}
	return svm_device_create(SVM_DEVICE_RAM, bytes, node, &id);
}

/* Make a device of each word of a parameter. */
static int svm_create_each(const char *name, const char *value,
			   int (*create)(const char *spec))
{
	char *specs, *rest, *spec;
	int ret = 0;

	if (!value || !*value)
		return 0;
	specs = kstrdup(value, GFP_KERNEL);
	if (!specs)
		return -ENOMEM;
	rest = specs;
	while (!ret && (spec = strsep(&rest, ","))) {
		ret = create(spec);
		/* The loader's caller sees an error number only. */
		if (ret)
			pr_err("svm: parameter %s: device '%s': %pe\n", name,
			       spec, ERR_PTR(ret));
	}
	kfree(specs);
	return ret;
}

static int __init svm_init(void)
{
	int ret;

	svm_families_init();
	svm_streams_init();
	ret = svm_mirrors_init();
	if (ret)
		return ret;
	ret = svm_crews_init();
	if (ret)
		goto err_exit_mirrors;
	ret = svm_workers_init();
	if (ret)
		goto err_exit_crews;
	ret = svm_exclusives_init();
	if (ret)
		goto err_exit_workers;
	ret = svm_devices_init();
	if (ret)
		goto err_exit_exclusives;
	ret = svm_create_each("ram", ram, svm_create_ram);
	if (ret)
		goto err_destroy_devices;
	ret = svm_create_each("coherent", coherent, svm_coherent_create);
	if (ret)
		goto err_destroy_devices;
	ret = svm_edu_init();
	if (ret)
		goto err_destroy_devices;
	ret = svm_control_init();
	if (ret)
		goto err_exit_edu;
	svm_debug_init();
	return 0;

err_exit_edu:
	svm_edu_exit();
err_destroy_devices:
	svm_device_destroy_all();
	svm_coherent_exit();
	svm_devices_exit();
err_exit_exclusives:
	svm_exclusives_exit();
err_exit_workers:
	svm_workers_exit();
err_exit_crews:
	svm_crews_exit();
err_exit_mirrors:
	svm_mirrors_exit();
	return ret;
}

static void __exit svm_exit(void)
{
	svm_debug_exit();
	svm_control_exit();
	svm_edu_exit();
	svm_exclusives_exit();
	svm_workers_exit();
	svm_crews_exit();
	svm_device_destroy_all();
	svm_coherent_exit();
	svm_devices_exit();
	/* Contexts are freed by RCU, with code of ours only in the callback's queue. */
	rcu_barrier();
	svm_mirrors_exit();
}

module_init(svm_init);
module_exit(svm_exit);

MODULE_DESCRIPTION("Shared virtual memory over NUMA nodes and device memory");
MODULE_AUTHOR("The svm developers");
MODULE_LICENSE("GPL");
