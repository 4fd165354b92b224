// SPDX-License-Identifier: GPL-2.0-only
/*
 * Families: who may share a folio, and so must not migrate at the same time.
 *
 * migrate_vma_setup() takes folio locks by trylock, with one exception: to split
 * a large folio that is mapped by PTEs it blocks, while it has locked what came
 * before in the range. Two migrations that meet the same folios in a different
 * order would wait for each other for ever. The same folios are only met where
 * they are shared: by fork(), so by VMAs whose anon_vma has the same root.
 * A lock for each root (hashed) keeps such migrations apart, and lets unrelated
 * processes, and mostly also threads that work on different mappings, go on side
 * by side.
 *
 * It is a semaphore and no mutex, since who waits for a mutex spins while its owner
 * runs. Here the owner runs for all of a window, which is milliseconds, and would
 * have its copies done by the very CPU that spins. Lockdep, which does not know
 * semaphores, is told.
 *
 * Locking: inside of mmap_lock, outside of folio locks. A CPU fault comes with the
 * lock of a folio, so it must not wait for a family: it tries, and without one
 * brings home no more than what was touched. One on a huge entry gives the folio's
 * lock away first, and then waits as all others do, or asks for one page
 * (fault_huge.c).
 *
 * Why nobody waits in a circle then. Folios are waited for only where one that is
 * mapped by PTEs is split, by two kinds of callers:
 *
 *  - who holds the lock of the family, and other folios. It waits for a folio
 *    that it sees as a large one. Its holder may be a fault on it (next item),
 *    or somebody who only tries locks, as eviction does, and goes on.
 *  - a fault without it. It asks for the one page that was touched. If
 *    that is part of a large folio, the fault has it locked already; after the
 *    split it waits for the touched page itself, which somebody may have locked
 *    in between. That one has seen the folio split before, so whatever
 *    large folio it waits for now is another, and the chain ends with
 *    a fault whose page nobody has, or with one that waits for nothing.
 *
 * That page tables are not filled with other large folios between a fault and its
 * setup, which somebody with the lock has locked, follows from the same: a migration
 * to there needs it, and sharing needs fork() or mremap(), which want mmap_lock for
 * writing.
 *
 * After a fault's split migrate_vma_setup() still takes the head for the folio of
 * the fault, although the touched page may be a tail. A window in which both lie
 * would migrate the head without its lock. So faults on a page of a large folio
 * that is mapped by PTEs always ask for one page (fault.c).
 */
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/semaphore.h>

#include "family.h"

#define SVM_FAMILY_BITS 8

/**
 * struct svm_family - who may share folios
 * @held: by the one that migrates.
 * @dep_map: the same for lockdep.
 */
struct svm_family {
	struct semaphore held;
	struct lockdep_map dep_map;
};

static struct svm_family svm_families[1 << SVM_FAMILY_BITS];

void svm_families_init(void)
{
	static struct lock_class_key key;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(svm_families); i++) {
		sema_init(&svm_families[i].held, 1);
		lockdep_init_map(&svm_families[i].dep_map, "svm_family", &key,
				 0);
	}
}

/**
 * svm_family() - the family whose lock migrations in a VMA hold
 * @vma: the VMA; its mmap_lock is held.
 *
 * Return: the family, or NULL if the VMA has no anonymous memory yet. That may
 * change at any moment, so then no more than one page may be migrated at
 * once: with a single page there is nothing to hold while waiting.
 */
struct svm_family *svm_family(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = READ_ONCE(vma->anon_vma);

	mmap_assert_locked(vma->vm_mm);
	if (!anon_vma)
		return NULL;
	return &svm_families[hash_ptr(anon_vma->root, SVM_FAMILY_BITS)];
}

/**
 * svm_family_lock() - wait until nobody of a family migrates
 * @family: the family.
 */
void svm_family_lock(struct svm_family *family)
{
	lock_map_acquire(&family->dep_map);
	down(&family->held);
}

/**
 * svm_family_lock_killable() - the same, unless the task is killed
 * @family: the family.
 *
 * Return: 0 or -EINTR.
 */
int svm_family_lock_killable(struct svm_family *family)
{
	int ret;

	lock_map_acquire(&family->dep_map);
	ret = down_killable(&family->held);
	if (ret)
		lock_map_release(&family->dep_map);
	return ret;
}

/**
 * svm_family_trylock() - lock the family of a VMA, if that takes no waiting
 * @vma: the VMA; its mmap_lock is held.
 *
 * Return: the family, to be unlocked, or NULL if somebody has it, or the VMA has
 * none.
 */
struct svm_family *svm_family_trylock(struct vm_area_struct *vma)
{
	struct svm_family *family = svm_family(vma);

	if (!family || down_trylock(&family->held))
		return NULL;
	lock_map_acquire_try(&family->dep_map);
	return family;
}

/**
 * svm_family_unlock() - let others of a family migrate
 * @family: the family, which the caller has locked.
 */
void svm_family_unlock(struct svm_family *family)
{
	lock_map_release(&family->dep_map);
	up(&family->held);
}
