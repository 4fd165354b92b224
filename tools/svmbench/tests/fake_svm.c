// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libsvm that plays a device: memory "on" it can't be touched (mprotect) and
 * comes back whole when it is (SIGSEGV). One range at a time.
 *
 * FAKE_SVM_DEVICES	devices of 512 MiB that there are
 * FAKE_SVM_MODULE	whether there is a module, so that devices can be made
 * FAKE_SVM_CHEAT	"nothing": moves nothing and says so;
 *			"lie": moves nothing and says that it did;
 *			"corrupt": a bit is wrong when the memory is back;
 *			"busy": every other call leaves a page behind
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <svm/svm.h>

#define DEVICE_BYTES ((uint64_t)512 << 20)

struct svm {
	unsigned int nr;
	uint32_t first;
};

/* The range that is on the device. */
static char *away;
static size_t away_bytes;
static struct svm_stats counters;
static uint64_t made_bytes;
static unsigned int calls;

static bool cheats(const char *how)
{
	const char *cheat = getenv("FAKE_SVM_CHEAT");

	return cheat && !strcmp(cheat, how);
}

static unsigned int devices(void)
{
	const char *text = getenv("FAKE_SVM_DEVICES");

	return text ? (unsigned int)atoi(text) : 0;
}

static void bring_back(void)
{
	mprotect(away, away_bytes, PROT_READ | PROT_WRITE);
	if (cheats("corrupt"))
		away[away_bytes / 2] ^= 1;
	away = NULL;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	char *addr = info->si_addr;

	(void)context;
	if (!away || addr < away || addr >= away + away_bytes) {
		signal(number, SIG_DFL);
		return;
	}
	counters.faults++;
	counters.bytes_faulted += away_bytes;
	bring_back();
}

int svm_open(struct svm **out, const struct svm_open_opts *opts)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };
	unsigned int nr = devices() + (made_bytes != 0);
	struct svm *svm = calloc(1, sizeof(*svm));

	if (!svm)
		return -ENOMEM;
	svm->nr = nr;
	if (opts && opts->device) {
		svm->nr = 1;
		svm->first = (uint32_t)atoi(opts->device + 3);
		if (svm->first >= nr) {
			free(svm);
			return -ENODEV;
		}
	}
	sigaction(SIGSEGV, &action, NULL);
	*out = svm;
	return 0;
}

struct svm *svm_close(struct svm *svm)
{
	free(svm);
	return NULL;
}

int svm_device_count(const struct svm *svm)
{
	return (int)svm->nr;
}

int svm_device_info(struct svm *svm, unsigned int index,
		    struct svm_device_info *info)
{
	uint32_t id = svm->first + index;

	if (index >= svm->nr)
		return -ENOENT;
	*info = (struct svm_device_info){
		.size = sizeof(*info),
		.type = SVM_DEVICE_RAM,
		.id = id,
		.node = SVM_NODE_ANY,
		.capabilities = SVM_CAP_TO_DEVICE | SVM_CAP_TO_SYSTEM,
		.bytes_total = id < devices() ? DEVICE_BYTES : made_bytes,
		.bytes_free = id < devices() ? DEVICE_BYTES : made_bytes,
		.page_orders = 1,
	};
	return 0;
}

int svm_device_create(uint64_t bytes, int node, uint32_t *id)
{
	(void)node;
	if (!getenv("FAKE_SVM_MODULE"))
		return -ENODEV;
	if (made_bytes)
		return -ENOSPC;
	made_bytes = bytes;
	*id = devices();
	return 0;
}

int svm_device_destroy(uint32_t id)
{
	if (!made_bytes || id != devices())
		return -ENOENT;
	made_bytes = 0;
	fputs("destroyed\n", stderr);
	return 0;
}

int svm_migrate(struct svm *svm, void *addr, size_t length, struct svm_place to,
		const struct svm_migrate_opts *opts, struct svm_result *result)
{
	size_t moved = length;

	(void)svm;
	(void)opts;
	if (cheats("nothing")) {
		result->pages[SVM_PAGE_PINNED] = length / 4096;
		return 0;
	}
	if (cheats("busy") && to.type == SVM_PLACE_DEVICE && calls++ % 2)
		moved -= 4096;
	result->bytes_moved = moved;
	result->pages[SVM_PAGE_MOVED] = moved / 4096;
	result->pages[SVM_PAGE_BUSY] = (length - moved) / 4096;
	if (cheats("lie") || moved < length)
		return 0;
	if (to.type == SVM_PLACE_DEVICE && !away) {
		away = addr;
		away_bytes = moved;
		mprotect(addr, moved, PROT_NONE);
	} else if (away) {
		bring_back();
	}
	return 0;
}

int svm_summarize(struct svm *svm, const void *addr, size_t length,
		  struct svm_summary *summary)
{
	(void)svm;
	(void)addr;
	summary->bytes[SVM_PLACE_DEVICE] = away ? away_bytes : 0;
	summary->bytes[SVM_PLACE_SYSTEM] =
		length - summary->bytes[SVM_PLACE_DEVICE];
	return 0;
}

int svm_get_stats(struct svm *svm, struct svm_stats *stats)
{
	(void)svm;
	*stats = counters;
	return 0;
}

const char *svm_status_name(unsigned int status)
{
	return status == SVM_PAGE_PINNED ? "pinned"
	       : status == SVM_PAGE_BUSY ? "busy"
					 : "other";
}
