// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice: a table that is read by everybody and moved by nobody, and what of that is
 * in effect here.
 */
#include "common.h"

static void tell(int given, uint32_t bit, const char *what)
{
	printf("%-12s %s\n", what, given & bit ? "yes" : "nobody follows it");
}

int main(void)
{
	struct svm_advise_opts opts = SVM_ADVISE_OPTS_INIT;
	const size_t length = 1 << 20;
	struct svm_advised now[8];
	struct svm *svm;
	void *table;
	ssize_t i, nr;
	int given;

	check(svm_open(&svm, NULL), "svm_open");
	check(svm_alloc(length, 0, &table), "svm_alloc");
	memset(table, 1, length);

	opts.set = SVM_ADVICE_KEEP | SVM_ADVICE_READ_MOSTLY | SVM_ADVICE_PREFER;
	opts.place = svm_on_node(SVM_NODE_ANY);
	given = svm_advise(svm, table, length, &opts);
	check(given, "svm_advise");
	tell(given, SVM_ADVICE_KEEP, "kept:");
	tell(given, SVM_ADVICE_READ_MOSTLY, "read mostly:");
	tell(given, SVM_ADVICE_PREFER, "preferred:");

	/* Half of it is no table any more. */
	opts = (struct svm_advise_opts)SVM_ADVISE_OPTS_INIT;
	opts.clear = SVM_ADVICE_READ_MOSTLY;
	check(svm_advise(svm, table, length / 2, &opts), "svm_advise");
	nr = svm_advice(svm, table, length, now, 8);
	check(nr, "svm_advice");
	for (i = 0; i < nr && i < 8; i++)
		printf("svm%u: %7zu bytes from %7td on: advice %#x\n",
		       now[i].device, now[i].length,
		       (char *)now[i].addr - (char *)table, now[i].advice);

	svm_free(table, length);
	svm_close(svm);
	return 0;
}
