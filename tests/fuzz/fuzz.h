/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target: libFuzzer's two functions, so that clang's -fsanitize=fuzzer
 * can drive it, and driver.c where there is none.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the process, as a fuzzer wants it, if something does not hold. */
#define CHECK(condition)                                                   \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
				__LINE__, #condition);                     \
			abort();                                           \
		}                                                          \
	} while (0)

/* Tries one input. Anything wrong ends the process. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
