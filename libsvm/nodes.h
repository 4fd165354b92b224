/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSVM_NODES_H
#define LIBSVM_NODES_H

#include "range.h"

int svm_nodes_where(struct svm *svm, struct svm_span span,
		    struct svm_page *pages);
int svm_nodes_move(struct svm *svm, struct svm_span span, int node,
		   uint8_t *status, uint64_t *moved);

#endif /* LIBSVM_NODES_H */
