// SPDX-License-Identifier: GPL-2.0-only
/*
 * The quota of pinned memory: what is promised to stay on a device can't be had by
 * others, so there is a limit for all together, and one for each user. As with
 * RLIMIT_MEMLOCK, what counts is the range that is advised, not what is there
 * now: so the answer to a call does not depend on what others do.
 *
 * Locking: svm_pins.lock, a leaf.
 *
 * Limits: one struct for each user with an open context that has given advice.
 */
#include <linux/errno.h>
#include <linux/slab.h>

#include "pins.h"

/**
 * svm_pins_init() - nothing is pinned yet
 * @pins: the books.
 * @bytes: size of the device.
 */
void svm_pins_init(struct svm_pins *pins, u64 bytes)
{
	spin_lock_init(&pins->lock);
	INIT_LIST_HEAD(&pins->users);
	pins->limit = bytes / 2;
	pins->limit_user = bytes / 4;
}

/**
 * svm_pin_user_get() - the account of a user
 * @pins: the books.
 * @uid: who.
 *
 * Return: the account, to be put, or NULL without memory.
 */
struct svm_pin_user *svm_pin_user_get(struct svm_pins *pins, kuid_t uid)
{
	struct svm_pin_user *user, *new;

	new = kzalloc_obj(*new, GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = uid;

	spin_lock(&pins->lock);
	list_for_each_entry(user, &pins->users, node)
		if (uid_eq(user->uid, uid))
			goto found;
	user = new;
	new = NULL;
	list_add(&user->node, &pins->users);
found:
	user->nr++;
	spin_unlock(&pins->lock);
	kfree(new);
	return user;
}

/**
 * svm_pin_user_put() - a context counts no more
 * @pins: the books.
 * @user: the account; the context has nothing on it.
 */
void svm_pin_user_put(struct svm_pins *pins, struct svm_pin_user *user)
{
	spin_lock(&pins->lock);
	if (--user->nr) {
		user = NULL;
	} else {
		WARN_ON_ONCE(user->bytes);
		list_del(&user->node);
	}
	spin_unlock(&pins->lock);
	kfree(user);
}

/**
 * svm_pins_charge() - promise that memory may stay
 * @pins: the books.
 * @user: to whom.
 * @bytes: how much.
 * @force: beyond the limits too.
 *
 * Return: 0 or -EDQUOT.
 */
int svm_pins_charge(struct svm_pins *pins, struct svm_pin_user *user, u64 bytes,
		    bool force)
{
	int ret = -EDQUOT;

	spin_lock(&pins->lock);
	/* An address space is less than 2^57 bytes: no sum of a few wraps. */
	if (force || (pins->bytes + bytes <= pins->limit &&
		      user->bytes + bytes <= pins->limit_user)) {
		WRITE_ONCE(pins->bytes, pins->bytes + bytes);
		user->bytes += bytes;
		ret = 0;
	}
	spin_unlock(&pins->lock);
	return ret;
}

/**
 * svm_pins_uncharge() - take a promise back
 * @pins: the books.
 * @user: to whom it was made.
 * @bytes: how much.
 */
void svm_pins_uncharge(struct svm_pins *pins, struct svm_pin_user *user,
		       u64 bytes)
{
	spin_lock(&pins->lock);
	WRITE_ONCE(pins->bytes, pins->bytes - bytes);
	user->bytes -= bytes;
	spin_unlock(&pins->lock);
}
