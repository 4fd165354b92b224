// SPDX-License-Identifier: GPL-2.0-only
/*
 * A DMA engine in software, for tests: a platform device with one dmaengine channel
 * that copies memory in a work item, and can be told to fail in each of the ways
 * that hardware does.
 *
 * Locking: test_dma.lock protects the lists and the channel's cookies. It is not
 * held while bytes are copied, nor for callbacks.
 *
 * Limits: one device; not behind an IOMMU, as the CPU addresses what is mapped for
 * it.
 */
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define TEST_DMA_NAME "svm-test-dma"

static bool refuse;
module_param(refuse, bool, 0644);
MODULE_PARM_DESC(refuse, "Prepare no descriptor");

static bool fail;
module_param(fail, bool, 0644);
MODULE_PARM_DESC(fail, "Write garbage, and report an error");

static bool hang;
module_param(hang, bool, 0644);
MODULE_PARM_DESC(hang, "Begin nothing that is submitted");

static unsigned int align;
module_param(align, uint, 0444);
MODULE_PARM_DESC(align, "Addresses and lengths are multiples of 2 to this power");

static bool endless;
module_param(endless, bool, 0444);
MODULE_PARM_DESC(endless, "What is submitted can't be stopped");

static unsigned long copied;
module_param(copied, ulong, 0444);
MODULE_PARM_DESC(copied, "Bytes that were copied");

/**
 * struct test_dma_desc - a copy
 * @tx: what the framework sees of it.
 * @node: in a list of the channel.
 * @dst: destination.
 * @src: source.
 * @bytes: length.
 */
struct test_dma_desc {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	dma_addr_t dst;
	dma_addr_t src;
	size_t bytes;
};

/**
 * struct test_dma - the device
 * @dma: what the framework sees of it.
 * @chan: its channel.
 * @lock: protects what follows, and the cookies.
 * @submitted: copies that are not to begin yet.
 * @issued: copies to do.
 * @gone: the driver was unbound; nothing is prepared any more.
 * @work: does them.
 */
struct test_dma {
	struct dma_device dma;
	struct dma_chan chan;
	spinlock_t lock; /* see above */
	struct list_head submitted;
	struct list_head issued;
	bool gone;
	struct work_struct work;
};

static struct workqueue_struct *test_dma_wq;
static struct platform_device *test_dma_device;

static struct test_dma *test_dma_of(struct dma_chan *chan)
{
	return container_of(chan, struct test_dma, chan);
}

static void *test_dma_address(struct test_dma *td, dma_addr_t addr)
{
	return phys_to_virt(dma_to_phys(td->dma.dev, addr));
}

static struct test_dma_desc *test_dma_next(struct test_dma *td)
{
	struct test_dma_desc *desc = NULL;

	spin_lock_irq(&td->lock);
	if (!READ_ONCE(hang))
		desc = list_first_entry_or_null(&td->issued,
						struct test_dma_desc, node);
	if (desc)
		list_del(&desc->node);
	spin_unlock_irq(&td->lock);
	return desc;
}

static void test_dma_do(struct test_dma *td, struct test_dma_desc *desc)
{
	struct dmaengine_result result = { .result = DMA_TRANS_NOERROR };
	void *dst = test_dma_address(td, desc->dst);

	if (READ_ONCE(fail)) {
		memset(dst, 0xde, desc->bytes);
		result.result = DMA_TRANS_WRITE_FAILED;
	} else {
		memcpy(dst, test_dma_address(td, desc->src), desc->bytes);
		WRITE_ONCE(copied, copied + desc->bytes);
	}

	spin_lock_irq(&td->lock);
	td->chan.completed_cookie = desc->tx.cookie;
	spin_unlock_irq(&td->lock);

	if (desc->tx.callback_result)
		desc->tx.callback_result(desc->tx.callback_param, &result);
	else if (desc->tx.callback)
		desc->tx.callback(desc->tx.callback_param);
	kfree(desc);
}

static void test_dma_work(struct work_struct *work)
{
	struct test_dma *td = container_of(work, struct test_dma, work);
	struct test_dma_desc *desc;

	while ((desc = test_dma_next(td)))
		test_dma_do(td, desc);
}

static dma_cookie_t test_dma_submit(struct dma_async_tx_descriptor *tx)
{
	struct test_dma_desc *desc = container_of(tx, struct test_dma_desc, tx);
	struct test_dma *td = test_dma_of(tx->chan);
	dma_cookie_t cookie;
	unsigned long flags;

	spin_lock_irqsave(&td->lock, flags);
	cookie = td->chan.cookie + 1;
	if (cookie < DMA_MIN_COOKIE)
		cookie = DMA_MIN_COOKIE;
	td->chan.cookie = cookie;
	tx->cookie = cookie;
	list_add_tail(&desc->node, &td->submitted);
	spin_unlock_irqrestore(&td->lock, flags);
	return cookie;
}

static struct dma_async_tx_descriptor *
test_dma_prep(struct dma_chan *chan, dma_addr_t dst, dma_addr_t src,
	      size_t bytes, unsigned long flags)
{
	struct test_dma *td = test_dma_of(chan);
	struct test_dma_desc *desc;

	if (READ_ONCE(refuse) || READ_ONCE(td->gone))
		return NULL;
	desc = kzalloc_obj(*desc, GFP_NOWAIT);
	if (!desc)
		return NULL;
	dma_async_tx_descriptor_init(&desc->tx, chan);
	desc->tx.flags = flags;
	desc->tx.tx_submit = test_dma_submit;
	desc->dst = dst;
	desc->src = src;
	desc->bytes = bytes;
	return &desc->tx;
}

static void test_dma_issue_pending(struct dma_chan *chan)
{
	struct test_dma *td = test_dma_of(chan);
	unsigned long flags;

	spin_lock_irqsave(&td->lock, flags);
	list_splice_tail_init(&td->submitted, &td->issued);
	spin_unlock_irqrestore(&td->lock, flags);
	queue_work(test_dma_wq, &td->work);
}

static enum dma_status test_dma_status(struct dma_chan *chan,
				       dma_cookie_t cookie,
				       struct dma_tx_state *state)
{
	struct test_dma *td = test_dma_of(chan);
	dma_cookie_t used, done;
	unsigned long flags;

	spin_lock_irqsave(&td->lock, flags);
	used = chan->cookie;
	done = chan->completed_cookie;
	spin_unlock_irqrestore(&td->lock, flags);
	dma_set_tx_state(state, done, used, 0);
	return dma_async_is_complete(cookie, done, used);
}

static int test_dma_terminate(struct dma_chan *chan)
{
	struct test_dma *td = test_dma_of(chan);
	struct test_dma_desc *desc, *next;
	unsigned long flags;
	LIST_HEAD(all);

	spin_lock_irqsave(&td->lock, flags);
	list_splice_init(&td->issued, &all);
	list_splice_init(&td->submitted, &all);
	spin_unlock_irqrestore(&td->lock, flags);
	list_for_each_entry_safe(desc, next, &all, node)
		kfree(desc);
	return 0;
}

static void test_dma_synchronize(struct dma_chan *chan)
{
	flush_work(&test_dma_of(chan)->work);
}

static int test_dma_alloc_chan(struct dma_chan *chan)
{
	chan->cookie = DMA_MIN_COOKIE;
	chan->completed_cookie = DMA_MIN_COOKIE;
	return 0;
}

static void test_dma_free_chan(struct dma_chan *chan)
{
	test_dma_terminate(chan);
	test_dma_synchronize(chan);
}

/* No channel is in use any more, and the driver is unbound. */
static void test_dma_release(struct dma_device *dma)
{
	kfree(container_of(dma, struct test_dma, dma));
}

static int test_dma_probe(struct platform_device *pdev)
{
	struct test_dma *td;
	int ret;

	if (device_iommu_mapped(&pdev->dev))
		return -EOPNOTSUPP;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	td = kzalloc_obj(*td);
	if (!td)
		return -ENOMEM;
	spin_lock_init(&td->lock);
	INIT_LIST_HEAD(&td->submitted);
	INIT_LIST_HEAD(&td->issued);
	INIT_WORK(&td->work, test_dma_work);

	td->dma.dev = &pdev->dev;
	/* For who asks for it, not for whoever copies. */
	dma_cap_set(DMA_PRIVATE, td->dma.cap_mask);
	dma_cap_set(DMA_MEMCPY, td->dma.cap_mask);
	td->dma.copy_align = align;
	td->dma.device_alloc_chan_resources = test_dma_alloc_chan;
	td->dma.device_free_chan_resources = test_dma_free_chan;
	td->dma.device_prep_dma_memcpy = test_dma_prep;
	td->dma.device_issue_pending = test_dma_issue_pending;
	td->dma.device_tx_status = test_dma_status;
	if (!endless)
		td->dma.device_terminate_all = test_dma_terminate;
	td->dma.device_synchronize = test_dma_synchronize;
	td->dma.device_release = test_dma_release;
	INIT_LIST_HEAD(&td->dma.channels);
	td->chan.device = &td->dma;
	list_add_tail(&td->chan.device_node, &td->dma.channels);

	ret = dma_async_device_register(&td->dma);
	if (ret) {
		kfree(td);
		return ret;
	}
	platform_set_drvdata(pdev, td);
	return 0;
}

static void test_dma_remove(struct platform_device *pdev)
{
	struct test_dma *td = platform_get_drvdata(pdev);

	WRITE_ONCE(td->gone, true);
	/* May free it. */
	dma_async_device_unregister(&td->dma);
}

static struct platform_driver test_dma_driver = {
	.probe = test_dma_probe,
	.remove = test_dma_remove,
	.driver = { .name = TEST_DMA_NAME },
};

static int __init test_dma_init(void)
{
	int ret;

	test_dma_wq = alloc_workqueue("svm_test_dma", WQ_UNBOUND | WQ_HIGHPRI,
				      0);
	if (!test_dma_wq)
		return -ENOMEM;
	ret = platform_driver_register(&test_dma_driver);
	if (ret)
		goto err_destroy_wq;
	test_dma_device = platform_device_register_simple(TEST_DMA_NAME,
							  PLATFORM_DEVID_NONE,
							  NULL, 0);
	if (IS_ERR(test_dma_device)) {
		ret = PTR_ERR(test_dma_device);
		goto err_unregister_driver;
	}
	return 0;

err_unregister_driver:
	platform_driver_unregister(&test_dma_driver);
err_destroy_wq:
	destroy_workqueue(test_dma_wq);
	return ret;
}

static void __exit test_dma_exit(void)
{
	platform_device_unregister(test_dma_device);
	platform_driver_unregister(&test_dma_driver);
	destroy_workqueue(test_dma_wq);
}

module_init(test_dma_init);
module_exit(test_dma_exit);

MODULE_DESCRIPTION("A DMA engine in software, for tests of svm");
MODULE_AUTHOR("The svm developers");
MODULE_LICENSE("GPL");
