// SPDX-License-Identifier: GPL-2.0-only
/* Compiles on every kernel: if not, probing itself is broken. */
#include <linux/mm.h>
#include <linux/module.h>

static int __maybe_unused probe(struct vm_area_struct *vma)
{
	return vma->vm_start == 0;
}
