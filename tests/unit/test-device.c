// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device information, creation, removal, eviction.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"

static void tells_what_a_device_is(void **state)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(2, 100);
	svm = fake_open();
	assert_int_equal(svm_device_info(svm, 0, &info), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.type, SVM_DEVICE_RAM);
	assert_int_equal(info.id, 2);
	assert_int_equal(info.node, 0);
	assert_true(info.capabilities & SVM_CAP_TO_DEVICE);
	assert_int_equal(info.bytes_total, 1 << 30);
	assert_int_equal(info.bytes_free, 100 * FAKE_PAGE);
	assert_int_equal(info.page_orders, 1);
	svm_close(svm);
}

static void info_is_of_this_moment(void **state)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	svm = fake_open();
	fake.device[0].room = 7;
	assert_int_equal(svm_device_info(svm, 0, &info), 0);
	assert_int_equal(info.bytes_free, 7 * FAKE_PAGE);
	svm_close(svm);
}

static void info_errors(void **state)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(0, 100);
	svm = fake_open();
	assert_int_equal(svm_device_info(NULL, 0, &info), -EINVAL);
	assert_int_equal(svm_device_info(svm, 0, NULL), -EINVAL);
	assert_int_equal(svm_device_info(svm, 1, &info), -ENOENT);
	info.size = sizeof(info) - 1;
	assert_int_equal(svm_device_info(svm, 0, &info), -EINVAL);
	info.size = sizeof(info);
	fake.device[0].gone = true;
	assert_int_equal(svm_device_info(svm, 0, &info), -ENODEV);
	assert_int_equal(info.bytes_total, 0); /* untouched */
	assert_int_equal(svm_device_count(svm), 1);
	assert_int_equal(svm_device_count(NULL), -EINVAL);
	svm_close(svm);
}

static void creates(void **state)
{
	uint32_t id = 99;

	(void)state;
	fake_add_control();
	assert_int_equal(svm_device_create_on(4 << 20, 1, &id, &fake.ops), 0);
	assert_int_equal(id, 3);
	assert_int_equal(fake.created.size, sizeof(fake.created));
	assert_int_equal(fake.created.flags, 0);
	assert_int_equal(fake.created.type, SVM_DEVICE_RAM);
	assert_int_equal(fake.created.node, 1);
	assert_int_equal(fake.created.bytes, 4 << 20);
	assert_int_equal(fake.created.reserved, 0);
}

static void create_errors(void **state)
{
	uint32_t id = 99;

	(void)state;
	assert_int_equal(svm_device_create_on(4 << 20, 0, &id, &fake.ops),
			 -ENODEV);
	fake_add_control();
	assert_int_equal(svm_device_create_on(4 << 20, 0, NULL, &fake.ops),
			 -EINVAL);
	assert_int_equal(svm_device_create_on(0, 0, &id, &fake.ops), -EINVAL);
	assert_int_equal(svm_device_create_on(4 << 20, -2, &id, &fake.ops),
			 -EINVAL);
	fake.create_error = -EPERM;
	assert_int_equal(svm_device_create_on(4 << 20, 0, &id, &fake.ops),
			 -EPERM);
	fake.create_error = -ENOSPC;
	assert_int_equal(svm_device_create_on(4 << 20, 0, &id, &fake.ops),
			 -ENOSPC);
	assert_int_equal(id, 99);
}

static void destroys(void **state)
{
	(void)state;
	assert_int_equal(svm_device_destroy_on(2, &fake.ops), -ENODEV);
	fake_add_control();
	assert_int_equal(svm_device_destroy_on(2, &fake.ops), 0);
	assert_int_equal(fake.destroyed, 2);
	assert_int_equal(svm_device_destroy_on(9, &fake.ops), -ENOENT);
}

static void evicts(void **state)
{
	uint64_t evicted = 0;
	struct svm *svm;

	(void)state;
	fake_add_device(1, 1);
	svm = fake_open();
	assert_int_equal(svm_evict(svm, 1, 8192, &evicted), 0);
	assert_int_equal(evicted, 8192);
	assert_int_equal(svm_evict(svm, 1, 0, &evicted), 0);
	assert_int_equal(evicted, 12345);
	assert_int_equal(svm_evict(svm, 1, 0, NULL), 0);
	assert_int_equal(svm_evict(NULL, 1, 0, NULL), -EINVAL);
	assert_int_equal(svm_evict(svm, 0, 0, &evicted), -ENODEV);
	fake.device[1].error = -EPERM;
	evicted = 5;
	assert_int_equal(svm_evict(svm, 1, 0, &evicted), -EPERM);
	assert_int_equal(evicted, 5);
	svm_close(svm);
}

static void tells_quota(void **state)
{
	struct svm_quota quota = SVM_QUOTA_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(1, 1);
	svm = fake_open();
	assert_int_equal(svm_get_quota(svm, 1, &quota), 0);
	assert_int_equal(fake.device[1].quota.flags, 0);
	assert_int_equal(quota.bytes, 1 << 20);
	assert_int_equal(quota.bytes_used, 1 << 19);
	assert_int_equal(quota.bytes_default, 1 << 21);
	assert_int_equal(svm_set_quota(svm, 1, 777), 0);
	assert_int_equal(fake.device[1].quota.flags, SVM_QUOTA_SET);
	assert_int_equal(fake.device[1].quota.bytes, 777);
	assert_int_equal(svm_set_quota(svm, 1, SVM_QUOTA_DEFAULT), 0);
	assert_true(fake.device[1].quota.bytes == UINT64_MAX);
	svm_close(svm);
}

static void quota_errors(void **state)
{
	struct svm_quota quota = SVM_QUOTA_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(1, 1);
	svm = fake_open();
	assert_int_equal(svm_get_quota(NULL, 1, &quota), -EINVAL);
	assert_int_equal(svm_get_quota(svm, 1, NULL), -EINVAL);
	assert_int_equal(svm_get_quota(svm, 0, &quota), -ENODEV);
	assert_int_equal(svm_set_quota(NULL, 1, 1), -EINVAL);
	assert_int_equal(svm_set_quota(svm, 0, 1), -ENODEV);
	quota.size--;
	assert_int_equal(svm_get_quota(svm, 1, &quota), -EINVAL);
	quota.size++;
	fake.device[1].error = -EPERM;
	assert_int_equal(svm_set_quota(svm, 1, 1), -EPERM);
	assert_int_equal(svm_get_quota(svm, 1, &quota), -EPERM);
	assert_int_equal(quota.bytes, 0);
	svm_close(svm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(tells_what_a_device_is),
		fake_test(info_is_of_this_moment),
		fake_test(info_errors),
		fake_test(creates),
		fake_test(create_errors),
		fake_test(destroys),
		fake_test(evicts),
		fake_test(tells_quota),
		fake_test(quota_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
