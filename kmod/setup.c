// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_vma_setup(), kept within its range.
 *
 * To split a large folio that is mapped by PTEs the core lets go of the page table
 * and then looks again at the PMD. If MADV_DONTNEED of all 2 MiB by another thread,
 * which mmap_lock held for reading does not exclude, has emptied the page table
 * meanwhile, it is freed (CONFIG_PT_RECLAIM), and the core takes all of the PMD for a
 * hole: from its first page on, although it has entries for a part of it already. So
 * there can be up to twice as many entries as pages, and they are not where their
 * pages are. That is how the source of 7.2 and 7.3 reads; no test has met it.
 *
 * Locking: as migrate_vma_setup() wants.
 */
#include <linux/migrate.h>
#include <linux/mm.h>

#include "setup.h"

/**
 * svm_migrate_setup() - migrate_vma_setup(), for arrays with room to spare
 * @args: for the core; the arrays have SVM_SETUP_SLACK entries for each page.
 *
 * Return: 0; -EAGAIN if there is not an entry for each page: then nothing is locked
 * or unmapped any more, and @args has no pages; or what migrate_vma_setup() says.
 */
int svm_migrate_setup(struct migrate_vma *args)
{
	unsigned long nr = (args->end - args->start) >> PAGE_SHIFT;
	int ret = migrate_vma_setup(args);

	if (ret || args->npages <= nr)
		return ret;
	svm_migrate_put_back(args);
	args->npages = 0;
	args->cpages = 0;
	return -EAGAIN;
}

/**
 * svm_migrate_put_back() - put all that was set up back to where it was
 * @args: as svm_migrate_setup() left it, without destinations.
 */
void svm_migrate_put_back(struct migrate_vma *args)
{
	migrate_vma_pages(args);
	migrate_vma_finalize(args);
}
