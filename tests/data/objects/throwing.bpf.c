// A program that throws, and one that does not. CALLED: what is called then.
#include "ebpf.h"
char LICENSE[] SEC("license") = "GPL";
#ifndef CALLED
#define CALLED "caught"
#endif

extern void bpf_throw(__u64 cookie) __ksym;
__noinline int caught(__u64 cookie) { return cookie + 1; }
__attribute__((btf_decl_tag("exception_callback:" CALLED)))
SEC("tc") int throws(void *ctx) { bpf_throw(40); return 0; }
SEC("?socket") int plain(void *ctx) { return 7; }
