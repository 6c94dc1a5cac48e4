#include "ebpf.h"
struct bpf_map_def { unsigned type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def SEC("maps") counts = { .type = 1, .key_size = 4, .value_size = 8, .max_entries = 8 };
struct bpf_map_def SEC("maps") slots = { .type = 2, .key_size = 4, .value_size = 4, .max_entries = 2 };
struct ____btf_map_counts { __u32 key; __u64 value; };
struct ____btf_map_counts SEC(".maps.counts") ____btf_map_counts = {};
SEC("socket") int f(void *ctx) { __u32 k = 5; __u64 v = 6; bpf_map_update_elem(&counts, &k, &v, 0); k = 1; bpf_map_update_elem(&slots, &k, &k, 0); return 3; }
char LICENSE[] SEC("license") = "GPL";
