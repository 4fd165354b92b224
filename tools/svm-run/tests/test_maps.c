// SPDX-License-Identifier: GPL-2.0-or-later
/* Which mappings count, and what is made of /proc/PID/maps in odd states. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "maps.h"

static const char text[] =
	"00400000-00401000 r-xp 00000000 fe:00 1234                               /bin/x y\n"
	"00401000-00402000 r--p 00001000 fe:00 1234                               /bin/x y\n"
	"00402000-00404000 rw-p 00002000 fe:00 1234                               /bin/x y\n"
	"00404000-00405000 rw-p 00000000 00:00 0 \n"
	"01000000-01100000 rw-p 00000000 00:00 0                                  [heap]\n"
	"7f0000000000-7f0000100000 ---p 00000000 00:00 0 \n"
	"7f0000200000-7f0000300000 rw-s 00000000 00:01 99                         /dev/zero (deleted)\n"
	"7f0000400000-7f0000500000 rw-s 00000000 00:01 98                         /SYSV00000000 (deleted)\n"
	"7f0000600000-7f0000700000 rw-p 00000000 00:00 0                          [anon: a name]\n"
	"7ffff0000000-7ffff0021000 rw-p 00000000 00:00 0                          [stack]\n"
	"7ffff7fc0000-7ffff7fc4000 r--p 00000000 00:00 0                          [vvar]\n"
	"7ffff7fc4000-7ffff7fc6000 r-xp 00000000 00:00 0                          [vdso]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static void expect(const struct vmas *vmas, const struct vma *list, size_t nr)
{
	assert_int_equal(vmas->nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(vmas->list[i].start, list[i].start);
		assert_int_equal(vmas->list[i].end, list[i].end);
	}
}

static void test_text(void **state)
{
	static const struct vma all[] = {
		{ 0x402000, 0x405000 },
		{ 0x1000000, 0x1100000 },
		{ 0x7f0000000000, 0x7f0000100000 },
		{ 0x7f0000600000, 0x7f0000700000 },
		{ 0x7ffff0000000, 0x7ffff0021000 },
	};
	static const struct vma writable[] = {
		{ 0x402000, 0x405000 },
		{ 0x1000000, 0x1100000 },
		{ 0x7f0000600000, 0x7f0000700000 },
		{ 0x7ffff0000000, 0x7ffff0021000 },
	};
	struct vmas vmas = { 0 };

	(void)state;
	assert_int_equal(maps_parse(text, false, &vmas), 0);
	expect(&vmas, all, ARRAY_SIZE(all));
	assert_int_equal(maps_parse(text, true, &vmas), 0);
	expect(&vmas, writable, ARRAY_SIZE(writable));
	assert_int_equal(maps_parse("", true, &vmas), 0);
	assert_int_equal(vmas.nr, 0);
	vmas_free(&vmas);
}

static void test_damaged_text(void **state)
{
	static const char *const bad[] = {
		"x\n",
		"00400000\n",
		"00400000-\n",
		"00400000-00401000\n",
		"00400000-00401000 r\n",
		"00400000-00401000 rw-p 0000000\n",
		"00400000-00401000 rw-p 00000000 fe\n",
		"00400000-00401000 rw-p 00000000 fe:00 \n",
		"00401000-00400000 rw-p 00000000 fe:00 0\n",
		"\n",
	};
	struct vmas vmas = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(maps_parse(bad[i], false, &vmas), -EINVAL);
	vmas_free(&vmas);
}

static void test_own(void **state)
{
	__close int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uintptr_t here = (uintptr_t)&fd;
	struct vmas vmas = { 0 };
	bool found = false;

	(void)state;
	assert_int_equal(maps_read(fd, true, &vmas), 0);
	/* and once more from the same descriptor */
	assert_int_equal(maps_read(fd, true, &vmas), 0);
	for (size_t i = 0; i < vmas.nr; i++)
		found |= vmas.list[i].start <= here && here < vmas.list[i].end;
	assert_true(found);
	vmas_free(&vmas);
}

/* With thousands of mappings the text is read in many pieces. */
static void test_many(void **state)
{
	__close int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = 20000;
	struct vmas vmas = { 0 };
	size_t before, seen = 0;
	char *mem;

	(void)state;
	assert_int_equal(maps_read(fd, true, &vmas), 0);
	before = vmas.nr;
	mem = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(mem != MAP_FAILED);
	for (size_t i = 0; i < pages; i += 2)
		assert_int_equal(mprotect(mem + i * page, page, PROT_READ), 0);
	assert_int_equal(maps_read(fd, true, &vmas), 0);
	for (size_t i = 0; i < vmas.nr; i++)
		seen += vmas.list[i].start >= (uintptr_t)mem &&
			vmas.list[i].end <= (uintptr_t)mem + pages * page;
	assert_true(seen >= pages / 2 - 1);
	assert_true(vmas.nr >= before + seen - 1);
	munmap(mem, pages * page);
	vmas_free(&vmas);
}

static void test_gone(void **state)
{
	struct vmas vmas = { 0 };
	char path[64];
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		char byte;

		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	{
		__close int fd = open(path, O_RDONLY | O_CLOEXEC);

		assert_int_equal(maps_read(fd, true, &vmas), 0);
		assert_true(vmas.nr > 0);
		close(ends[1]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(maps_read(fd, true, &vmas), -ESRCH);
	}
	vmas_free(&vmas);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_damaged_text),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
