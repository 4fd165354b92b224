// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of what was moved, faulted, accessed, refused and taken, for a context and for
 * a device.
 */
#include "counters.h"

/**
 * svm_counters_add() - count several things
 * @counters: of whom.
 * @count: what to add, by enum svm_counter.
 */
void svm_counters_add(struct svm_counters *counters, const u64 *count)
{
	unsigned int i;

	for (i = 0; i < SVM_CTR_NR; i++)
		svm_count(counters, i, count[i]);
}

/**
 * svm_counter_read() - read one counter
 * @counters: of whom.
 * @which: which one.
 */
u64 svm_counter_read(struct svm_counters *counters, enum svm_counter which)
{
	return atomic64_read(&counters->value[which]);
}

/**
 * svm_counters_refuse() - add what a migrate call left where it was
 * @counters: of whom.
 * @pages: pages by enum svm_page_status.
 */
void svm_counters_refuse(struct svm_counters *counters, const u64 *pages)
{
	unsigned int i;

	for (i = SVM_PAGE_HOLE; i < SVM_PAGE_STATUS_NR; i++)
		if (pages[i])
			atomic64_add(pages[i], &counters->refused[i]);
}

/**
 * svm_counters_report() - fill in the answer to SVM_IOCTL_STATS
 * @counters: of whom.
 * @stats: the answer.
 */
void svm_counters_report(struct svm_counters *counters,
			 struct svm_ioctl_stats *stats)
{
	unsigned int i;

	stats->migrate_calls =
		svm_counter_read(counters, SVM_CTR_MIGRATE_CALLS);
	stats->bytes_to_device =
		svm_counter_read(counters, SVM_CTR_BYTES_TO_DEVICE);
	stats->bytes_populated =
		svm_counter_read(counters, SVM_CTR_BYTES_POPULATED);
	stats->bytes_to_system =
		svm_counter_read(counters, SVM_CTR_BYTES_TO_SYSTEM);
	stats->bytes_between_nodes =
		svm_counter_read(counters, SVM_CTR_BYTES_BETWEEN_NODES);
	stats->faults = svm_counter_read(counters, SVM_CTR_FAULTS);
	stats->bytes_faulted =
		svm_counter_read(counters, SVM_CTR_BYTES_FAULTED);
	stats->bytes_evicted =
		svm_counter_read(counters, SVM_CTR_BYTES_EVICTED);
	stats->faults_sequential =
		svm_counter_read(counters, SVM_CTR_FAULTS_SEQUENTIAL);
	stats->faults_random =
		svm_counter_read(counters, SVM_CTR_FAULTS_RANDOM);
	stats->bytes_ahead = svm_counter_read(counters, SVM_CTR_BYTES_AHEAD);
	stats->bytes_ahead_used =
		svm_counter_read(counters, SVM_CTR_BYTES_AHEAD_USED);
	stats->bytes_accessed =
		svm_counter_read(counters, SVM_CTR_BYTES_ACCESSED);
	stats->bytes_accessed_device =
		svm_counter_read(counters, SVM_CTR_BYTES_ACCESSED_DEVICE);
	stats->exclusive_ended =
		svm_counter_read(counters, SVM_CTR_EXCLUSIVE_ENDED);
	stats->exclusive_contended =
		svm_counter_read(counters, SVM_CTR_EXCLUSIVE_CONTENDED);

	BUILD_BUG_ON(SVM_PAGE_STATUS_NR > SVM_PAGE_STATUS_MAX);
	for (i = 0; i < SVM_PAGE_STATUS_MAX; i++)
		stats->refused[i] = i < SVM_PAGE_STATUS_NR ?
			atomic64_read(&counters->refused[i]) : 0;
}
