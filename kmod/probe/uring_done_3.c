// SPDX-License-Identifier: GPL-2.0-only
/* io_uring_cmd_done() without a second result. */
#include <linux/io_uring/cmd.h>

static void __maybe_unused probe(struct io_uring_cmd *cmd)
{
	io_uring_cmd_done(cmd, 0, 0);
}
