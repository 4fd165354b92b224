/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of a migrate call share: migrate.c works through the range,
 * plan.c says what shall move and why a page stays, run.c moves,
 * tell.c tells.
 */
#ifndef SVM_MIGRATION_H
#define SVM_MIGRATION_H

#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/svm.h>

#include "crew.h"
#include "pool.h"

struct svm_context;
struct svm_device;
struct svm_family;
struct svm_home;

/*
 * A call begins with windows of 8 MiB, enough to spread the cost of a call to
 * migrate_vma over. They become as large as 32 MiB where single pages go to the
 * device in batches: only the first and the last of those are not copied beside.
 */
#define SVM_WINDOW_PAGES 2048UL
#define SVM_WINDOW_PAGES_MAX 8192UL
/* What is out of the page tables at once, which others may wait for. */
#define SVM_WINDOW_BLOCKS (SVM_WINDOW_PAGES / SVM_BLOCK_PAGES)

/* In the plan for a window: this one shall move. No status that is reported. */
#define SVM_PAGE_CANDIDATE SVM_PAGE_NOT_REACHED

/**
 * struct svm_scratch - arrays for one window
 * @nr_pages: how many pages it may have, at least SVM_WINDOW_PAGES.
 * @src: for migrate_vma, with room as svm_migrate_setup() wants; begins the memory
 *	that all arrays of pages are in.
 * @dst: likewise.
 * @frames: page frames taken from the device's pool.
 * @kept: bitmap: pages that the call may not move, since it is not the owner's.
 * @pages: the snapshot.
 * @status: enum svm_page_status, as reported.
 * @blocks: as @frames, whole blocks for huge pages.
 * @bounce: for copies from device to device.
 * @bounce_lock: held while it is used.
 * @crew: CPUs that copy.
 */
struct svm_scratch {
	unsigned long nr_pages;
	unsigned long *src;
	unsigned long *dst;
	unsigned long *frames;
	unsigned long *kept;
	struct svm_page *pages;
	u8 *status;
	unsigned long blocks[SVM_WINDOW_BLOCKS];
	struct page *bounce;
	struct mutex bounce_lock; /* see above */
	struct svm_crew crew;
};

/**
 * struct svm_migration - a migrate call
 * @ctx: the context.
 * @sdev: its device.
 * @foreign: the call is not by the owner of the memory.
 * @preferred: each range goes to where it is advised to: @to_device and @node
 *	change on the way.
 * @to_device: destination is @sdev, or else system memory.
 * @resident_only: don't populate holes.
 * @evict: make room for what there is none for.
 * @background: a job's: who asked for it does something else meanwhile.
 * @node: for system memory, or NUMA_NO_NODE.
 * @home: where system memory comes from; NULL for where the current task gets
 *	it.
 * @claim: on whose behalf page frames are taken.
 * @starved: there was no system memory for a page of this window: no more is reclaimed
 *	for it.
 * @no_room: why no page frame could be had when last asked for one, or
 *	SVM_PAGE_CANDIDATE.
 * @kept: frames of the range and of what came for it: not to be evicted.
 * @spare: to make room: mask of enum svm_advice, what is advised so stays.
 * @looks: frames that may still be looked at to make room; meaningful once
 *	@kept is.
 * @has_kept: what was on the device of the range when room was first wanted is
 *	in @kept.
 * @scratch: arrays.
 * @window: how many pages the next window may have.
 * @alone: the next window begins with huge pages that leave a device, so nobody else
 *	may be at the address space; in a window: nobody is, see svm_lock_mm().
 * @pages: pages by enum svm_page_status.
 * @to_device_pages: moved to the device, without @populated.
 * @populated: created on the device.
 * @to_system_pages: moved from devices to system memory.
 * @between_nodes: moved from node to node.
 * @evicted: pages brought home to make room.
 */
struct svm_migration {
	struct svm_context *ctx;
	struct svm_device *sdev;
	bool foreign;
	bool preferred;
	bool to_device;
	bool resident_only;
	bool evict;
	bool background;
	int node;
	struct svm_home *home;
	struct svm_claim claim;
	bool starved;
	enum svm_page_status no_room;
	struct list_head kept;
	u32 spare;
	unsigned long looks;
	bool has_kept;
	struct svm_scratch *scratch;
	unsigned long window;
	bool alone;
	u64 pages[SVM_PAGE_STATUS_NR];
	u64 to_device_pages;
	u64 populated;
	u64 to_system_pages;
	u64 between_nodes;
	u64 evicted;
};

enum svm_page_status svm_vma_status(struct vm_area_struct *vma);
bool svm_populates(struct svm_migration *mig, struct vm_area_struct *vma);
bool svm_plan_huge(struct svm_migration *mig, struct vm_area_struct *vma,
		   const struct svm_page *page);
enum svm_page_status svm_page_plan(struct svm_migration *mig,
				   struct vm_area_struct *vma,
				   const struct svm_page *page);
enum svm_page_status svm_locked_page_plan(struct svm_migration *mig,
					  struct vm_area_struct *vma,
					  struct page *page);
enum svm_page_status svm_why_stayed(struct svm_migration *mig,
				    struct vm_area_struct *vma,
				    unsigned long addr,
				    const struct svm_page *before);

void svm_tell(struct svm_migration *mig, unsigned long start,
	      unsigned long first, unsigned long nr, unsigned long moved,
	      bool final, u64 began);
unsigned long svm_migrate_window(struct svm_migration *mig,
				 struct vm_area_struct *vma,
				 unsigned long start, unsigned long nr,
				 struct svm_family *family /* of the VMA */);

#endif /* SVM_MIGRATION_H */
