#include "ebpf.h"
int limit = 3;
__u64 entries, results;
__noinline int work(int number) { return number > limit ? number : limit; }
SEC("xdp") int traced(void *ctx) { return work(7); }
SEC("?fentry") int before(__u64 *ctx) { __sync_fetch_and_add(&entries, 1); return 0; }
SEC("?fexit") int after(__u64 *ctx) { results = ctx[1]; return 0; }
char LICENSE[] SEC("license") = "GPL";
