#include "ebpf.h"
/* A scheduler of all tasks: one queue, slices of 20 ms. */
struct task_struct;
struct sched_ext_ops {
    void (*enqueue)(struct task_struct *p, __u64 enq_flags);
    __u32 timeout_ms;
    char name[128];
};
extern void scx_bpf_dsq_insert(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym __weak;
extern void scx_bpf_dispatch(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym __weak;
__u64 enqueued;

SEC("struct_ops/queue") int queue(__u64 *ctx)
{
    struct task_struct *p = (void *)ctx[0];
    __sync_fetch_and_add(&enqueued, 1);
    if (scx_bpf_dsq_insert)
        scx_bpf_dsq_insert(p, 1ULL << 63 | 1, 20000000, ctx[1]);
    else
        scx_bpf_dispatch(p, 1ULL << 63 | 1, 20000000, ctx[1]);
    return 0;
}

SEC(".struct_ops.link") struct sched_ext_ops in_turn = {
    .enqueue = (void *)queue, .timeout_ms = 5000, .name = "c_in_turn",
};
char LICENSE[] SEC("license") = "GPL";
