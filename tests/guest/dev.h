/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls of the svm module, and what must be true of each answer.
 */
#ifndef GUEST_DEV_H
#define GUEST_DEV_H

#include <svm/svm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ioctl: 0 or a negative errno value. */
int svm_call(int fd, unsigned long cmd, void *arg);

/* Open /dev/svmN or /dev/svm-control; fails the test if that can't be. */
int open_device(unsigned int n);
int open_control(void);
/* Without failing: a negative errno value. */
int try_open_device(unsigned int n);

struct svm_ioctl_info device_info(int fd);
/* Skip the case where the kernel can't move pages to a device. */
void need_device_memory(void);
/* The same for huge pages on this device. */
void need_huge_pages(int fd);
/* Wait (bounded) until all memory of the device is free; fails if it won't. */
void check_all_free(int fd);

/* Destinations. */
struct dest {
	uint32_t dest;
	int32_t node;
};

#define TO_DEVICE ((struct dest){ SVM_DEST_DEVICE, SVM_NODE_ANY })
#define TO_SYSTEM ((struct dest){ SVM_DEST_SYSTEM, SVM_NODE_ANY })
#define TO_NODE(n) ((struct dest){ SVM_DEST_SYSTEM, n })
#define TO_PREFERRED ((struct dest){ SVM_DEST_PREFERRED, SVM_NODE_ANY })

/* What became of the pages, over one or several calls. */
struct tally {
	unsigned int calls;
	uint64_t bytes_moved;
	uint64_t bytes_evicted;
	uint64_t pages[SVM_PAGE_STATUS_MAX];
};

/*
 * One call, checked: next is in the range and on a page, the counts add up, and
 * agree with bytes_moved and with the status array, of which nothing beyond
 * next was written. Returns 0 or a negative errno value; outputs go to @m.
 */
int migrate_once(int fd, void *addr, size_t length, struct dest to,
		 uint32_t flags, uint8_t *status, struct svm_ioctl_migrate *m);

/* Calls until the whole range is worked through. Adds to @t, may be NULL. */
int migrate(int fd, void *addr, size_t length, struct dest to, uint32_t flags,
	    uint8_t *status, struct tally *t);

/*
 * All pages must get there. Pages that are busy are tried again; pages that
 * were there already are fine; anything else fails the test. Returns how many
 * pages moved.
 */
#define move_all(fd, addr, length, to) \
	move_all_at(__FILE__, __LINE__, fd, addr, length, to)
size_t move_all_at(const char *file, int line, int fd, void *addr,
		   size_t length, struct dest to);

/* As migrate(), which must succeed; busy pages are tried again. */
#define move(fd, addr, length, to, flags) \
	move_at(__FILE__, __LINE__, fd, addr, length, to, flags, NULL)
/* To a device that makes room. */
#define move_evict(fd, addr, length)                             \
	move_at(__FILE__, __LINE__, fd, addr, length, TO_DEVICE, \
		SVM_MIGRATE_EVICT, NULL)
/* With the status of each page: the last that it got. */
#define move_status(fd, addr, length, to, flags, status) \
	move_at(__FILE__, __LINE__, fd, addr, length, to, flags, status)
struct tally move_at(const char *file, int line, int fd, void *addr,
		     size_t length, struct dest to, uint32_t flags,
		     uint8_t *status);

/* The counts in words, in a static buffer of the thread. */
const char *tally_text(const struct tally *t);

/* Fails unless the tally has exactly these (status, pages) and no others. */
#define check_tally(t, ...)                               \
	check_tally_at(__FILE__, __LINE__, t,             \
		       (const uint64_t[]){ __VA_ARGS__ }, \
		       sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8)
void check_tally_at(const char *file, int line, const struct tally *t,
		    const uint64_t *wants, size_t n);

/* Where the pages are; repeats the call until the range is worked through. */
int residency(int fd, const void *addr, size_t length, uint32_t flags,
	      struct svm_page *pages);
struct svm_page place_of(int fd, const void *addr);

/* All pages of the range are there. */
#define check_place(fd, addr, length, place, id) \
	check_place_at(__FILE__, __LINE__, fd, addr, length, place, id)
void check_place_at(const char *file, int line, int fd, const void *addr,
		    size_t length, unsigned int place, unsigned int id);
#define check_on_device(fd, addr, length, n) \
	check_place(fd, addr, length, SVM_PLACE_DEVICE, n)
#define check_on_node(fd, addr, length, n) \
	check_place(fd, addr, length, SVM_PLACE_SYSTEM, n)
/* In system memory, on whatever node. */
#define check_home(fd, addr, length) \
	check_home_at(__FILE__, __LINE__, fd, addr, length)
void check_home_at(const char *file, int line, int fd, const void *addr,
		   size_t length);
/* Pages of the range that are at such a place. */
size_t count_place(int fd, const void *addr, size_t length, unsigned int place);

struct svm_ioctl_stats device_stats(int fd, uint32_t scope);

/* Evict; checks that the answer agrees with itself. */
struct svm_ioctl_evict device_evict(int fd, uint64_t bytes);

struct svm_ioctl_quota device_quota(int fd);
void set_quota(int fd, uint64_t bytes);

/*
 * An ioctl that must fail with @want (positive errno), and must leave the whole
 * struct as it was.
 */
#define check_refused(fd, cmd, arg, size, want) \
	check_refused_at(__FILE__, __LINE__, #cmd, fd, cmd, arg, size, want)
void check_refused_at(const char *file, int line, const char *name, int fd,
		      unsigned long cmd, void *arg, size_t size, int want);

/* Structs with the inputs set and the outputs full of 0xa5. */
struct svm_ioctl_info arg_info(void);
struct svm_ioctl_migrate arg_migrate(const void *addr, size_t length,
				     struct dest to);
struct svm_ioctl_residency arg_residency(const void *addr, size_t length,
					 struct svm_page *pages);
struct svm_ioctl_evict arg_evict(uint64_t bytes);
struct svm_ioctl_stats arg_stats(uint32_t scope);
struct svm_ioctl_quota arg_quota(uint32_t flags, uint64_t bytes);
struct svm_ioctl_create arg_create(uint64_t bytes, int node);
struct svm_ioctl_destroy arg_destroy(uint32_t id);
struct svm_ioctl_advise arg_advise(const void *addr, size_t length,
				   uint32_t set, uint32_t clear);
struct svm_ioctl_advice arg_advice(const void *addr, size_t length,
				   struct svm_advice_range *ranges,
				   uint32_t count);

/* Makes a ram device, waits for its node. Skips the case where it can't. */
uint32_t create_device(uint64_t bytes);
/* The same of any type, for what is to succeed. */
uint32_t create_device_of(uint32_t type, uint64_t bytes);
void destroy_device(uint32_t id);

#endif /* GUEST_DEV_H */
