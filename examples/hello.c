// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that moves away and can still be read where it was. */
#include <stdio.h>
#include <string.h>
#include <svm/svm.h>

int main(void)
{
	struct svm_device_info device = SVM_DEVICE_INFO_INIT;
	struct svm_summary now = SVM_SUMMARY_INIT;
	struct svm_place to = svm_on_node(0);
	const size_t length = 4 << 20;
	struct svm *svm;
	void *mem;

	if (svm_open(&svm, NULL) || svm_alloc(length, 0, &mem))
		return 1;
	memset(mem, '!', length);
	strcpy(mem, "hello from wherever this is");
	if (svm_device_info(svm, 0, &device) == 0 &&
	    device.capabilities & SVM_CAP_TO_DEVICE)
		to = svm_on_device(device.id);
	else
		puts("there is no device, so to NUMA node 0");
	if (svm_migrate(svm, mem, length, to, NULL, NULL) ||
	    svm_summarize(svm, mem, length, &now))
		return 1;
	printf("%zu KiB on nodes, %zu KiB on devices\n",
	       (size_t)now.bytes[SVM_PLACE_SYSTEM] >> 10,
	       (size_t)now.bytes[SVM_PLACE_DEVICE] >> 10);
	puts(mem); /* reading brings back what is read */
	svm_free(mem, length);
	svm_close(svm);
	return 0;
}
