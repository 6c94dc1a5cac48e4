#include "ebpf.h"
#define __arena __attribute__((address_space(1)))
struct { __uint(type, 33); __uint(map_flags, 1024); __uint(max_entries, 4); } arena SEC(".maps");
int __arena counter = 41;
int __arena table[10];
SEC("syscall") int bump(void *ctx) { counter++; table[3] = counter; return counter; }
char LICENSE[] SEC("license") = "GPL";
