// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The mappings of a process, from /proc/PID/maps. move_pages(2) answers the
 * same for an address that is not mapped and for one that nothing was written
 * to yet, and gives no reason why a page of a mapping stays; this tells.
 *
 * A snapshot that its caller owns; no locks. It costs 24 bytes for each mapping
 * in the range. What kind a mapping is of is read off its name, which is a
 * guess for a tmpfs or hugetlbfs that is mounted in an unusual place: these
 * count as files. It only chooses between reasons that are reported, never what
 * is moved.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "vma.h"

static bool begins(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static enum svm_vma_kind kind_of(const char *name)
{
	static const struct {
		const char *prefix;
		enum svm_vma_kind kind;
	} kinds[] = {
		{ "[heap]", VMA_ANON },
		{ "[stack", VMA_ANON },
		{ "[anon:", VMA_ANON },
		{ "[anon_shmem:", VMA_SHMEM },
		{ "[", VMA_SPECIAL },
		{ "/anon_hugepage", VMA_HUGETLB },
		{ "/dev/hugepages/", VMA_HUGETLB },
		{ "/memfd:", VMA_SHMEM },
		{ "/SYSV", VMA_SHMEM },
		{ "/dev/shm/", VMA_SHMEM },
		{ "/dev/zero", VMA_SHMEM },
		{ "/dev/", VMA_SPECIAL },
		{ "anon_inode:", VMA_SPECIAL },
	};
	size_t i;

	if (!*name)
		return VMA_ANON;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (begins(name, kinds[i].prefix))
			return kinds[i].kind;
	return VMA_FILE;
}

/**
 * svm_vmas_parse() - take a line of /proc/PID/maps apart
 * @line: "start-end perms offset dev inode   name", with or without newline.
 * @vma: the mapping.
 *
 * Returns 0, or -EPROTO if it is no such line.
 */
int svm_vmas_parse(const char *line, struct svm_vma *vma)
{
	int name = 0;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s%n",
		   &vma->start, &vma->end, &name) != 2 ||
	    !name)
		return -EPROTO;
	line += name;
	line += strspn(line, " \n");
	vma->kind = kind_of(line);
	return 0;
}

/**
 * svm_vmas_load() - read the mappings that a span touches
 * @vmas: empty; to be released by freeing its array.
 * @svm: whose address space.
 * @span: which part of it.
 *
 * Returns 0, -ESRCH if the process is gone, -EOPNOTSUPP without procfs,
 * -EACCES, -EMFILE, -ENFILE, -ENOMEM.
 */
int svm_vmas_load(struct svm_vmas *vmas, const struct svm *svm,
		  struct svm_span span)
{
	__close_file FILE *file = NULL;
	__free_mem struct svm_vma *list = NULL;
	__free_mem char *line = NULL;
	size_t nr = 0, room = 0, length = 0;
	char path[PATH_MAX];

	if (svm->pid)
		snprintf(path, sizeof(path), "%s/%d/maps", svm->ops->proc,
			 (int)svm->pid);
	else
		snprintf(path, sizeof(path), "%s/self/maps", svm->ops->proc);
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return svm->pid ? -ESRCH : -EOPNOTSUPP;
	if (!file)
		return -errno;
	while (getline(&line, &length, file) > 0) {
		struct svm_vma vma;
		int ret = svm_vmas_parse(line, &vma);

		if (ret)
			return ret;
		if (vma.end <= span.start)
			continue;
		if (vma.start >= span.end)
			break;
		if (nr == room) {
			struct svm_vma *grown;

			room = room ? 2 * room : 16;
			grown = reallocarray(list, room, sizeof(*list));
			if (!grown)
				return -ENOMEM;
			list = grown;
		}
		list[nr++] = vma;
	}
	if (ferror(file))
		return errno == ESRCH ? -ESRCH : -EIO;
	vmas->vma = TAKE_PTR(list);
	vmas->nr = nr;
	return 0;
}

/**
 * svm_vmas_find() - the mapping at an address
 * @vmas: the mappings.
 * @addr: the address.
 *
 * Returns NULL if there is none.
 */
const struct svm_vma *svm_vmas_find(const struct svm_vmas *vmas, uintptr_t addr)
{
	size_t low = 0, high = vmas->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr >= vmas->vma[mid].end)
			low = mid + 1;
		else if (addr < vmas->vma[mid].start)
			high = mid;
		else
			return &vmas->vma[mid];
	}
	return NULL;
}
