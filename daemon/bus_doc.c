// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the manual page of an interface on the bus, from its introspection and
 * from what is said of its members in bus_doc_text.c:
 *
 *	svmd-bus-doc docs/dbus/org.svmd1.Node.xml > docs/man/org.svmd1.Node.5
 *	svmd-bus-doc list				the interfaces
 *
 * XML and pages are in the repository; a test tells if they are not what this
 * writes. It fails itself if something is not described, or is described and
 * does not exist.
 *
 * This reads what sd-bus writes, an element in a line, and no other XML: what it
 * does not know it refuses. At most MEMBERS_MAX members, with names below
 * NAME_SIZE.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bus_doc.h"
#include "roff.h"

#define MEMBERS_MAX 64
#define NAME_SIZE 64

/**
 * struct argument - of a method or signal, as in the XML
 */
struct argument {
	char name[NAME_SIZE];
	char type[NAME_SIZE];
	char direction[NAME_SIZE]; /* "in" or "out"; of signals: none */
};

/**
 * struct member - as in the XML
 * @kind: which it is.
 * @name: its name.
 * @type: of a property.
 * @access: of a property: "read", "write" or "readwrite".
 * @emits: of a property: EmitsChangedSignal.
 * @args: of a method or signal.
 * @nr_args: of @args.
 */
struct member {
	enum bus_doc_kind kind;
	char name[NAME_SIZE];
	char type[NAME_SIZE];
	char access[NAME_SIZE];
	char emits[NAME_SIZE];
	struct argument args[BUS_DOC_ARGS];
	size_t nr_args;
};

static char interface[NAME_SIZE];
static struct member members[MEMBERS_MAX];
static size_t nr_members;

/* --- reading ----------------------------------------------------------------------- */

/* The value of an attribute of the element in @line, "" without one. */
static bool get(const char *line, const char *name, char *value)
{
	char key[NAME_SIZE];
	const char *at;
	size_t n;

	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(line, key);
	if (!at) {
		value[0] = '\0';
		return true;
	}
	at += strlen(key);
	n = strcspn(at, "\"&");
	if (at[n] != '"' || n >= NAME_SIZE)
		return false;
	memcpy(value, at, n);
	value[n] = '\0';
	return true;
}

static bool begins(const char *line, const char *text)
{
	return !strncmp(line, text, strlen(text));
}

static bool read_member(const char *line, enum bus_doc_kind kind)
{
	struct member *member = &members[nr_members];

	if (nr_members == MEMBERS_MAX || !get(line, "name", member->name) ||
	    !get(line, "type", member->type) ||
	    !get(line, "access", member->access))
		return false;
	member->kind = kind;
	strcpy(member->emits, "true");
	nr_members++;
	return member->name[0] &&
	       !member->type[0] == (kind != BUS_DOC_PROPERTY);
}

static bool read_argument(const char *line)
{
	struct member *member;
	struct argument *arg;

	if (!nr_members)
		return false;
	member = &members[nr_members - 1];
	if (member->nr_args == BUS_DOC_ARGS)
		return false;
	arg = &member->args[member->nr_args++];
	return get(line, "name", arg->name) && get(line, "type", arg->type) &&
	       get(line, "direction", arg->direction) && arg->name[0];
}

static bool read_annotation(const char *line)
{
	char name[NAME_SIZE];

	return nr_members && get(line, "name", name) &&
	       !strcmp(name, "org.freedesktop.DBus.Property."
			     "EmitsChangedSignal") &&
	       get(line, "value", members[nr_members - 1].emits);
}

static bool read_line(const char *line)
{
	line += strspn(line, " \t");
	if (begins(line, "<interface "))
		return !interface[0] && get(line, "name", interface);
	if (begins(line, "<method "))
		return read_member(line, BUS_DOC_METHOD);
	if (begins(line, "<property "))
		return read_member(line, BUS_DOC_PROPERTY);
	if (begins(line, "<signal "))
		return read_member(line, BUS_DOC_SIGNAL);
	if (begins(line, "<arg "))
		return read_argument(line);
	if (begins(line, "<annotation "))
		return read_annotation(line);
	return begins(line, "</") || begins(line, "<!") ||
	       begins(line, "\"http") || begins(line, "<node>");
}

static bool read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int number = 0;
	char line[512];
	bool fine = file;

	while (fine && fgets(line, sizeof(line), file)) {
		number++;
		fine = read_line(line);
	}
	if (!fine)
		fprintf(stderr, "%s:%u: can't read this\n", path, number);
	if (file)
		fclose(file);
	return fine;
}

/* --- comparing ---------------------------------------------------------------------- */

static const struct bus_doc_member *find_doc(const struct bus_doc *doc,
					     const struct member *member)
{
	size_t i;

	for (i = 0; i < doc->nr; i++)
		if (doc->members[i].kind == member->kind &&
		    !strcmp(doc->members[i].name, member->name))
			return &doc->members[i];
	return NULL;
}

static bool complain(const char *member, const char *what)
{
	fprintf(stderr, "%s of %s: %s\n", member, interface, what);
	return false;
}

static bool check_args(const struct bus_doc_member *doc,
		       const struct member *member)
{
	size_t i;

	for (i = 0; i < BUS_DOC_ARGS; i++) {
		const char *said = doc->args[i].name ? doc->args[i].name : "";
		const char *is = i < member->nr_args ? member->args[i].name
						     : "";

		if (strcmp(said, is))
			return complain(
				doc->name,
				"the arguments are not those described");
	}
	return true;
}

static bool check(const struct bus_doc *doc)
{
	bool fine = true;
	size_t i, found = 0;

	for (i = 0; i < nr_members; i++) {
		const struct bus_doc_member *said = find_doc(doc, &members[i]);

		if (!said)
			fine = complain(members[i].name, "not described");
		else if (!check_args(said, &members[i]))
			fine = false;
		found += !!said;
	}
	if (fine && found != doc->nr)
		fine = complain("Something", "described, but there is none");
	return fine;
}

/* --- writing ------------------------------------------------------------------------ */

/* Each of @words, with @prefix, and commas in between. */
static void write_words(const char *words, const char *prefix)
{
	const char *comma = "";
	char word[NAME_SIZE];
	size_t n;

	while (*words) {
		n = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		printf("%s\\fB%s", comma, prefix);
		roff(word);
		printf("\\fP");
		words += n + (words[n] == ' ');
		comma = ", ";
	}
}

static void write_prototype(const struct member *member)
{
	size_t i;

	printf(".nf\n\\fB%s\\fP(", member->name);
	for (i = 0; i < member->nr_args; i++) {
		const struct argument *arg = &member->args[i];

		printf("%s%s%s%s \\fI%s\\fP", i ? ",\n    " : "",
		       arg->direction, *arg->direction ? " " : "", arg->type,
		       arg->name);
	}
	printf(")\n.fi\n");
}

static void write_call(const struct bus_doc_member *doc,
		       const struct member *member)
{
	size_t i;

	printf(".SS %s\n", member->name);
	write_prototype(member);
	printf(".PP\n");
	roff_line(doc->text);
	for (i = 0; i < member->nr_args; i++) {
		printf(".TP\n.I %s\n", member->args[i].name);
		roff_line(doc->args[i].text);
	}
	if (member->kind != BUS_DOC_METHOD)
		return;
	printf(".PP\nMay be called by %s",
	       doc->access ? doc->access : "everybody");
	if (doc->action) {
		printf("; polkit is asked for others: ");
		write_words(doc->action, "org.svmd1.");
	}
	printf(".\n");
	if (doc->errors) {
		printf(".br\nErrors: ");
		write_words(doc->errors, "");
		printf(".\n");
	}
}

static const char *signals(const struct member *member)
{
	if (!strcmp(member->emits, "true"))
		return "signals changes";
	if (!strcmp(member->emits, "invalidates"))
		return "signals changes without the value";
	if (!strcmp(member->emits, "const"))
		return "never changes";
	return "does not signal";
}

static void write_property(const struct bus_doc_member *doc,
			   const struct member *member)
{
	printf(".TP\n.BR %s \" (%s, %s, %s)\"\n", member->name, member->type,
	       member->access, signals(member));
	roff_line(doc->text);
}

static void write_kind(const struct bus_doc *doc, enum bus_doc_kind kind,
		       const char *title)
{
	bool any = false;
	size_t i;

	for (i = 0; i < nr_members; i++) {
		if (members[i].kind != kind)
			continue;
		if (!any)
			printf(".SH %s\n", title);
		any = true;
		if (kind == BUS_DOC_PROPERTY)
			write_property(find_doc(doc, &members[i]), &members[i]);
		else
			write_call(find_doc(doc, &members[i]), &members[i]);
	}
}

static void write_signals(const struct bus_doc *doc)
{
	size_t i;

	write_kind(doc, BUS_DOC_SIGNAL, "SIGNALS");
	for (i = 0; i < nr_members; i++)
		if (members[i].kind == BUS_DOC_SIGNAL)
			return;
	printf(".SH SIGNALS\nNone of its own.\nChanges of properties are told by "
	       "org.freedesktop.DBus.Properties.PropertiesChanged, as said "
	       "above.\n");
}

static void write_page(const struct bus_doc *doc)
{
	size_t i;

	roff_head("svmd-bus-doc", "daemon/bus_doc_text.c", doc->name,
		  "svm manual");
	/* Names are searched for, so none is broken. */
	printf(".nh\n.SH NAME\n%s \\- ", doc->name);
	roff_line(doc->brief);
	printf(".SH SYNOPSIS\n.nf\nbusctl introspect org.svmd1 %s %s\n.fi\n",
	       doc->path, doc->name);
	printf(".SH DESCRIPTION\n");
	roff_line(doc->text);
	printf("Errors, who may do what, and the other objects are in\n"
	       ".BR org.svmd1 (5).\n");
	write_kind(doc, BUS_DOC_METHOD, "METHODS");
	write_kind(doc, BUS_DOC_PROPERTY, "PROPERTIES");
	write_signals(doc);
	printf(".SH SEE ALSO\n");
	for (i = 0; i < bus_nr_docs; i++)
		if (&bus_docs[i] != doc)
			printf(".BR %s (5),\n", bus_docs[i].name);
	printf(".BR org.svmd1 (5),\n.BR busctl (1),\n.BR svmctl (1)\n");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: svmd-bus-doc FILE.xml|list\n");
		return 2;
	}
	if (!strcmp(argv[1], "list")) {
		for (i = 0; i < bus_nr_docs; i++)
			puts(bus_docs[i].name);
		return fflush(stdout) || ferror(stdout);
	}
	if (!read_file(argv[1]))
		return 1;
	for (i = 0; i < bus_nr_docs; i++)
		if (!strcmp(bus_docs[i].name, interface))
			break;
	if (i == bus_nr_docs) {
		fprintf(stderr, "'%s' is not described\n", interface);
		return 1;
	}
	if (!check(&bus_docs[i]))
		return 1;
	write_page(&bus_docs[i]);
	return fflush(stdout) || ferror(stdout);
}
