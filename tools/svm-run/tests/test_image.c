// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said of executables, whole and damaged ones. */
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

static char directory[] = "/tmp/test-svm-run-image-XXXXXX";

static const char *in_directory(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static const char *write_file(const char *name, const void *bytes, size_t nr)
{
	const char *path = in_directory(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, nr, file), nr);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static enum image_kind kind_of(const char *path)
{
	enum image_kind kind = IMAGE_UNKNOWN;

	assert_int_equal(image_kind(path, &kind), 0);
	return kind;
}

static enum image_kind kind_of_text(const char *text)
{
	return kind_of(write_file("script", text, strlen(text)));
}

static void test_programs(void **state)
{
	(void)state;
	assert_int_equal(kind_of("/bin/sh"), IMAGE_DYNAMIC);
	assert_int_equal(kind_of("/proc/self/exe"), IMAGE_DYNAMIC);
	assert_int_equal(kind_of("/etc/passwd"), IMAGE_UNKNOWN);
	assert_null(image_obstacle(IMAGE_DYNAMIC));
	assert_null(image_obstacle(IMAGE_UNKNOWN));
	assert_non_null(image_obstacle(IMAGE_STATIC));
}

static void test_scripts(void **state)
{
	enum image_kind kind;
	char text[PATH_MAX];

	(void)state;
	assert_int_equal(kind_of_text("#!/bin/sh\nexit\n"), IMAGE_DYNAMIC);
	assert_int_equal(kind_of_text("#! \t/bin/sh -e\n"), IMAGE_DYNAMIC);
	assert_int_equal(kind_of_text("#!/bin/sh"), IMAGE_DYNAMIC);
	assert_int_equal(kind_of_text("#!\n"), IMAGE_UNKNOWN);
	assert_int_equal(kind_of_text("#"), IMAGE_UNKNOWN);
	assert_int_equal(kind_of_text(""), IMAGE_UNKNOWN);
	assert_int_equal(kind_of_text("echo\n"), IMAGE_UNKNOWN);
	/* its own interpreter, for ever */
	snprintf(text, sizeof(text), "#!%s/loop\n", directory);
	assert_int_equal(image_kind(write_file("loop", text, strlen(text)),
				    &kind),
			 -ELOOP);
	assert_int_equal(image_kind(write_file("lost", "#!/nowhere", 10),
				    &kind),
			 -ENOENT);
}

static void test_elf(void **state)
{
	struct {
		ElfW(Ehdr) elf;
		ElfW(Phdr) load;
	} image;
	FILE *self = fopen("/proc/self/exe", "r");
	enum image_kind kind;

	(void)state;
	assert_int_equal(fread(&image.elf, sizeof(image.elf), 1, self), 1);
	fclose(self);
	image.elf.e_phoff = sizeof(image.elf);
	image.elf.e_phnum = 1;
	memset(&image.load, 0, sizeof(image.load));
	image.load.p_type = PT_LOAD;
	assert_int_equal(kind_of(write_file("s", &image, sizeof(image))),
			 IMAGE_STATIC);
	/* the dynamic linker has no interpreter either */
	assert_int_equal(
		kind_of(write_file("ld-linux.so.2", &image, sizeof(image))),
		IMAGE_DYNAMIC);
	image.load.p_type = PT_INTERP;
	assert_int_equal(kind_of(write_file("d", &image, sizeof(image))),
			 IMAGE_DYNAMIC);
	/* cut off, and with more headers than the file has */
	assert_int_equal(image_kind(write_file("c", &image, 40), &kind),
			 -ENOEXEC);
	image.elf.e_phnum = 100;
	assert_int_equal(image_kind(write_file("c", &image, sizeof(image)),
				    &kind),
			 -ENOEXEC);
	image.elf.e_phnum = 65535;
	assert_int_equal(image_kind(write_file("c", &image, sizeof(image)),
				    &kind),
			 -ENOEXEC);
	image.elf.e_phnum = 1;
	image.elf.e_machine ^= 1;
	assert_int_equal(kind_of(write_file("f", &image, sizeof(image))),
			 IMAGE_FOREIGN);
}

static void test_find(void **state)
{
	char path[PATH_MAX], small[4], search[PATH_MAX];

	(void)state;
	write_file("here", "#!/bin/sh\n", 10);
	write_file("closed", "#!/bin/sh\n", 10);
	assert_int_equal(chmod(in_directory("closed"), 0644), 0);
	snprintf(search, sizeof(search), "/nowhere:%s:/bin", directory);
	assert_int_equal(setenv("PATH", search, 1), 0);
	assert_int_equal(image_find("here", path, sizeof(path)), 0);
	assert_string_equal(path, in_directory("here"));
	assert_int_equal(image_find("sh", path, sizeof(path)), 0);
	assert_int_equal(image_find("closed", path, sizeof(path)), -EACCES);
	assert_int_equal(image_find("nosuch", path, sizeof(path)), -ENOENT);
	assert_int_equal(image_find("", path, sizeof(path)), -ENOENT);
	assert_int_equal(image_find("/bin/sh", path, sizeof(path)), 0);
	assert_int_equal(image_find("/bin", path, sizeof(path)), -EACCES);
	assert_int_equal(image_find("/bin/sh", small, sizeof(small)),
			 -ENAMETOOLONG);
	/* an empty entry means the current directory */
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(setenv("PATH", "/nowhere:", 1), 0);
	assert_int_equal(image_find("here", path, sizeof(path)), 0);
	assert_string_equal(path, "./here");
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "/bin/rm -r %s", directory);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("image", tests, make_directory,
					   remove_directory);
}
