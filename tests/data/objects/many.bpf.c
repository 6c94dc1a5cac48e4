#include "ebpf.h"
enum color { RED, GREEN = 5, BLUE };
struct point { __s32 x, y; };
struct value { __u64 count; char comm[16]; __u8 raw[4]; enum color color; struct point at[2]; bool on; __u32 a:3, b:5; union { __u32 u; __s32 s; }; void *ptr; };
struct event { __u32 pid; struct point at; char text[8]; };
struct { __uint(type, 1); __uint(max_entries, 16); __type(key, struct point); __type(value, struct value); } values SEC(".maps");
struct { __uint(type, 27); __uint(max_entries, 4096); __type(value, struct event); } events SEC(".maps");
struct inner { __uint(type, 2); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } inner_a SEC(".maps"), inner_b SEC(".maps");
struct { __uint(type, 12); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [1] = &inner_a, [3] = &inner_b } };
int called(void *ctx);
struct { __uint(type, 3); __uint(max_entries, 4); __uint(key_size, 4); __array(values, int (void *)); } jumps SEC(".maps") = { .values = { [2] = (void *)&called } };
struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, 4); } perf SEC(".maps");
const volatile __u32 limit = 7;
const volatile struct point origin = { 3, -4 };
int counter; __u64 big = 40; static volatile __u64 hidden_counter;
__u32 own SEC(".data.own") = 9;
#ifndef OLD  // what libbpf 1.1 does not know
SEC(".bss.more")
#endif
__u32 zeros[4];
extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;
extern __u64 CONFIG_NOT_THERE __kconfig __weak;
extern const void vfs_read __ksym __weak;
extern const void nowhere_at_all __ksym __weak;
__noinline int sub(int a) { volatile int b = a; return b * 3 + counter; }
static __noinline int local(int a) { volatile int b = a; return b + (int)big; }
static int each(__u32 i, __u64 *sum) { *sum += i; return 0; }
SEC("tc") int called(void *ctx) { return 77; }
SEC("tc") int entry(void *ctx) {
    __u64 sum = 0;
    struct point p = { 1, 2 };
    struct value v = {};
    v.count = limit + origin.x; v.color = GREEN; v.on = 1; v.a = 5; v.b = 9; v.at[1].y = -8; v.u = 0xffffffff;
    __builtin_memcpy(v.comm, "hello", 6);
    bpf_map_update_elem(&values, &p, &v, 0);
    bpf_loop(5, each, &sum, 0);
    __u32 key = 1;
    void *in = bpf_map_lookup_elem(&outer, &key);
    if (in) { __u32 k = 2; __u64 n = 123; bpf_map_update_elem(in, &k, &n, 0); }
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (e) { e->pid = 42; e->at.x = 1; e->at.y = 2; __builtin_memcpy(e->text, "abc\0\0\0\0", 8); bpf_ringbuf_submit(e, 0); }
    counter += 1; hidden_counter += 2; own += 3; zeros[1] = 5;
    big += CONFIG_BPF ? 1 : 0;
    if (CONFIG_NOT_THERE) big += 1000;
    if (&vfs_read) zeros[2] = 1;
    if (&nowhere_at_all) zeros[3] = 1;
    return sub(sum) + local(1) + (LINUX_KERNEL_VERSION > 0x050000);
}
SEC("tc") int jumper(void *ctx) { bpf_tail_call(ctx, &jumps, 2); return 1; }
SEC("?tc") int not_loaded(void *ctx) { return 2; }
SEC("tracepoint/syscalls/sys_enter_openat") int on_open(void *ctx) {
    __u64 n = 5; bpf_perf_event_output(ctx, &perf, 0xffffffffULL, &n, sizeof n); return 0; }
char LICENSE[] SEC("license") = "GPL";
