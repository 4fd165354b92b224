// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening and closing handles.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"

static int open_as(struct svm **out, const struct svm_open_opts *opts)
{
	return svm_open_on(out, opts, &fake.ops);
}

static int fd_of(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fake.dev, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static bool is_open_fd(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void finds_no_device(void **state)
{
	struct svm *svm = fake_open();

	(void)state;
	assert_int_equal(svm_device_count(svm), 0);
	assert_null(svm_close(svm));
}

static void works_without_dev_directory(void **state)
{
	struct svm *svm = NULL;

	(void)state;
	fake.ops.dev = "/nonexistent";
	assert_int_equal(open_as(&svm, NULL), 0);
	assert_int_equal(svm_device_count(svm), 0);
	svm_close(svm);
}

static void finds_devices_in_order(void **state)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;

	(void)state;
	fake_add_device(3, 1);
	fake_add_device(0, 1);
	fake_add_control();
	svm = fake_open();
	assert_int_equal(svm_device_count(svm), 2);
	assert_int_equal(svm_device_info(svm, 0, &info), 0);
	assert_int_equal(info.id, 0);
	assert_int_equal(svm_device_info(svm, 1, &info), 0);
	assert_int_equal(info.id, 3);
	svm_close(svm);
}

static void leaves_out_strangers(void **state)
{
	struct svm *svm;

	(void)state;
	fake_add_device(1, 1);
	fake_add_node_file("svm2"); /* some other driver's */
	fake_add_node_file("svmfoo");
	fake_add_node_file("svm01");
	svm = fake_open();
	assert_int_equal(svm_device_count(svm), 1);
	svm_close(svm);
}

static void leaves_out_gone_devices(void **state)
{
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1)->gone = true;
	fake_add_device(1, 1);
	svm = fake_open();
	assert_int_equal(svm_device_count(svm), 1);
	svm_close(svm);
}

static void leaves_out_forbidden_devices(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	int count = -1, all, named;
	struct svm *svm = NULL;
	char path[128];

	(void)state;
	fake_add_device(0, 1);
	fake_add_device(1, 1);
	snprintf(path, sizeof(path), "%s/svm1", fake.dev);
	assert_int_equal(chmod(path, 0), 0);
	snprintf(path, sizeof(path), "%s/svm0", fake.dev);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(fake.dir, 0755), 0);
	assert_int_equal(chmod(fake.dev, 0755), 0);
	if (!getuid()) /* modes don't bind root */
		assert_int_equal(seteuid(65534), 0);
	opts.device = "svm1";
	named = open_as(&svm, &opts);
	all = open_as(&svm, NULL);
	if (!all)
		count = svm_device_count(svm);
	if (!getuid())
		assert_int_equal(seteuid(0), 0);
	svm_close(svm);
	assert_int_equal(named, -EACCES);
	assert_int_equal(all, 0);
	assert_int_equal(count, 1);
}

static void opens_one_by_name(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;
	char path[128];

	(void)state;
	fake_add_device(0, 1);
	fake_add_device(2, 1);
	opts.device = "svm2";
	assert_int_equal(open_as(&svm, &opts), 0);
	assert_int_equal(svm_device_count(svm), 1);
	assert_int_equal(svm_device_info(svm, 0, &info), 0);
	assert_int_equal(info.id, 2);
	svm_close(svm);

	snprintf(path, sizeof(path), "%s/svm0", fake.dev);
	opts.device = path;
	assert_int_equal(open_as(&svm, &opts), 0);
	svm_close(svm);
}

static void refuses_unknown_names(void **state)
{
	static const char *const bad[] = { "",
					   "svm",
					   "svm-1",
					   "svm1x",
					   "svm-control",
					   "/dev/null",
					   "svm99999999999",
					   "svm4294967295" };
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm = (void *)1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		opts.device = bad[i];
		assert_int_equal(open_as(&svm, &opts), -EINVAL);
	}
	opts.device = "svm1";
	assert_int_equal(open_as(&svm, &opts), -ENODEV);
	fake_add_node_file("svm2");
	opts.device = "svm2";
	assert_int_equal(open_as(&svm, &opts), -ENODEV);
	fake_add_device(3, 1)->gone = true;
	opts.device = "svm3";
	assert_int_equal(open_as(&svm, &opts), -ENODEV);
	assert_ptr_equal(svm, (void *)1); /* untouched by errors */
}

static void refuses_other_contracts(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct fake_device *dev;
	struct svm *svm;

	(void)state;
	opts.device = "svm0";
	dev = fake_add_device(0, 1);
	dev->version = 0;
	assert_int_equal(open_as(&svm, &opts), -EPROTO);
	assert_int_equal(open_as(&svm, NULL), -EPROTO);
	dev->version = SVM_UAPI_VERSION;
	dev->error = -E2BIG;
	dev->error_after = UINT32_MAX; /* INFO too */
	assert_int_equal(open_as(&svm, &opts), -EPROTO);
}

static void accepts_newer_modules(void **state)
{
	struct svm *svm;

	(void)state;
	fake_add_device(0, 1)->version = SVM_UAPI_VERSION + 1;
	svm = fake_open();
	assert_int_equal(svm_device_count(svm), 1);
	svm_close(svm);
}

static void refuses_bad_options(void **state)
{
	struct {
		struct svm_open_opts opts;
		uint64_t tail;
	} longer = { SVM_OPEN_OPTS_INIT, 0 };
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm = NULL;
	int fd = 0;

	(void)state;
	assert_int_equal(svm_open(NULL, NULL), -EINVAL);
	opts.size--;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	opts.size = 0;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	opts.size = 1 << 20;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);

	opts = (struct svm_open_opts)SVM_OPEN_OPTS_INIT;
	opts.flags = 1;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);

	opts = (struct svm_open_opts)SVM_OPEN_OPTS_INIT;
	opts.pid = -1;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);

	/* Descriptors are for another process only. */
	opts = (struct svm_open_opts)SVM_OPEN_OPTS_INIT;
	opts.fds = &fd;
	opts.nr_fds = 1;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	opts.pid = 1;
	opts.fds = NULL;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	opts.fds = &fd;
	opts.nr_fds = 0;
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	opts.fds = NULL;
	opts.device = "svm0";
	assert_int_equal(open_as(&svm, &opts), -EINVAL);

	longer.opts.size = sizeof(longer);
	longer.tail = 1;
	assert_int_equal(open_as(&svm, &longer.opts), -EINVAL);
	longer.tail = 0;
	assert_int_equal(open_as(&svm, &longer.opts), 0);
	svm_close(svm);
}

static void knows_dead_processes(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	opts.pid = pid;
	assert_int_equal(open_as(&svm, &opts), -ESRCH);
}

static void takes_over_contexts(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm *svm;
	int fds[2];

	(void)state;
	fake_add_device(0, 1);
	fake_add_device(1, 1);
	fds[0] = fd_of("svm1");
	fds[1] = fd_of("svm0");
	opts.pid = getppid();
	opts.fds = fds;
	opts.nr_fds = 2;
	assert_int_equal(open_as(&svm, &opts), 0);
	assert_int_equal(svm_device_count(svm), 2);
	assert_int_equal(svm_device_info(svm, 0, &info), 0);
	assert_int_equal(info.id, 0);
	svm_close(svm);
	assert_false(is_open_fd(fds[0]));
	assert_false(is_open_fd(fds[1]));
}

static void leaves_contexts_on_error(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *svm;
	int fds[2];

	(void)state;
	fake_add_device(0, 1);
	fake_add_control();
	fds[0] = fd_of("svm0");
	fds[1] = fd_of("svm-control");
	opts.pid = getppid();
	opts.fds = fds;
	opts.nr_fds = 2;
	assert_int_equal(open_as(&svm, &opts), -EBADF);
	close(fds[1]);
	assert_int_equal(open_as(&svm, &opts), -EBADF);
	fds[1] = fd_of("svm0"); /* the same device twice */
	assert_int_equal(open_as(&svm, &opts), -EINVAL);
	assert_true(is_open_fd(fds[0]));
	assert_true(is_open_fd(fds[1]));
	close(fds[0]);
	close(fds[1]);
}

/* Runs in the child of a fork; returns the number of the call that failed. */
static int use_as_child(struct svm *svm)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm_summary summary = SVM_SUMMARY_INIT;
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm_page page;
	void *addr = fake_addr(0);

	if (svm_migrate(svm, addr, 1, svm_on_device(0), NULL, NULL) != -EXDEV)
		return 1;
	if (svm_prefetch(svm, addr, 1, svm_on_node(0), NULL) != -EXDEV)
		return 2;
	if (svm_residency(svm, addr, 1, &page, 1) != -EXDEV)
		return 3;
	if (svm_summarize(svm, addr, 1, &summary) != -EXDEV)
		return 4;
	if (svm_get_stats(svm, &stats) != -EXDEV)
		return 5;
	if (svm_get_device_stats(svm, 0, &stats) != -EXDEV)
		return 6;
	if (svm_device_info(svm, 0, &info) != -EXDEV)
		return 7;
	if (svm_evict(svm, 0, 0, NULL) != -EXDEV)
		return 8;
	svm_close(svm);
	return 0;
}

static void refuses_forked_children(void **state)
{
	struct svm *svm;
	int status;
	pid_t pid;

	(void)state;
	fake_add_device(0, 10);
	fake_map(0, 1, FAKE_ANON, SVM_PLACE_SYSTEM, 0);
	svm = fake_open();
	pid = fork();
	if (!pid)
		_exit(use_as_child(svm));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fake_count(SVM_PLACE_DEVICE, 0), 0);
	/* It works on for the parent. */
	assert_int_equal(svm_migrate(svm, fake_addr(0), 1, svm_on_device(0),
				     NULL, NULL),
			 0);
	svm_close(svm);
}

static void does_not_leak_descriptors(void **state)
{
	int before = dup(0), after;
	struct svm *svm;

	(void)state;
	close(before);
	fake_add_device(0, 1);
	fake_add_device(1, 1);
	fake_add_node_file("svm2");
	svm = fake_open();
	svm_close(svm);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void closes_null(void **state)
{
	(void)state;
	assert_null(svm_close(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fake_test(finds_no_device),
		fake_test(works_without_dev_directory),
		fake_test(finds_devices_in_order),
		fake_test(leaves_out_strangers),
		fake_test(leaves_out_gone_devices),
		fake_test(leaves_out_forbidden_devices),
		fake_test(opens_one_by_name),
		fake_test(refuses_unknown_names),
		fake_test(refuses_other_contracts),
		fake_test(accepts_newer_modules),
		fake_test(refuses_bad_options),
		fake_test(knows_dead_processes),
		fake_test(takes_over_contexts),
		fake_test(leaves_contexts_on_error),
		fake_test(refuses_forked_children),
		fake_test(does_not_leak_descriptors),
		fake_test(closes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
