/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of the guest tests: one program for each group of cases.
 *
 *	t-x --list		names of the cases, one a line
 *	t-x --module-args	arguments that the group wants the module to have,
 *				or "none" for: without the module
 *	t-x --case NAME		run one: exit 0 ok, 77 skipped, else failed
 *	t-x			run all, as TAP
 *
 * A case runs in a process of its own under a warden, which ends it when it
 * hangs, ends every process that it left behind, puts back the settings that it
 * changed, and then wants all memory of all devices to be free again.
 */
#ifndef GUEST_HARNESS_H
#define GUEST_HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

/* Each group program defines one. */
struct group {
	/* Arguments for the module, or "none". */
	const char *module_args;
	/* One more that depends on the machine; may return NULL. */
	const char *(*module_arg)(void);
	/* Skip all cases where the kernel can't move pages to a device. */
	bool needs_device_memory;
	/* Cases load and unload the module themselves. */
	bool loads_module;
};

extern const struct group group;

void case_register(struct test_case *c);

#define CASE(id)                                                      \
	static void case_##id(void);                                  \
	__attribute__((constructor)) static void register_##id(void)  \
	{                                                             \
		static struct test_case c = { #id, case_##id, NULL }; \
                                                                      \
		case_register(&c);                                    \
	}                                                             \
	static void case_##id(void)

/* End the whole process as failed, or as skipped; also from threads. */
__attribute__((noreturn, format(printf, 3, 4))) void
fail_at(const char *file, int line, const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void skip(const char *format,
							  ...);

/* The name of an errno value, either sign: "EINVAL"; "0" for 0. */
const char *err_name(long long error);

#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond)                                  \
	do {                                         \
		if (!(cond))                         \
			FAIL("not true: %s", #cond); \
	} while (0)

#define CHECK_REL_(a, op, b)                                                      \
	do {                                                                      \
		long long a_ = (long long)(a), b_ = (long long)(b);               \
                                                                                  \
		if (!(a_ op b_))                                                  \
			FAIL("not true: %s %s %s: %lld (%#llx) and %lld (%#llx)", \
			     #a, #op, #b, a_, a_, b_, b_);                        \
	} while (0)

#define CHECK_EQ(a, b) CHECK_REL_(a, ==, b)
#define CHECK_NE(a, b) CHECK_REL_(a, !=, b)
#define CHECK_LE(a, b) CHECK_REL_(a, <=, b)
#define CHECK_GE(a, b) CHECK_REL_(a, >=, b)
#define CHECK_GT(a, b) CHECK_REL_(a, >, b)

/* For calls that return 0, or a count, or a negative errno value. */
#define CHECK_RET(call, want)                                         \
	do {                                                          \
		long long got_ = (call), want_ = (want);              \
                                                                      \
		if (got_ != want_)                                    \
			FAIL("%s: %s, not %s", #call, err_name(got_), \
			     err_name(want_));                        \
	} while (0)

/* For calls that return -1 and set errno; the value is what they returned. */
#define CHECK_SYS(call)                                         \
	({                                                      \
		__typeof__(call) ret_ = (call);                 \
                                                                \
		if ((long)ret_ == -1)                           \
			FAIL("%s: %s", #call, err_name(errno)); \
		ret_;                                           \
	})

/*
 * Write a setting below /proc/sys or /sys; the warden puts the old value back
 * when the case has ended. False if that can't be done here.
 */
bool setting(const char *path, const char *value);

/* A note for the reader of the output. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);

#endif /* GUEST_HARNESS_H */
