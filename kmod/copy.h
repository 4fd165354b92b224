/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_COPY_H
#define SVM_COPY_H

struct page;
struct svm_device;

struct page *svm_device_page_init(struct svm_device *sdev, unsigned long pfn,
				  unsigned int order);
void svm_fresh_page_put(struct page *page);
int svm_copy_pages(struct page *dst, struct page *src, unsigned long nr,
		   struct page *bounce);
int svm_clear_device_pages(struct page *page, unsigned long nr);

#endif /* SVM_COPY_H */
