// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Manual pages that are generated, see roff.h.
 */
#include <stdio.h>

#include "roff.h"

void roff_head(const char *program, const char *source, const char *title,
	       const char *manual)
{
	printf(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	       ".\\\" Written by %s: change %s.\n"
	       ".TH %s 5 \"\" \"svm\" \"%s\"\n",
	       program, source, title, manual);
}

void roff(const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			printf("\\-");
		else if (*text == '\\')
			printf("\\e");
		else
			printf("%c", *text);
	}
}

void roff_line(const char *text)
{
	/* These begin a request at the beginning of a line. */
	if (*text == '.' || *text == '\'')
		printf("\\&");
	roff(text);
	printf("\n");
}
