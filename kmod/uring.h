/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_URING_H
#define SVM_URING_H

struct io_uring_cmd;

#ifdef SVM_HAVE_URING
int svm_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void svm_uring_complete(struct io_uring_cmd *cmd);
#else
static inline void svm_uring_complete(struct io_uring_cmd *cmd)
{
}
#endif

#endif /* SVM_URING_H */
