/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that the VM keeps from the system, for coherent devices. */
#ifndef GUEST_RESERVED_H
#define GUEST_RESERVED_H

#include <stdbool.h>

/* The range, as the kernel was told of it (memmap=SIZE$START); false for none. */
bool find_reserved(unsigned long long *bytes, unsigned long long *start);

/* The module's argument for a device of all of it, or NULL: for struct group. */
const char *coherent_arg(void);

#endif /* GUEST_RESERVED_H */
