#include "ebpf.h"
__u64 hits[4];
struct { __uint(type, 2); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); __uint(pinning, 1); } kept SEC(".maps");
#define COUNT(n, verdict) { hits[n] += 1; __u32 key = 1; __u64 *v = bpf_map_lookup_elem(&kept, &key); if (v) *v += 1; return verdict; }
SEC("xdp") int on_xdp(void *ctx) COUNT(0, 2)
SEC("tcx/ingress") int on_ingress(void *ctx) COUNT(1, -1)
SEC("tcx/egress") int on_egress(void *ctx) COUNT(2, -1)
SEC("cgroup_skb/egress") int on_cgroup(void *ctx) COUNT(3, 1)
char LICENSE[] SEC("license") = "GPL";
