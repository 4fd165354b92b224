// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The small parts that need no kernel, not even a false one: growable structs,
 * widening, device names, lines of maps, names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enumerate.h"
#include "fake.h"
#include "growable.h"
#include "range.h"
#include "vma.h"

struct first {
	uint32_t size;
	uint32_t a;
};

struct second {
	uint32_t size;
	uint32_t a;
	uint64_t b;
};

struct third {
	uint32_t size;
	uint32_t a;
	uint64_t b;
	uint64_t c;
};

static void options_of_all_ages(void **state)
{
	struct first old = { sizeof(old), 1 };
	struct second same = { sizeof(same), 1, 2 };
	struct third new = { sizeof(new), 1, 2, 0 };
	struct second got;

	(void)state;
#define read_it(src) growable_read(&got, sizeof(got), sizeof(struct first), src)
	assert_int_equal(read_it(&old), 0);
	assert_int_equal(got.a, 1);
	assert_int_equal(got.b, 0);
	assert_int_equal(read_it(&same), 0);
	assert_int_equal(got.b, 2);
	assert_int_equal(read_it(&new), 0);
	assert_int_equal(got.b, 2);
	new.c = 1ULL << 63;
	assert_int_equal(read_it(&new), -EINVAL);
	old.size = sizeof(old) - 1;
	assert_int_equal(read_it(&old), -EINVAL);
	old.size = GROWABLE_MAX + 1;
	assert_int_equal(read_it(&old), -EINVAL);
	assert_int_equal(read_it(NULL), 0);
	assert_int_equal(got.a, 0);
#undef read_it
}

static void answers_to_all_ages(void **state)
{
	struct second answer = { 99, 1, 2 };
	struct first old = { sizeof(old), 0 };
	struct third new = { sizeof(new), 0, 0, 3 };
	uint32_t guard[3] = { sizeof(struct first), 0, 0xeeee };

	(void)state;
	growable_write(&old, &answer, sizeof(answer));
	assert_int_equal(old.size, sizeof(old));
	assert_int_equal(old.a, 1);
	growable_write(&new, &answer, sizeof(answer));
	assert_int_equal(new.size, sizeof(new));
	assert_int_equal(new.b, 2);
	assert_int_equal(new.c, 0);
	growable_write(guard, &answer, sizeof(answer));
	assert_int_equal(guard[2], 0xeeee);
	assert_int_equal(growable_check(NULL, 8), -EINVAL);
	assert_int_equal(growable_check(&old, 8), 0);
	assert_int_equal(growable_check(&old, 9), -EINVAL);
	old.size = GROWABLE_MAX + 1;
	assert_int_equal(growable_check(&old, 8), -EINVAL);
}

static void widening(void **state)
{
	struct svm svm = { .page_size = 4096 };
	struct svm_span span;

	(void)state;
#define widen(addr, length) svm_widen(&svm, (void *)(addr), length, &span)
	assert_int_equal(widen(0x1000, 4096), 0);
	assert_int_equal(span.start, 0x1000);
	assert_int_equal(span.end, 0x2000);
	assert_int_equal(widen(0x1fff, 2), 0);
	assert_int_equal(span.start, 0x1000);
	assert_int_equal(span.end, 0x3000);
	assert_int_equal(svm_span_pages(&svm, span), 2);
	assert_int_equal(widen(0x1fff, 0), 0);
	assert_int_equal(svm_span_pages(&svm, span), 0);
	assert_int_equal(widen(0, 1), 0);
	assert_int_equal(svm_span_pages(&svm, span), 1);
	assert_int_equal(widen(UINTPTR_MAX, 1), -EINVAL);
	assert_int_equal(widen(UINTPTR_MAX - 100, 50), -EINVAL);
	assert_int_equal(widen(0x1000, SIZE_MAX), -EINVAL);
	assert_int_equal(widen(UINTPTR_MAX - 4095 - 4096, 4096), 0);
	assert_int_equal(widen(UINTPTR_MAX - 4095 - 4096, 4097), -EINVAL);
#undef widen
}

static void device_names(void **state)
{
	static const char *const bad[] = {
		"",	 "svm",	  "svm ",  "svm-control",   "svm00",
		"svm1a", "xsvm1", "svm+1", "svm4294967295", "svm99999999999999"
	};
	uint32_t id = 5;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(svm_parse_device_name(bad[i], &id), -EINVAL);
	assert_int_equal(id, 5);
	assert_int_equal(svm_parse_device_name("svm0", &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(svm_parse_device_name("svm10", &id), 0);
	assert_int_equal(id, 10);
	assert_int_equal(svm_parse_device_name("svm4294967294", &id), 0);
	assert_int_equal(id, UINT32_MAX - 1);
}

static void lines_of_maps(void **state)
{
	static const struct {
		const char *name;
		enum svm_vma_kind kind;
	} names[] = {
		{ "", VMA_ANON },
		{ "                  ", VMA_ANON },
		{ "    [heap]\n", VMA_ANON },
		{ "    [stack]\n", VMA_ANON },
		{ "    [anon:malloc]\n", VMA_ANON },
		{ "    [anon_shmem:x]\n", VMA_SHMEM },
		{ "    [vdso]\n", VMA_SPECIAL },
		{ "    [vvar_vclock]\n", VMA_SPECIAL },
		{ "    /bin/ls\n", VMA_FILE },
		{ "    /tmp/two words (deleted)\n", VMA_FILE },
		{ "    /dev/shm/x\n", VMA_SHMEM },
		{ "    /memfd:x (deleted)\n", VMA_SHMEM },
		{ "    /SYSV00000000 (deleted)\n", VMA_SHMEM },
		{ "    /dev/zero (deleted)\n", VMA_SHMEM },
		{ "    /dev/hugepages/x\n", VMA_HUGETLB },
		{ "    /anon_hugepage (deleted)\n", VMA_HUGETLB },
		{ "    /dev/dri/renderD128\n", VMA_SPECIAL },
		{ "    anon_inode:i915.gem\n", VMA_SPECIAL },
	};
	struct svm_vma vma;
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line),
			 "7f0000001000-7f0000003000 rw-p 00000000 00:00 0%s",
			 names[i].name);
		assert_int_equal(svm_vmas_parse(line, &vma), 0);
		assert_int_equal(vma.start, 0x7f0000001000);
		assert_int_equal(vma.end, 0x7f0000003000);
		assert_int_equal(vma.kind, names[i].kind);
	}
	assert_int_equal(svm_vmas_parse("", &vma), -EPROTO);
	assert_int_equal(svm_vmas_parse("nonsense", &vma), -EPROTO);
	assert_int_equal(svm_vmas_parse("1000-2000 rw-p", &vma), -EPROTO);
}

static void finding_mappings(void **state)
{
	struct svm_vma list[] = {
		{ 0x1000, 0x2000, VMA_ANON },
		{ 0x2000, 0x5000, VMA_FILE },
		{ 0x8000, 0x9000, VMA_SHMEM },
	};
	struct svm_vmas vmas = { list, 3 };
	struct svm_vmas none = { NULL, 0 };

	(void)state;
	assert_null(svm_vmas_find(&vmas, 0xfff));
	assert_ptr_equal(svm_vmas_find(&vmas, 0x1000), &list[0]);
	assert_ptr_equal(svm_vmas_find(&vmas, 0x1fff), &list[0]);
	assert_ptr_equal(svm_vmas_find(&vmas, 0x2000), &list[1]);
	assert_ptr_equal(svm_vmas_find(&vmas, 0x4fff), &list[1]);
	assert_null(svm_vmas_find(&vmas, 0x5000));
	assert_ptr_equal(svm_vmas_find(&vmas, 0x8000), &list[2]);
	assert_null(svm_vmas_find(&vmas, 0x9000));
	assert_null(svm_vmas_find(&none, 0x9000));
}

static void names(void **state)
{
	unsigned int i, k;

	(void)state;
	assert_string_equal(svm_status_name(SVM_PAGE_PINNED), "pinned");
	assert_string_equal(svm_place_name(SVM_PLACE_DEVICE), "device");
	for (i = 0; i < SVM_PAGE_STATUS_NR; i++) {
		assert_string_not_equal(svm_status_name(i), "unknown");
		for (k = 0; k < i; k++)
			assert_string_not_equal(svm_status_name(i),
						svm_status_name(k));
	}
	assert_string_equal(svm_status_name(SVM_PAGE_STATUS_NR), "unknown");
	assert_string_equal(svm_status_name(UINT32_MAX), "unknown");
	for (i = 0; i <= SVM_PLACE_POISONED; i++)
		assert_string_not_equal(svm_place_name(i), "unknown");
	assert_string_equal(svm_place_name(SVM_PLACE_POISONED + 1), "unknown");
	assert_string_equal(svm_place_name(UINT32_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_all_ages),
		cmocka_unit_test(answers_to_all_ages),
		cmocka_unit_test(widening),
		cmocka_unit_test(device_names),
		cmocka_unit_test(lines_of_maps),
		cmocka_unit_test(finding_mappings),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
