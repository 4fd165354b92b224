// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library on the kernel that is really there, as built into libsvm.so. What
 * this machine can't do is skipped, with the reason: most here needs a second
 * NUMA node or a device, which the virtual machine has (tools/svm-vm).
 */
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <svm/svm.h>

#define NODES 64

static size_t page_size;
static struct svm *svm;
static int nodes[NODES];
static int nr_nodes;

static int setup(void **state)
{
	int node;

	(void)state;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	if (svm_open(&svm, NULL))
		return -1;
	nr_nodes = 0;
	for (node = 0; node < NODES; node++)
		if (svm_migrate(svm, NULL, 0, svm_on_node(node), NULL, NULL) ==
		    0)
			nodes[nr_nodes++] = node;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	svm = svm_close(svm);
	return 0;
}

/* Skips the test where move_pages(2) can't be used, as in some containers. */
static void need_move_pages(void)
{
	void *addr = &page_size;
	int status;

	if (move_pages(0, 1, &addr, NULL, &status, 0) < 0) {
		print_message("SKIP: move_pages(2): %s\n", strerror(errno));
		skip();
	}
}

static char *map(size_t pages)
{
	char *mem = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	madvise(mem, pages * page_size, MADV_NOHUGEPAGE);
	return mem;
}

static void there_is_a_node(void **state)
{
	(void)state;
	assert_true(nr_nodes > 0);
	assert_int_equal(svm_migrate(svm, svm, 1, svm_on_node(1023), NULL,
				     NULL),
			 -EINVAL);
}

static void residency_is_true(void **state)
{
	struct svm_summary summary = SVM_SUMMARY_INIT;
	struct svm_page pages[8];
	volatile char sink;
	size_t i, k;
	char *mem;

	(void)state;
	need_move_pages();
	mem = map(8);
	mem[0] = 1;
	sink = mem[page_size]; /* the page of zeroes */
	(void)sink;
	munmap(mem + 2 * page_size, page_size);
	assert_int_equal(svm_residency(svm, mem, 8 * page_size, pages, 8), 8);
	assert_int_equal(pages[0].place, SVM_PLACE_SYSTEM);
	for (i = k = 0; i < (size_t)nr_nodes; i++)
		k += pages[0].id == nodes[i];
	assert_int_equal(k, 1);
	assert_int_equal(pages[1].place, SVM_PLACE_ZERO);
	assert_int_equal(pages[2].place, SVM_PLACE_UNMAPPED);
	for (i = 3; i < 8; i++)
		assert_int_equal(pages[i].place, SVM_PLACE_NONE);
	assert_int_equal(svm_summarize(svm, mem, 8 * page_size, &summary), 0);
	assert_int_equal(summary.bytes[SVM_PLACE_SYSTEM], page_size);
	assert_int_equal(summary.bytes[SVM_PLACE_NONE], 5 * page_size);
	/* Asking has brought nothing in. */
	assert_int_equal(svm_residency(svm, mem + 3 * page_size, page_size,
				       pages, 8),
			 1);
	assert_int_equal(pages[0].place, SVM_PLACE_NONE);
	munmap(mem, 8 * page_size);
}

static void the_library_itself_is_a_file(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	int i;

	(void)state;
	need_move_pages();
	for (i = 0; i < nr_nodes; i++) {
		assert_int_equal(svm_migrate(svm, (void *)(uintptr_t)svm_open,
					     1, svm_on_node(nodes[i]), NULL,
					     &result),
				 0);
		assert_int_equal(result.pages[SVM_PAGE_MOVED] +
					 result.pages[SVM_PAGE_ALREADY] +
					 result.pages[SVM_PAGE_FILE],
				 1);
	}
}

static void any_node_is_where_it_is(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	char *mem;

	(void)state;
	need_move_pages();
	mem = map(4);
	memset(mem, 1, 3 * page_size);
	assert_int_equal(svm_migrate(svm, mem, 4 * page_size,
				     svm_on_node(SVM_NODE_ANY), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_ALREADY], 3);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 1);
	munmap(mem, 4 * page_size);
	assert_int_equal(svm_migrate(svm, mem, 4 * page_size,
				     svm_on_node(SVM_NODE_ANY), NULL, &result),
			 -EFAULT);
}

static void goes_around_the_nodes(void **state)
{
	const size_t nr = 3000;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_page *pages;
	uint32_t *words;
	size_t i;
	int n;

	(void)state;
	need_move_pages();
	if (nr_nodes < 2) {
		print_message("SKIP: this machine has one NUMA node\n");
		skip();
	}
	words = (uint32_t *)(void *)map(nr);
	pages = calloc(nr, sizeof(*pages));
	assert_non_null(pages);
	for (i = 0; i < nr * page_size / 4; i++)
		words[i] = (uint32_t)(i * 2654435761u);
	for (n = 0; n < 2 * nr_nodes; n++) {
		int node = nodes[n % nr_nodes];

		assert_int_equal(svm_migrate(svm, words, nr * page_size,
					     svm_on_node(node), NULL, &result),
				 0);
		assert_int_equal(result.bytes_there, nr * page_size);
		assert_int_equal(svm_residency(svm, words, nr * page_size,
					       pages, nr),
				 nr);
		for (i = 0; i < nr; i++)
			assert_int_equal(pages[i].id, node);
	}
	for (i = 0; i < nr * page_size / 4; i++)
		assert_int_equal(words[i], (uint32_t)(i * 2654435761u));
	free(pages);
	munmap(words, nr * page_size);
}

/* Pages that a child shares are held by two; what stays is counted. */
static void shared_and_huge_pages_add_up(void **state)
{
	struct svm_result result = SVM_RESULT_INIT;
	uint64_t sum = 0;
	size_t i, nr;
	void *mem;
	pid_t pid;
	int fds[2];
	char c;

	(void)state;
	need_move_pages();
	assert_int_equal(svm_alloc(8 << 20, 0, &mem), 0);
	memset(mem, 7, 8 << 20);
	nr = (8 << 20) / page_size;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[1]);
		(void)!read(fds[0], &c, 1);
		_exit(0);
	}
	memset(mem, 8, 2 << 20); /* the first quarter is the parent's own */
	assert_int_equal(svm_migrate(svm, mem, 8 << 20,
				     svm_on_node(nodes[nr_nodes - 1]), NULL,
				     &result),
			 0);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		sum += result.pages[i];
	assert_int_equal(sum, nr);
	assert_int_equal(result.pages[SVM_PAGE_NOT_REACHED], 0);
	close(fds[0]);
	close(fds[1]);
	waitpid(pid, NULL, 0);
	assert_int_equal(svm_migrate(svm, mem, 8 << 20,
				     svm_on_node(nodes[nr_nodes - 1]), NULL,
				     &result),
			 0);
	assert_int_equal(result.bytes_there, 8 << 20);
	svm_free(mem, 8 << 20);
}

static void another_process(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_page pages[3];
	struct svm *other;
	char *mem = map(3);
	int fds[2];
	pid_t pid;
	ssize_t n;
	char c;

	(void)state;
	need_move_pages();
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		mem[page_size] = 1;
		(void)!write(fds[1], "x", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], &c, 1), 1);
	opts.pid = pid;
	assert_int_equal(svm_open(&other, &opts), 0);
	n = svm_residency(other, mem, 3 * page_size, pages, 3);
	if (n == -EPERM || n == -EACCES) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		svm_close(other);
		print_message("SKIP: no right to another process's memory\n");
		skip();
	}
	assert_int_equal(n, 3);
	assert_int_equal(pages[0].place, SVM_PLACE_NONE);
	assert_int_equal(pages[1].place, SVM_PLACE_SYSTEM);
	kill(pid, SIGKILL);
	/* A zombie has a pid and no memory. */
	while (svm_residency(other, mem, 3 * page_size, pages, 3) != -ESRCH)
		usleep(1000);
	waitpid(pid, NULL, 0);
	assert_int_equal(svm_residency(other, mem, 3 * page_size, pages, 3),
			 -ESRCH);
	assert_int_equal(svm_open(&svm, &opts), -ESRCH);
	svm_close(other);
	close(fds[0]);
	close(fds[1]);
	munmap(mem, 3 * page_size);
}

/* Skips the test where memory can't go to a device; returns the first's id. */
static uint32_t need_device(void)
{
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;

	if (svm_device_info(svm, 0, &info) < 0) {
		print_message("SKIP: there is no svm device here\n");
		skip();
	}
	if (!(info.capabilities & SVM_CAP_TO_DEVICE)) {
		assert_int_equal(svm_migrate(svm, svm, 1,
					     svm_on_device(info.id), NULL,
					     NULL),
				 -EOPNOTSUPP);
		print_message("SKIP: this kernel has no device memory\n");
		skip();
	}
	return info.id;
}

static void to_a_device_and_back(void **state)
{
	const size_t nr = 1000;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_stats stats = SVM_STATS_INIT;
	struct svm_page pages[1000];
	uint32_t id = need_device();
	uint64_t *words;
	size_t i;

	(void)state;
	words = (uint64_t *)(void *)map(nr);
	for (i = 0; i < nr * page_size / 8; i++)
		words[i] = i;
	assert_int_equal(svm_migrate(svm, words, nr * page_size,
				     svm_on_device(id), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], nr);
	assert_int_equal(svm_residency(svm, words, nr * page_size, pages, nr),
			 nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(pages[i].place, SVM_PLACE_DEVICE);
		assert_int_equal(pages[i].id, id);
	}
	for (i = 0; i < nr * page_size / 16; i++) /* the first half */
		assert_int_equal(words[i], i);
	assert_int_equal(svm_migrate(svm, words, nr * page_size,
				     svm_on_node(nodes[nr_nodes - 1]), NULL,
				     &result),
			 0);
	assert_int_equal(result.bytes_there, nr * page_size);
	for (i = 0; i < nr * page_size / 8; i++)
		assert_int_equal(words[i], i);
	assert_int_equal(svm_get_stats(svm, &stats), 0);
	assert_true(stats.bytes_to_device >= nr * page_size);
	assert_true(stats.faults > 0);
	munmap(words, nr * page_size);
}

/* Everything that can lie in a range, to a device and to a node. */
static void a_range_of_all_kinds(void **state)
{
	struct svm_migrate_opts opts = SVM_MIGRATE_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	uint8_t status[16];
	uint32_t id = need_device();
	char *mem = map(16);
	int node = nodes[0];
	struct svm_page page;
	void *where;

	(void)state;
	memset(mem, 1, 4 * page_size);
	/* 4 to 7 are holes; 8 to 11 shared; 12 to 13 a gap */
	where = mmap(mem + 8 * page_size, 4 * page_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_ptr_equal(where, mem + 8 * page_size);
	memset(where, 2, 4 * page_size);
	munmap(mem + 12 * page_size, 2 * page_size);
	memset(mem + 14 * page_size, 3, 2 * page_size);
	opts.status = status;
	opts.status_count = 16;
	opts.flags = SVM_MIGRATE_RESIDENT_ONLY;
	assert_int_equal(svm_migrate(svm, mem, 16 * page_size,
				     svm_on_device(id), &opts, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 6);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 4);
	assert_int_equal(result.pages[SVM_PAGE_SHMEM], 4);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 2);
	assert_int_equal(status[8], SVM_PAGE_SHMEM);
	assert_int_equal(status[13], SVM_PAGE_UNMAPPED);

	/* The shared pages go to another node, by move_pages(2). */
	assert_int_equal(svm_residency(svm, where, 1, &page, 1), 1);
	if (page.id == node)
		node = nodes[nr_nodes - 1];
	assert_int_equal(svm_migrate(svm, mem, 16 * page_size,
				     svm_on_node(node), &opts, &result),
			 0);
	assert_int_equal(result.bytes_there, 10 * page_size);
	assert_int_equal(result.pages[SVM_PAGE_HOLE], 4);
	assert_int_equal(result.pages[SVM_PAGE_UNMAPPED], 2);
	assert_int_equal(svm_residency(svm, where, 1, &page, 1), 1);
	assert_int_equal(page.id, node);
	assert_int_equal(mem[0] + mem[8 * page_size] + mem[15 * page_size], 6);
	munmap(mem, 16 * page_size);
}

/* A child hands its context over and its parent moves its memory. */
static void for_another_process(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_stats stats = SVM_STATS_INIT;
	uint32_t id = need_device();
	char path[32], *mem = map(4);
	int answer[2], go[2], fd, status;
	struct svm *other;
	pid_t pid;
	char c = 0;

	(void)state;
	snprintf(path, sizeof(path), "/dev/svm%u", id);
	assert_int_equal(pipe(answer), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid) {
		memset(mem, 5, 4 * page_size);
		fd = open(path, O_RDWR | O_CLOEXEC);
		(void)!write(answer[1], &fd, sizeof(fd));
		(void)!read(go[0], &c, 1);
		_exit(fd < 0 || mem[3 * page_size] != 5);
	}
	assert_int_equal(read(answer[0], &fd, sizeof(fd)), sizeof(fd));
	fd = (int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), fd,
			  0);
	assert_true(fd >= 0);
	opts.pid = pid;
	opts.fds = &fd;
	opts.nr_fds = 1;
	assert_int_equal(svm_open(&other, &opts), 0);
	assert_int_equal(svm_migrate(other, mem, 4 * page_size,
				     svm_on_device(id), NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 4);
	assert_int_equal(write(go[1], &c, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(svm_migrate(other, mem, page_size, svm_on_device(id),
				     NULL, &result),
			 -ESRCH);
	assert_int_equal(svm_migrate(other, mem, page_size,
				     svm_on_node(nodes[0]), NULL, &result),
			 -ESRCH);
	assert_int_equal(svm_get_stats(other, &stats), 0);
	assert_int_equal(stats.bytes_to_device, 4 * page_size);
	assert_true(stats.faults > 0);
	svm_close(other);
	munmap(mem, 4 * page_size);
}

/* A handle outlives its device, and says so. */
static void a_device_comes_and_goes(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm_device_info info = SVM_DEVICE_INFO_INIT;
	struct svm_result result = SVM_RESULT_INIT;
	struct svm_stats stats = SVM_STATS_INIT;
	char name[32], *mem = map(4);
	struct svm_page page;
	struct svm *own;
	uint32_t id;
	int ret;

	(void)state;
	need_device();
	ret = svm_device_create(4 << 20, SVM_NODE_ANY, &id);
	if (ret == -EPERM || ret == -EACCES || ret == -EOPNOTSUPP) {
		print_message("SKIP: svm_device_create: %s\n", strerror(-ret));
		skip();
	}
	assert_int_equal(ret, 0);
	snprintf(name, sizeof(name), "svm%u", id);
	opts.device = name;
	assert_int_equal(svm_open(&own, &opts), 0);
	assert_int_equal(svm_device_count(own), 1);
	assert_int_equal(svm_device_info(own, 0, &info), 0);
	assert_int_equal(info.id, id);
	assert_int_equal(info.bytes_total, 4 << 20);
	memset(mem, 9, 4 * page_size);
	assert_int_equal(svm_migrate(own, mem, 4 * page_size, svm_on_device(id),
				     NULL, &result),
			 0);
	assert_int_equal(result.pages[SVM_PAGE_MOVED], 4);
	assert_int_equal(svm_get_stats(own, &stats), 0);
	assert_int_equal(stats.bytes_to_device, 4 * page_size);

	assert_int_equal(svm_device_destroy(id), 0);
	assert_int_equal(svm_device_destroy(id), -ENOENT);
	assert_int_equal(svm_device_info(own, 0, &info), -ENODEV);
	assert_int_equal(svm_migrate(own, mem, 4 * page_size, svm_on_device(id),
				     NULL, &result),
			 -ENODEV);
	assert_int_equal(svm_residency(own, mem, 1, &page, 1), 1);
	assert_int_equal(page.place, SVM_PLACE_SYSTEM);
	assert_int_equal(svm_migrate(own, mem, 4 * page_size,
				     svm_on_node(nodes[0]), NULL, &result),
			 0);
	assert_int_equal(result.bytes_there, 4 * page_size);
	assert_int_equal(svm_get_stats(own, &stats), 0);
	assert_true(stats.bytes_to_device >= 4 * page_size);
	assert_int_equal(mem[3 * page_size], 9);
	svm_close(own);
	munmap(mem, 4 * page_size);
}

static void no_module_no_device(void **state)
{
	struct svm_open_opts opts = SVM_OPEN_OPTS_INIT;
	struct svm *named = NULL;
	uint32_t id;

	(void)state;
	if (access("/dev/svm-control", F_OK) == 0) {
		print_message("SKIP: the module is loaded here\n");
		skip();
	}
	assert_int_equal(svm_device_count(svm), 0);
	opts.device = "svm0";
	assert_int_equal(svm_open(&named, &opts), -ENODEV);
	assert_int_equal(svm_device_create(2 << 20, SVM_NODE_ANY, &id),
			 -ENODEV);
	assert_int_equal(svm_device_destroy(0), -ENODEV);
	assert_int_equal(svm_migrate(svm, svm, 1, svm_on_device(0), NULL, NULL),
			 -ENODEV);
	assert_int_equal(svm_prefetch(svm, svm, 1, svm_on_device(0), NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_a_node),
		cmocka_unit_test(residency_is_true),
		cmocka_unit_test(the_library_itself_is_a_file),
		cmocka_unit_test(any_node_is_where_it_is),
		cmocka_unit_test(goes_around_the_nodes),
		cmocka_unit_test(shared_and_huge_pages_add_up),
		cmocka_unit_test(another_process),
		cmocka_unit_test(to_a_device_and_back),
		cmocka_unit_test(a_range_of_all_kinds),
		cmocka_unit_test(for_another_process),
		cmocka_unit_test(a_device_comes_and_goes),
		cmocka_unit_test(no_module_no_device),
	};

	alarm(60); /* rather than to hang */
	return cmocka_run_group_tests(tests, setup, teardown);
}
