/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_PINS_H
#define SVM_PINS_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * struct svm_pins - how much of a device is promised to who pins
 * @lock: protects all of it, and the users.
 * @limit: for all together, in bytes.
 * @limit_user: for one user.
 * @bytes: promised.
 * @users: of type struct svm_pin_user.
 */
struct svm_pins {
	spinlock_t lock; /* a leaf */
	u64 limit;
	u64 limit_user;
	u64 bytes;
	struct list_head users;
};

/**
 * struct svm_pin_user - what one user pins on a device
 * @node: in &svm_pins.users.
 * @uid: who.
 * @nr: contexts that count here.
 * @bytes: promised.
 */
struct svm_pin_user {
	struct list_head node;
	kuid_t uid;
	unsigned int nr;
	u64 bytes;
};

void svm_pins_init(struct svm_pins *pins, u64 bytes);
struct svm_pin_user *svm_pin_user_get(struct svm_pins *pins, kuid_t uid);
void svm_pin_user_put(struct svm_pins *pins, struct svm_pin_user *user);
int svm_pins_charge(struct svm_pins *pins, struct svm_pin_user *user, u64 bytes,
		    bool force);
void svm_pins_uncharge(struct svm_pins *pins, struct svm_pin_user *user,
		       u64 bytes);

#endif /* SVM_PINS_H */
