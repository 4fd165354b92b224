// SPDX-License-Identifier: GPL-2.0-only
/* Mapping a range of mirrored pages for a device's DMA. */
#include <linux/hmm.h>
#include <linux/hmm-dma.h>
#include <linux/pci-p2pdma.h>

static bool __maybe_unused probe(struct device *dev, struct hmm_dma_map *map)
{
	struct pci_p2pdma_map_state p2pdma = {};

	if (hmm_dma_map_alloc(dev, map, 512, PAGE_SIZE))
		return false;
	map->pfn_list[0] = HMM_PFN_VALID | HMM_PFN_WRITE | HMM_PFN_DMA_MAPPED;
	if (hmm_dma_map_pfn(dev, map, 0, &p2pdma) == DMA_MAPPING_ERROR)
		return false;
	hmm_dma_map_free(dev, map);
	return hmm_dma_unmap_pfn(dev, map, 0);
}
