// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel's command line says of memory that it is to leave alone. */
#include "reserved.h"

#include <stdio.h>
#include <string.h>

#include "os.h"

bool find_reserved(unsigned long long *bytes, unsigned long long *start)
{
	char text[4096], *at;

	if (!read_file("/proc/cmdline", text, sizeof(text)))
		return false;
	for (at = text; (at = strstr(at, "memmap=")); at++)
		if (sscanf(at, "memmap=%lluM$%llx", bytes, start) == 2) {
			*bytes <<= 20;
			return true;
		}
	return false;
}

const char *coherent_arg(void)
{
	static char arg[80];
	unsigned long long bytes, start;

	if (!find_reserved(&bytes, &start))
		return NULL;
	snprintf(arg, sizeof(arg), "coherent=%llu@%#llx", bytes, start);
	return arg;
}
