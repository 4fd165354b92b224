// SPDX-License-Identifier: GPL-2.0-only
/* Device private memory by folios, with the calls as this module makes them. */
#include <linux/memremap.h>

#ifndef CONFIG_DEVICE_PRIVATE
#error "no device private memory"
#endif

static void probe_free(struct folio *folio)
{
}

static const struct dev_pagemap_ops probe_ops __maybe_unused = {
	.folio_free = probe_free,
};

static void __maybe_unused probe(struct page *page)
{
	zone_device_page_init(page, page_pgmap(page), 0);
}
