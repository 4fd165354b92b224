/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_COUNTERS_H
#define SVM_COUNTERS_H

#include <linux/atomic.h>
#include <linux/svm.h>

/*
 * What is counted; each is a field of struct svm_ioctl_stats, but for the last,
 * from SVM_CTR_BYTES_HELPED on, which are in sysfs only: what was copied by other
 * CPUs than the caller's, what of that after the caller had gone on to the next
 * batch, what by a DMA engine, and how many pieces that engine left to the CPU
 * because it could not.
 */
enum svm_counter {
	SVM_CTR_MIGRATE_CALLS,
	SVM_CTR_BYTES_TO_DEVICE,
	SVM_CTR_BYTES_POPULATED,
	SVM_CTR_BYTES_TO_SYSTEM,
	SVM_CTR_BYTES_BETWEEN_NODES,
	SVM_CTR_FAULTS,
	SVM_CTR_BYTES_FAULTED,
	SVM_CTR_BYTES_EVICTED,
	SVM_CTR_FAULTS_SEQUENTIAL,
	SVM_CTR_FAULTS_RANDOM,
	SVM_CTR_BYTES_AHEAD,
	SVM_CTR_BYTES_AHEAD_USED,
	SVM_CTR_BYTES_ACCESSED,
	SVM_CTR_BYTES_ACCESSED_DEVICE,
	SVM_CTR_EXCLUSIVE_ENDED,
	SVM_CTR_EXCLUSIVE_CONTENDED,
	SVM_CTR_BYTES_HELPED,
	SVM_CTR_BYTES_BESIDE,
	SVM_CTR_BYTES_DMA_COPIED,
	SVM_CTR_DMA_COPY_FAILURES,
	SVM_CTR_NR,
};

/**
 * struct svm_counters - the counters of a context or a device
 * @value: by enum svm_counter.
 * @refused: pages by enum svm_page_status.
 *
 * Locking: none; they only grow, and need not agree with one another.
 */
struct svm_counters {
	atomic64_t value[SVM_CTR_NR];
	atomic64_t refused[SVM_PAGE_STATUS_NR];
};

static inline void svm_count(struct svm_counters *counters,
			     enum svm_counter which, u64 n)
{
	if (n)
		atomic64_add(n, &counters->value[which]);
}

void svm_counters_add(struct svm_counters *counters, const u64 *count);
u64 svm_counter_read(struct svm_counters *counters, enum svm_counter which);
void svm_counters_refuse(struct svm_counters *counters, const u64 *pages);
void svm_counters_report(struct svm_counters *counters,
			 struct svm_ioctl_stats *stats);

#endif /* SVM_COUNTERS_H */
