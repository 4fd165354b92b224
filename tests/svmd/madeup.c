// SPDX-License-Identifier: GPL-2.0-or-later
#include "madeup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

char root[64];

void run(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

void put(const char *path, const char *text)
{
	run("mkdir -p \"$(dirname %s/%s)\" && printf -- '%s\\n' > %s/%s", root,
	    path, text, root, path);
}
