/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM svm

#if !defined(SVM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SVM_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(svm_device_add,
	TP_PROTO(u32 id, u64 bytes, int node),
	TP_ARGS(id, bytes, node),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u64, bytes)
		__field(int, node)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->bytes = bytes;
		__entry->node = node;
	),
	TP_printk("svm%u bytes=%llu node=%d", __entry->id, __entry->bytes,
		  __entry->node)
);

TRACE_EVENT(svm_device_remove,
	TP_PROTO(u32 id),
	TP_ARGS(id),
	TP_STRUCT__entry(
		__field(u32, id)
	),
	TP_fast_assign(
		__entry->id = id;
	),
	TP_printk("svm%u", __entry->id)
);

TRACE_EVENT(svm_migrate,
	TP_PROTO(u32 id, bool to_device, int node, unsigned long addr,
		 unsigned long pages, unsigned long moved),
	TP_ARGS(id, to_device, node, addr, pages, moved),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(bool, to_device)
		__field(int, node)
		__field(unsigned long, addr)
		__field(unsigned long, pages)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->to_device = to_device;
		__entry->node = node;
		__entry->addr = addr;
		__entry->pages = pages;
		__entry->moved = moved;
	),
	TP_printk("svm%u to=%s node=%d addr=%#lx pages=%lu moved=%lu",
		  __entry->id, __entry->to_device ? "device" : "system",
		  __entry->node, __entry->addr, __entry->pages, __entry->moved)
);

TRACE_EVENT(svm_fault,
	TP_PROTO(u32 id, unsigned long addr, unsigned long moved),
	TP_ARGS(id, addr, moved),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(unsigned long, addr)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->addr = addr;
		__entry->moved = moved;
	),
	TP_printk("svm%u addr=%#lx moved=%lu", __entry->id, __entry->addr,
		  __entry->moved)
);

TRACE_EVENT(svm_evict,
	TP_PROTO(u32 id, unsigned long moved),
	TP_ARGS(id, moved),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->moved = moved;
	),
	TP_printk("svm%u moved=%lu", __entry->id, __entry->moved)
);

TRACE_EVENT(svm_job_end,
	TP_PROTO(u32 id, u64 job, int error, u64 moved),
	TP_ARGS(id, job, error, moved),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u64, job)
		__field(int, error)
		__field(u64, moved)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->job = job;
		__entry->error = error;
		__entry->moved = moved;
	),
	TP_printk("svm%u job=%llu error=%d moved=%llu", __entry->id,
		  __entry->job, __entry->error, __entry->moved)
);

TRACE_EVENT(svm_advise,
	TP_PROTO(u32 id, u64 addr, u64 length, u32 set, u32 clear, int ret),
	TP_ARGS(id, addr, length, set, clear, ret),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u64, addr)
		__field(u64, length)
		__field(u32, set)
		__field(u32, clear)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->addr = addr;
		__entry->length = length;
		__entry->set = set;
		__entry->clear = clear;
		__entry->ret = ret;
	),
	TP_printk("svm%u addr=%#llx length=%#llx set=%#x clear=%#x ret=%d",
		  __entry->id, __entry->addr, __entry->length, __entry->set,
		  __entry->clear, __entry->ret)
);

TRACE_EVENT(svm_dma_copy_failed,
	TP_PROTO(u32 id, unsigned long pages, int error),
	TP_ARGS(id, pages, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(unsigned long, pages)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->pages = pages;
		__entry->error = error;
	),
	TP_printk("svm%u pages=%lu error=%d", __entry->id, __entry->pages,
		  __entry->error)
);

#endif /* SVM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
