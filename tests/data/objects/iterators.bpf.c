#include "ebpf.h"
#define CORE __attribute__((preserve_access_index))
static long (*bpf_seq_printf)(void *m, const char *fmt, __u32 fmt_size, const void *data, __u32 data_len) = (void *)126;
struct bpf_iter_meta { void *seq; } CORE;
static const char line[] = "%d %d\n", words[] = "%d %s\n";
#ifdef TASKS
/* The first threads of the kernel, which stay. */
struct task_struct { int pid, tgid; char comm[16]; } CORE;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } CORE;
SEC("iter/task") int show(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task || task->tgid > 12) return 0;
    __u64 data[] = {task->pid, (__u64)task->comm};
    bpf_seq_printf(ctx->meta->seq, words, sizeof(words), data, sizeof(data));
    return 0;
}
#else
struct { __uint(type, 1); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); } numbers SEC(".maps");
struct bpf_iter__bpf_map_elem { struct bpf_iter_meta *meta; void *map; __u32 *key; __u64 *value; } CORE;
SEC("iter/bpf_map_elem") int show(struct bpf_iter__bpf_map_elem *ctx)
{
    __u32 *key = ctx->key;
    __u64 *value = ctx->value;
    if (!key || !value) return 0;
    __u64 data[] = {*key, *value};
    bpf_seq_printf(ctx->meta->seq, line, sizeof(line), data, sizeof(data));
    return 0;
}
#endif
char LICENSE[] SEC("license") = "GPL";
