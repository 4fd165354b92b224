/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBSVM_ENUMERATE_H
#define LIBSVM_ENUMERATE_H

#include <stddef.h>
#include <stdint.h>

int svm_parse_device_name(const char *name, uint32_t *id);
int svm_list_devices(const char *dir, uint32_t **out, size_t *nr);

#endif /* LIBSVM_ENUMERATE_H */
