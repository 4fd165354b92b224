/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of a migrate call share: migrate.c works through the range,
 * plan.c says what shall move and why a page stays, run.c moves.
 */
#ifndef SVM_MIGRATION_H
#define SVM_MIGRATION_H

#include <linux/bitmap.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/svm.h>

#include "crew.h"
#include "pool.h"

struct svm_context;
struct svm_device;
struct svm_family;
struct svm_home;

/* 8 MiB: enough to spread the cost of a call to migrate_vma over. */
#define SVM_WINDOW_PAGES 2048UL
#define SVM_WINDOW_BLOCKS (SVM_WINDOW_PAGES / SVM_BLOCK_PAGES)

/* In the plan for a window: this one shall move. No status that is reported. */
#define SVM_PAGE_CANDIDATE SVM_PAGE_NOT_REACHED

/**
 * struct svm_scratch - arrays for one window
 * @src: for migrate_vma.
 * @dst: for migrate_vma.
 * @frames: page frames taken from the device's pool.
 * @blocks: the same, whole blocks for huge pages.
 * @pages: the snapshot.
 * @status: enum svm_page_status, as reported.
 * @kept: pages that the call may not move, since it is not the owner's.
 * @bounce: for copies from device to device.
 * @bounce_lock: held while it is used.
 * @crew: CPUs that copy.
 */
struct svm_scratch {
	unsigned long src[SVM_WINDOW_PAGES];
	unsigned long dst[SVM_WINDOW_PAGES];
	unsigned long frames[SVM_WINDOW_PAGES];
	unsigned long blocks[SVM_WINDOW_BLOCKS];
	struct svm_page pages[SVM_WINDOW_PAGES];
	u8 status[SVM_WINDOW_PAGES];
	DECLARE_BITMAP(kept, SVM_WINDOW_PAGES);
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
 * @no_room: why no page frame could be had when last asked for one, or
 *	SVM_PAGE_CANDIDATE.
 * @kept: frames of the range and of what came for it: not to be evicted.
 * @spare: to make room: mask of enum svm_advice, what is advised so stays.
 * @looks: frames that may still be looked at to make room; meaningful once
 *	@kept is.
 * @has_kept: what was on the device of the range when room was first wanted is
 *	in @kept.
 * @scratch: arrays.
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
	enum svm_page_status no_room;
	struct list_head kept;
	u32 spare;
	unsigned long looks;
	bool has_kept;
	struct svm_scratch *scratch;
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

unsigned long svm_migrate_window(struct svm_migration *mig,
				 struct vm_area_struct *vma,
				 unsigned long start, unsigned long nr,
				 struct svm_family *family /* of the VMA */);

#endif /* SVM_MIGRATION_H */
