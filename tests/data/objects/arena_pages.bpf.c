// An arena at an address of its own, whose pages the program allocates.
#include "ebpf.h"
char LICENSE[] SEC("license") = "GPL";

#define __arena __attribute__((address_space(1)))
struct {
    __uint(type, 33); __uint(map_flags, 1 << 10); __uint(max_entries, 16); __ulong(map_extra, 0x3ull << 44);
} arena SEC(".maps");
extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *at, __u32 n, int node, __u64 flags) __ksym;
__u64 first; int left;
SEC("syscall") int take(void *ctx)
{
    __u64 __arena *page = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
    if (!page) return 1;
    *page = 77;
    first = (__u64)page;
    return 0;
}
