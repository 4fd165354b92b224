// SPDX-License-Identifier: GPL-2.0-only
/* Completions in the submitter's task that are called as io_uring's own are. */
#include <linux/io_uring/cmd.h>

static void probe_done(struct io_tw_req tw_req, io_tw_token_t tw)
{
}

static unsigned int __maybe_unused probe(struct io_uring_cmd *cmd)
{
	io_uring_cmd_complete_in_task(cmd, probe_done);
	return IO_URING_CMD_TASK_WORK_ISSUE_FLAGS;
}
