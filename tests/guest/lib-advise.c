// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice through libsvm on the module, with two devices.
 */
#include <sys/mman.h>

#include "dev.h"
#include "harness.h"
#include "lib.h"
#include "mem.h"
#include "numa.h"

const struct group group = {
	.module_args = "ram=512M,512M",
	.needs_device_memory = true,
};

#define PAGES 64
#define LENGTH (PAGES * PAGE)

static int give(struct svm *svm, void *addr, size_t length, uint32_t set,
		uint32_t clear, struct svm_place place)
{
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;

	opts.set = set;
	opts.clear = clear;
	opts.place = place;
	return svm_advise(svm, addr, length, &opts);
}

static const struct svm_place nowhere;

CASE(given_and_listed)
{
	struct svm *svm = lib_open(NULL);
	struct svm_advised list[4];
	char *addr = map_anon(LENGTH);

	/* Not page aligned: widened. */
	CHECK_EQ(give(svm, addr + 1, PAGE, SVM_ADVICE_KEEP, 0, nowhere),
		 SVM_ADVICE_KEEP);
	CHECK_EQ(give(svm, addr, PAGE, SVM_ADVICE_PIN, 0, svm_on_device(1)),
		 SVM_ADVICE_PIN);
	CHECK_EQ(svm_advice(svm, addr, LENGTH, list, 4), 3);
	CHECK(list[0].addr == addr);
	CHECK_EQ(list[0].device, 0);
	CHECK_EQ(list[0].length, 2 * PAGE);
	CHECK_EQ(list[0].advice, SVM_ADVICE_KEEP);
	CHECK_EQ(list[1].device, 1);
	CHECK_EQ(list[1].length, PAGE);
	CHECK_EQ(list[1].advice, SVM_ADVICE_KEEP | SVM_ADVICE_PIN);
	CHECK_EQ(list[2].advice, SVM_ADVICE_KEEP);
	CHECK_SYS(munmap(addr, LENGTH));
	CHECK_EQ(svm_advice(svm, addr, LENGTH, list, 4), 0);
	CHECK_EQ(give(svm, addr, LENGTH, SVM_ADVICE_KEEP, 0, nowhere), -EFAULT);
	svm_close(svm);
}

/* From whichever device it comes home. */
CASE(preferred_node_for_all_devices)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	int nodes[2], i;

	need_two_nodes(nodes);
	for (i = 0; i < 2; i++) {
		fill(addr, LENGTH, i);
		CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(i), NULL,
				      NULL),
			  0);
		CHECK_EQ(lib_bytes_on_device(svm, addr, LENGTH, i), LENGTH);
		CHECK_EQ(give(svm, addr, LENGTH, SVM_ADVICE_PREFER, 0,
			      svm_on_node(nodes[i])),
			 SVM_ADVICE_PREFER);
		check_fill(addr, LENGTH, i);
		CHECK_EQ(lib_bytes_on_node(svm, addr, LENGTH, nodes[i]),
			 LENGTH);
	}
	svm_close(svm);
}

CASE(settle)
{
	struct svm_result result = SVM_RESULT_INIT;
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	int i;

	fill(addr, LENGTH, 1);
	for (i = 0; i < 2; i++)
		CHECK_EQ(give(svm, page_at(addr, 16 * i), 16 * PAGE,
			      SVM_ADVICE_PREFER, 0, svm_on_device(i)),
			 SVM_ADVICE_PREFER);
	CHECK_RET(svm_settle(svm, addr, LENGTH, &result), 0);
	CHECK_EQ(result.pages[SVM_PAGE_MOVED], 32);
	CHECK_EQ(result.pages[SVM_PAGE_INDIFFERENT], PAGES - 32);
	for (i = 0; i < 2; i++)
		CHECK_EQ(lib_bytes_on_device(svm, page_at(addr, 16 * i),
					     16 * PAGE, i),
			 16 * PAGE);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}

CASE(pin_against_evict)
{
	struct svm *svm = lib_open(NULL);
	char *addr = map_anon(LENGTH);
	uint64_t evicted;

	fill(addr, LENGTH, 1);
	CHECK_RET(svm_migrate(svm, addr, LENGTH, svm_on_device(0), NULL, NULL),
		  0);
	/* On the other device, that is no pin here. */
	CHECK_EQ(give(svm, addr, LENGTH, SVM_ADVICE_PIN, 0, svm_on_device(1)),
		 SVM_ADVICE_PIN);
	CHECK_RET(svm_evict(svm, 0, PAGE, &evicted), 0);
	CHECK_EQ(evicted, PAGE);
	CHECK_EQ(give(svm, addr, LENGTH, SVM_ADVICE_PIN, 0, svm_on_device(0)),
		 SVM_ADVICE_PIN);
	CHECK_RET(svm_evict(svm, 0, PAGE, &evicted), 0);
	CHECK_EQ(evicted, 0);
	CHECK_EQ(give(svm, addr, LENGTH, 0, SVM_ADVICE_PIN, nowhere), 0);
	CHECK_RET(svm_evict(svm, 0, PAGE, &evicted), 0);
	CHECK_EQ(evicted, PAGE);
	check_fill(addr, LENGTH, 1);
	svm_close(svm);
}
