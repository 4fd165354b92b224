// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's "edu" as a device that masters the bus: the smallest PCI function that does
 * DMA, 4 KiB at a time through a buffer of its own. It has no memory in which pages
 * could be; it reads and writes the memory of address spaces through its mirror, by its
 * own DMA.
 *
 * It is a pattern for drivers of real hardware, and binds to nothing by itself:
 *
 *	echo 1234 11e8 >/sys/bus/pci/drivers/svm-edu/new_id
 *
 * or driver_override. Unbinding stops the device and takes all memory from it,
 * whoever has it open.
 *
 * Locking: svm_dma.engine is held around each transfer.
 *
 * Limits: 4 KiB a transfer. How many address bits a function has (QEMU's property
 * dma_mask) it does not tell: the parameter edu_dma_bits does. QEMU takes 100 ms for a
 * transfer, to be educational; one that does not end has the device taken off the bus.
 */
#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "backend.h"
#include "device.h"
#include "dma.h"
#include "edu.h"

#define SVM_EDU_BAR		0
#define SVM_EDU_ID		0x00
#define SVM_EDU_LIVENESS	0x04
#define SVM_EDU_IRQ_STATUS	0x24
#define SVM_EDU_IRQ_ACK		0x64
#define SVM_EDU_DMA_SRC		0x80
#define SVM_EDU_DMA_DST		0x88
#define SVM_EDU_DMA_COUNT	0x90
#define SVM_EDU_DMA_CMD		0x98

#define SVM_EDU_BUFFER		0x40000
#define SVM_EDU_BUFFER_BYTES	SZ_4K

#define SVM_EDU_CMD_RUN		BIT(0)
#define SVM_EDU_CMD_STORE	BIT(1)
#define SVM_EDU_CMD_IRQ		BIT(2)

#define SVM_EDU_IRQ_DMA		BIT(8)

#define SVM_EDU_TIMEOUT_MS	10000

/* What QEMU has unless told otherwise. */
static uint edu_dma_bits = 28;
module_param(edu_dma_bits, uint, 0644);
MODULE_PARM_DESC(edu_dma_bits,
		 "Address bits of the edu functions that are bound from now on (28 by default, as in QEMU)");

/**
 * struct svm_edu - a bound function
 * @dma: what the rest of the module knows of it.
 * @pdev: the function.
 * @regs: BAR 0.
 * @done: a transfer has ended.
 * @broken: one did not; the device is off the bus. Protected by svm_dma.engine.
 * @sdev: /dev/svmN.
 */
struct svm_edu {
	struct svm_dma dma;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct completion done;
	bool broken;
	struct svm_device *sdev;
};

static irqreturn_t svm_edu_interrupt(int irq, void *data)
{
	struct svm_edu *edu = data;
	u32 status = readl(edu->regs + SVM_EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, edu->regs + SVM_EDU_IRQ_ACK);
	if (status & SVM_EDU_IRQ_DMA)
		complete(&edu->done);
	return IRQ_HANDLED;
}

static int svm_edu_transfer(struct svm_dma *dma, u64 src, u64 dst, size_t nr,
			    u32 command)
{
	struct svm_edu *edu = container_of(dma, struct svm_edu, dma);

	lockdep_assert_held(&dma->engine);

	if (edu->broken)
		return -EIO;
	reinit_completion(&edu->done);
	writeq(src, edu->regs + SVM_EDU_DMA_SRC);
	writeq(dst, edu->regs + SVM_EDU_DMA_DST);
	writeq(nr, edu->regs + SVM_EDU_DMA_COUNT);
	writeq(command | SVM_EDU_CMD_RUN | SVM_EDU_CMD_IRQ,
	       edu->regs + SVM_EDU_DMA_CMD);
	if (wait_for_completion_timeout(&edu->done,
					msecs_to_jiffies(SVM_EDU_TIMEOUT_MS)))
		return 0;
	/* The memory is the user's again: that has to end. */
	pci_clear_master(edu->pdev);
	edu->broken = true;
	return -EIO;
}

static int svm_edu_load(struct svm_dma *dma, dma_addr_t addr, size_t nr)
{
	return svm_edu_transfer(dma, addr, SVM_EDU_BUFFER, nr, 0);
}

static int svm_edu_store(struct svm_dma *dma, dma_addr_t addr, size_t nr)
{
	return svm_edu_transfer(dma, SVM_EDU_BUFFER, addr, nr,
				SVM_EDU_CMD_STORE);
}

static const struct svm_dma_ops svm_edu_ops = {
	.load = svm_edu_load,
	.store = svm_edu_store,
};

static const struct svm_backend svm_edu_backend = {
	.type = SVM_DEVICE_DMA,
	.name = "edu",
};

/* Whoever binds it may be wrong: its first two registers tell what it is. */
static bool svm_edu_is_one(struct svm_edu *edu)
{
	u32 id = readl(edu->regs + SVM_EDU_ID);
	u32 word = 0x5a17c0de;

	if ((id & 0xffff) != 0x00ed)
		return false;
	writel(word, edu->regs + SVM_EDU_LIVENESS);
	return readl(edu->regs + SVM_EDU_LIVENESS) == ~word;
}

static int svm_edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	unsigned int bits = READ_ONCE(edu_dma_bits);
	struct device *dev = &pdev->dev;
	struct svm_edu *edu;
	int ret;

	if (bits < 1 || bits > 64)
		return -EINVAL;
	edu = devm_kzalloc(dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	init_completion(&edu->done);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	if (!(pci_resource_flags(pdev, SVM_EDU_BAR) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, SVM_EDU_BAR) < SVM_EDU_BUFFER)
		return -ENODEV;
	edu->regs = pcim_iomap(pdev, SVM_EDU_BAR, 0);
	if (!edu->regs)
		return -ENOMEM;
	if (!svm_edu_is_one(edu))
		return -ENODEV;

	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits));
	if (ret)
		return ret;
	ret = svm_dma_init(&edu->dma, dev, &svm_edu_ops, SVM_EDU_BUFFER_BYTES);
	if (ret)
		return ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), svm_edu_interrupt,
			  IRQF_SHARED, "svm-edu", edu);
	if (ret)
		goto err_free_vectors;
	pci_set_master(pdev);

	pci_set_drvdata(pdev, edu);
	edu->sdev = svm_device_plug(&svm_edu_backend, &edu->dma,
				    dev_to_node(dev));
	if (IS_ERR(edu->sdev)) {
		ret = PTR_ERR(edu->sdev);
		goto err_clear_master;
	}
	return 0;

err_clear_master:
	pci_clear_master(pdev);
	free_irq(pci_irq_vector(pdev, 0), edu);
err_free_vectors:
	pci_free_irq_vectors(pdev);
	return ret;
}

static void svm_edu_remove(struct pci_dev *pdev)
{
	struct svm_edu *edu = pci_get_drvdata(pdev);

	svm_device_unplug(edu->sdev);
	pci_clear_master(pdev);
	free_irq(pci_irq_vector(pdev, 0), edu);
	pci_free_irq_vectors(pdev);
}

static struct pci_driver svm_edu_driver = {
	.name = "svm-edu",
	/* None: see above. */
	.id_table = NULL,
	.probe = svm_edu_probe,
	.remove = svm_edu_remove,
};

int svm_edu_init(void)
{
	return pci_register_driver(&svm_edu_driver);
}

void svm_edu_exit(void)
{
	pci_unregister_driver(&svm_edu_driver);
}
