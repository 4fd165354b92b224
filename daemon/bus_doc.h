/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the interfaces on the bus are described with: names, and what to say of
 * them. Types, directions and what signals are not here: they are in the
 * introspection of svmd itself.
 */
#ifndef SVMD_BUS_DOC_H
#define SVMD_BUS_DOC_H

#include <stddef.h>

enum bus_doc_kind {
	BUS_DOC_METHOD,
	BUS_DOC_PROPERTY,
	BUS_DOC_SIGNAL,
};

#define BUS_DOC_ARGS 8

/**
 * struct bus_doc_arg - an argument of a method or signal
 */
struct bus_doc_arg {
	const char *name;
	const char *text;
};

/**
 * struct bus_doc_member - a method, property or signal
 * @kind: which of these.
 * @name: its name.
 * @text: what it is or does.
 * @access: who may call it; NULL for everybody.
 * @action: what polkit is asked for others, with the name after "org.svmd1.";
 *	several are separated by spaces. NULL for none.
 * @errors: those of org.svmd1.Error, separated by spaces; NULL for none.
 * @args: in the order of the arguments.
 */
struct bus_doc_member {
	enum bus_doc_kind kind;
	const char *name;
	const char *text;
	const char *access;
	const char *action;
	const char *errors;
	struct bus_doc_arg args[BUS_DOC_ARGS];
};

/**
 * struct bus_doc - an interface
 * @name: its name.
 * @path: of its objects.
 * @brief: for the line that says what the page is about.
 * @text: what its objects are.
 * @members: all that it has.
 * @nr: of @members.
 */
struct bus_doc {
	const char *name;
	const char *path;
	const char *brief;
	const char *text;
	const struct bus_doc_member *members;
	size_t nr;
};

extern const struct bus_doc bus_docs[];
extern const size_t bus_nr_docs;

#endif /* SVMD_BUS_DOC_H */
