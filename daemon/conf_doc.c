// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes, from the table of parameters, what describes it to people:
 *
 *	svmd-conf-doc conf > systemd/svmd.conf		the commented defaults
 *	svmd-conf-doc man > docs/man/svmd.conf.5	the manual page
 *
 * Both are in the repository; a test tells if they are not what this writes.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "roff.h"

static const struct {
	enum svmd_class class;
	const char *section;
	const char *text;
} classes[] = {
	{ SVMD_CLASS_DAEMON, "Daemon", "What the daemon has once." },
	{ SVMD_CLASS_POLICY, "Policy",
	  "How the memory of sessions is placed. [User UID] and [Cgroup PATH] "
	  "take the same keys, for the sessions of a user or in a cgroup: a "
	  "session's own values, which come over the bus, count before those "
	  "of its cgroup (the innermost first), these before those of its "
	  "user, these before [Policy]." },
	{ SVMD_CLASS_PLACE, "Place",
	  "Watermarks and quotas of NUMA nodes and devices. [Node N] and "
	  "[Device N] take the same keys, for node N or svmN." },
};

#define NR_CLASSES (sizeof(classes) / sizeof(*classes))

/* Words of @text in lines of up to @width, each begun by @prefix. */
static void wrap(const char *prefix, const char *text, size_t width)
{
	size_t column = 0, n;

	while (*text) {
		n = strcspn(text, " ");
		if (column && column + 1 + n > width) {
			printf("\n");
			column = 0;
		}
		if (!column)
			column = (size_t)printf("%s%.*s", prefix, (int)n, text);
		else
			column += (size_t)printf(" %.*s", (int)n, text);
		text += n;
		while (*text == ' ')
			text++;
	}
	printf("\n");
}

static const char *unit_of(const struct svmd_param *param)
{
	switch (param->type) {
	case SVMD_BOOL:
		return "yes or no";
	case SVMD_UINT:
		return "a whole number";
	case SVMD_SIZE:
		return "bytes, with K, M, G, T";
	case SVMD_RATE:
		return "bytes per second, with K, M, G, T";
	case SVMD_TIME:
		return "a time, with us, ms, s, min, h, d";
	case SVMD_PERCENT:
		return "a percentage";
	case SVMD_NUMBER:
		return "a number";
	case SVMD_POLICIES:
		return "names of policies";
	case SVMD_CHOICE:
		return "a word";
	case SVMD_TEXT:
		break;
	}
	return "text";
}

static void write_conf(void)
{
	size_t c, i;

	printf("# SPDX-License-Identifier: GPL-2.0-or-later\n");
	wrap("# ",
	     "Configuration of svmd, see svmd.conf(5). What is commented out "
	     "here is the default. To change something, write it to a file "
	     "in /etc/svmd.conf.d/ rather than here: `systemd-analyze "
	     "cat-config svmd.conf` shows what comes together, `svmd "
	     "--check-config` what is wrong with it.",
	     78);
	for (c = 0; c < NR_CLASSES; c++) {
		printf("\n");
		wrap("# ", classes[c].text, 78);
		printf("[%s]\n", classes[c].section);
		for (i = 0; i < svmd_nr_params; i++) {
			const struct svmd_param *param = &svmd_params[i];

			if (param->class != classes[c].class)
				continue;
			printf("#%s=%s\n", param->name, param->initial);
		}
	}
}

static void write_limit(const struct svmd_param *param, double value)
{
	static struct svmd_config config;
	struct svmd_value v = { .t = (uint64_t)value, .d = value };
	char text[SVMD_TEXT_MAX];

	/* The one formatter there is works on what is in a configuration. */
	if (svmd_config_set_value(&config, SVMD_SCOPE_KEY_DEFAULT, param, &v,
				  false, NULL) ||
	    svmd_config_format(&config, SVMD_SCOPE_KEY_DEFAULT, param, text,
			       sizeof(text)) < 0)
		return;
	roff(text);
}

static void write_param(const struct svmd_param *param)
{
	int i;

	printf(".TP\n.BI %s= value\n", param->name);
	roff_line(param->doc);
	printf(".br\nTakes %s", unit_of(param));
	if (param->choices) {
		printf(":");
		for (i = 0; param->choices[i]; i++)
			printf("%s \\fB%s\\fP", i ? "," : "",
			       param->choices[i]);
	} else if (param->max > param->min && param->type != SVMD_BOOL) {
		printf("; from ");
		write_limit(param, param->min);
		printf(" to ");
		write_limit(param, param->max);
	}
	printf(".\nDefault: ");
	if (*param->initial) {
		printf("\\fB");
		roff(param->initial);
		printf("\\fP");
	} else {
		printf("nothing");
	}
	printf(".\nOn the bus: \\fI%s\\fP.\n", param->bus_name);
}

static void write_man(void)
{
	size_t c, i;

	roff_head("svmd-conf-doc", "daemon/param.c", "SVMD.CONF",
		  "File Formats");
	printf(".SH NAME\n"
	       "svmd.conf, svmd.conf.d \\- configuration of svmd\n"
	       ".SH SYNOPSIS\n"
	       ".nf\n"
	       "/etc/svmd.conf\n"
	       "/etc/svmd.conf.d/*.conf\n"
	       "/run/svmd.conf.d/*.conf\n"
	       "/usr/lib/svmd.conf.d/*.conf\n"
	       ".fi\n"
	       ".SH DESCRIPTION\n"
	       "What\n.BR svmd (8)\ndecides and how much it moves.\n"
	       "Drop\\-ins are read after the file, in the order of their "
	       "names; what comes later counts.\n"
	       "Of those with the same name only the first of the directories "
	       "above counts; a link to /dev/null hides the others.\n"
	       ".PP\n"
	       "Lines are\n.B [Section]\nor\n.BR Key=value ;\n"
	       "those that begin with # or ; and empty ones are passed over.\n"
	       "An empty value gives the default back.\n"
	       "A value that is none leaves the old one, and an unknown key or "
	       "section is skipped; both with a warning that names file and "
	       "line.\n"
	       "A file that can't be read, such as a directory or one of more "
	       "than 1 MiB, fails a reload, which then changes nothing; a "
	       "start goes on without it.\n"
	       ".B svmd \\-\\-check\\-config\nonly reads and warns.\n"
	       "All of it can be changed while svmd runs: by a reload, or over "
	       "the bus, see\n"
	       ".BR svmctl (1).\n"
	       "What came over the bus stays in force after a reload, until it "
	       "is reset.\n"
	       ".PP\n"
	       "Sizes may be written as 4096, 200M or 1.5G (powers of 1024), "
	       "times as 500ms, 30s or 1min 30s (a bare number is seconds), "
	       "percentages as 60%%.\n");
	for (c = 0; c < NR_CLASSES; c++) {
		printf(".SH [%s]\n", classes[c].section);
		roff_line(classes[c].text);
		for (i = 0; i < svmd_nr_params; i++)
			if (svmd_params[i].class == classes[c].class)
				write_param(&svmd_params[i]);
	}
	printf(".SH EXAMPLE\n"
	       ".nf\n"
	       "[Policy]\n"
	       "Policies=hot\\-cold pressure\n"
	       "\n"
	       "[Cgroup /hpc.slice]\n"
	       "Policies=hot\\-cold pressure locality\n"
	       "Horizon=5min\n"
	       "\n"
	       "[User 1000]\n"
	       "Policies=dry\\-run hot\\-cold\n"
	       "\n"
	       "[Device 0]\n"
	       "QuotaBytes=1G\n"
	       ".fi\n"
	       ".SH SEE ALSO\n"
	       ".BR svmctl (1),\n"
	       ".BR org.svmd1 (5),\n"
	       ".BR svmd (8)\n");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "conf"))
		write_conf();
	else if (argc == 2 && !strcmp(argv[1], "man"))
		write_man();
	else {
		fprintf(stderr, "usage: svmd-conf-doc conf|man\n");
		return 2;
	}
	return fflush(stdout) || ferror(stdout);
}
