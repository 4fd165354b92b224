// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A shortlist: quickselect when it overflows, heapsort at the end. Neither
 * allocates, as qsort() does, and neither has a bad case that input could
 * provoke: the pivot is a median of medians of three.
 */
#include <stddef.h>

#include "shortlist.h"

/* Whether @a comes before @b. */
static bool before(const struct svmd_entry *a, const struct svmd_entry *b)
{
	if (a->key != b->key)
		return a->key > b->key;
	return a->order < b->order;
}

static void swap(struct svmd_entry *a, struct svmd_entry *b)
{
	struct svmd_entry tmp = *a;

	*a = *b;
	*b = tmp;
}

static void sift_down(struct svmd_entry *heap, uint32_t root, uint32_t nr)
{
	uint32_t child;

	/* The last in order is at the top. */
	for (; (child = 2 * root + 1) < nr; root = child) {
		if (child + 1 < nr && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&heap[root], &heap[child]))
			return;
		swap(&heap[root], &heap[child]);
	}
}

static void heapsort_entries(struct svmd_entry *entries, uint32_t nr)
{
	uint32_t i;

	for (i = nr / 2; i-- > 0;)
		sift_down(entries, i, nr);
	for (i = nr; i-- > 1;) {
		swap(&entries[0], &entries[i]);
		sift_down(entries, 0, i);
	}
}

static uint32_t median3(const struct svmd_entry *e, uint32_t a, uint32_t b,
			uint32_t c)
{
	if (before(&e[a], &e[b])) {
		if (before(&e[b], &e[c]))
			return b;
		return before(&e[a], &e[c]) ? c : a;
	}
	if (before(&e[a], &e[c]))
		return a;
	return before(&e[b], &e[c]) ? c : b;
}

/* Puts the @want best of entries[0..nr) first, in any order. */
static void select_best(struct svmd_entry *e, uint32_t nr, uint32_t want)
{
	uint32_t low = 0, high = nr;
	unsigned int rounds = 0;

	while (high - low > 16) {
		uint32_t eighth = (high - low) / 8, i, store = low;
		uint32_t m1, m2, m3, pivot;

		/* Should the pivots be bad in spite of all, sorting is not. */
		if (++rounds > 64)
			break;
		m1 = median3(e, low, low + eighth, low + 2 * eighth);
		m2 = median3(e, low + 3 * eighth, low + 4 * eighth,
			     low + 5 * eighth);
		m3 = median3(e, low + 6 * eighth, low + 7 * eighth, high - 1);
		pivot = median3(e, m1, m2, m3);
		swap(&e[pivot], &e[high - 1]);
		for (i = low; i < high - 1; i++)
			if (before(&e[i], &e[high - 1]))
				swap(&e[i], &e[store++]);
		swap(&e[store], &e[high - 1]);
		if (store == want || store + 1 == want)
			return;
		if (store < want)
			low = store + 1;
		else
			high = store;
	}
	heapsort_entries(e + low, high - low);
}

static void drop(struct svmd_shortlist *list, const struct svmd_entry *entry)
{
	if (list->dropped)
		list->dropped(list->data, entry);
}

static void cut_down(struct svmd_shortlist *list)
{
	uint32_t i;

	if (list->nr <= list->max)
		return;
	select_best(list->entries, list->nr, list->max);
	for (i = list->max; i < list->nr; i++)
		drop(list, &list->entries[i]);
	list->nr = list->max;
	list->worst = list->entries[0].key;
	for (i = 1; i < list->nr; i++)
		if (list->entries[i].key < list->worst)
			list->worst = list->entries[i].key;
	list->full = true;
}

void svmd_shortlist_reset(struct svmd_shortlist *list,
			  void (*dropped)(void *, const struct svmd_entry *),
			  void *data)
{
	list->nr = 0;
	list->seen = 0;
	list->full = false;
	list->dropped = dropped;
	list->data = data;
}

void svmd_shortlist_offer(struct svmd_shortlist *list, struct svmd_entry entry)
{
	entry.order = list->seen++;
	if (list->full && !(entry.key > list->worst)) {
		drop(list, &entry);
		return;
	}
	list->entries[list->nr++] = entry;
	if (list->nr == 2 * list->max)
		cut_down(list);
}

void svmd_shortlist_sort(struct svmd_shortlist *list)
{
	cut_down(list);
	heapsort_entries(list->entries, list->nr);
}
