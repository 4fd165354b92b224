// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drives a fuzz target without libFuzzer.
 *
 *	fuzz-X [--runs=N] [--seconds=N] [--seed=N] [FILE|DIRECTORY...]
 *
 * Tries each file as it is, then N mutations of them: bytes and bits flipped,
 * pieces removed, repeated, or taken from another file, and words of the files
 * put where others are. The same seed gives the same inputs. What was tried last
 * is in the file fuzz-last, so that it is there after a crash.
 *
 * Knows nothing of coverage: use clang where it can be had.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz.h"

#define SEEDS_MAX 256
#define INPUT_MAX 16384

struct seed {
	uint8_t *data;
	size_t size;
};

static struct seed seeds[SEEDS_MAX];
static size_t nr_seeds;
static uint64_t state;

static uint32_t next(uint32_t below)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return below ? (uint32_t)(z % below) : 0;
}

static void add_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct seed *seed = &seeds[nr_seeds];

	if (!file || nr_seeds == SEEDS_MAX) {
		fprintf(stderr, "%s: not read\n", path);
		exit(2);
	}
	seed->data = malloc(INPUT_MAX);
	if (!seed->data)
		exit(1);
	seed->size = fread(seed->data, 1, INPUT_MAX, file);
	fclose(file);
	nr_seeds++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add(const char *path)
{
	struct dirent **entries;
	char name[4096];
	struct stat st;
	int nr, i;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		add_file(path);
		return;
	}
	nr = scandir(path, &entries, NULL, by_name);
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (!stat(name, &st) && S_ISREG(st.st_mode))
			add_file(name);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
}

static void try(const uint8_t *data, size_t size)
{
	/* A copy of just its size, so that a read beyond it is noticed. */
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(1);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void keep(const uint8_t *data, size_t size)
{
	FILE *file = fopen("fuzz-last", "wb");

	if (!file)
		return;
	fwrite(data, 1, size, file);
	fclose(file);
}

/* Bytes [at, at + gone) of @data make way for @more. */
static size_t replace(uint8_t *data, size_t size, size_t at, size_t gone,
		      const uint8_t *more, size_t nr)
{
	if (at > size)
		at = size;
	if (gone > size - at)
		gone = size - at;
	if (size - gone + nr > INPUT_MAX)
		return size;
	memmove(data + at + nr, data + at + gone, size - at - gone);
	memcpy(data + at, more, nr);
	return size - gone + nr;
}

/* A word of some seed: what is between white space, brackets and signs. */
static size_t some_word(uint8_t *word, size_t max)
{
	static const char ends[] = " \t\n=[]";
	const struct seed *seed = &seeds[next((uint32_t)nr_seeds)];
	size_t at = next((uint32_t)seed->size + 1), n = 0;

	while (at > 0 && !memchr(ends, seed->data[at - 1], sizeof(ends) - 1))
		at--;
	while (at + n < seed->size && n < max &&
	       !memchr(ends, seed->data[at + n], sizeof(ends) - 1))
		n++;
	memcpy(word, seed->data + at, n);
	return n;
}

static size_t mutate(uint8_t *data, size_t size)
{
	static const char *const odd[] = {
		"",
		"0",
		"-1",
		"18446744073709551616",
		"999999999999999T",
		"%",
		"\xff",
		"nan",
		"1e999",
		"0x7fffffffffffffff",
		"\n",
		"=",
		"[",
		"]",
		"4294967295",
	};
	size_t at = next((uint32_t)size + 1);
	uint8_t piece[256];
	const char *word;
	size_t n;

	switch (next(7)) {
	case 0:
		if (size)
			data[at % size] = (uint8_t)next(256);
		return size;
	case 1:
		if (size)
			data[at % size] ^= (uint8_t)(1U << next(8));
		return size;
	case 2:
		return replace(data, size, at, next(32), piece, 0);
	case 3:
		n = next(sizeof(piece));
		if (n > size - at)
			n = size - at;
		memcpy(piece, data + at, n);
		return replace(data, size, next((uint32_t)size + 1), 0, piece,
			       n);
	case 4:
		n = some_word(piece, sizeof(piece));
		return replace(data, size, at, next(12), piece, n);
	case 5:
		word = odd[next(sizeof(odd) / sizeof(*odd))];
		return replace(data, size, at, next(8), (const uint8_t *)word,
			       strlen(word));
	default:
		memset(piece, (int)next(256), sizeof(piece));
		return replace(data, size, at, 0, piece, next(sizeof(piece)));
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_MAX];
	unsigned long runs = 10000, seconds = 0, run;
	time_t begin = time(NULL);
	int i, changes;
	size_t size, k;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--runs=", 7))
			runs = strtoul(argv[i] + 7, NULL, 10);
		else if (!strncmp(argv[i], "--seconds=", 10))
			seconds = strtoul(argv[i] + 10, NULL, 10);
		else if (!strncmp(argv[i], "--seed=", 7))
			state = strtoull(argv[i] + 7, NULL, 10);
		else
			add(argv[i]);
	}
	if (!nr_seeds) {
		static uint8_t nothing[1];

		seeds[nr_seeds++] = (struct seed){ nothing, 0 };
	}
	for (k = 0; k < nr_seeds; k++)
		try(seeds[k].data, seeds[k].size);
	for (run = 0; seconds || run < runs; run++) {
		const struct seed *seed = &seeds[next((uint32_t)nr_seeds)];

		if (seconds && time(NULL) >= begin + (time_t)seconds)
			break;
		size = seed->size;
		memcpy(data, seed->data, size);
		for (changes = 1 + (int)next(8); changes > 0; changes--)
			size = mutate(data, size);
		keep(data, size);
		try(data, size);
	}
	remove("fuzz-last");
	printf("%zu files, %lu mutations\n", nr_seeds, run);
	return 0;
}
