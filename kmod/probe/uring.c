// SPDX-License-Identifier: GPL-2.0-only
/* Commands of io_uring to a driver, which can be cancelled. */
#include <linux/io_uring/cmd.h>

#ifndef CONFIG_IO_URING
#error "declared, but not there"
#endif

static int __maybe_unused probe(struct io_uring_cmd *cmd,
				unsigned int issue_flags)
{
	if (issue_flags & IO_URING_F_CANCEL)
		return *io_uring_cmd_to_pdu(cmd, int);
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	return cmd->flags & IORING_URING_CMD_MASK;
}
