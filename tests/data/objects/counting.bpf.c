#include "ebpf.h"
struct event { __u32 pid; __u32 number; char comm[16]; };
struct { __uint(type, 27); __uint(max_entries, 4096); __type(value, struct event); } events SEC(".maps");
struct { __uint(type, 4); __uint(max_entries, 128); __uint(key_size, 4); __uint(value_size, 4); } buffers SEC(".maps");
struct { __uint(type, 1); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
static long (*bpf_get_current_comm)(void *buf, __u32 size) = (void *)16;
const volatile __u32 own = 0;
__u32 seen;
SEC("tracepoint/syscalls/sys_enter_getpgid") int on_getpgid(void *ctx)
{
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (own && pid != own) return 0;
    __u64 one = 1, *count = bpf_map_lookup_elem(&counts, &pid);
    if (count) *count += 1; else bpf_map_update_elem(&counts, &pid, &one, 0);
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) return 0;
    e->pid = pid; e->number = ++seen;
    bpf_get_current_comm(e->comm, sizeof(e->comm));
    bpf_ringbuf_submit(e, 0);
    return 0;
}
SEC("raw_tp/sys_enter") int on_enter(void *ctx)
{
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (pid != own || seen < 1) return 0;
    seen += 1000;
    bpf_perf_event_output(ctx, &buffers, 0xffffffffULL, &pid, sizeof(pid));
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
