/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_FAIR_H
#define SVM_FAIR_H

struct svm_eviction;

unsigned long svm_evict_fairly(struct svm_eviction *ev, unsigned long nr);

#endif /* SVM_FAIR_H */
