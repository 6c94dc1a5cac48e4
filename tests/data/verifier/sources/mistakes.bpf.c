// Mistakes that beginners make. `//!` stands above the line that a verifier refuses: the rule, and words that its
// explanation has. A program without it is accepted.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, n) int (*name)[n]
#define barrier_var(var) asm volatile("" : "+r"(var))
#define noinline __attribute__((noinline))

struct packet { u32 len, pkt_type, mark, skip[16], data, data_end; };
struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
struct item { u64 count; char name[56]; };

struct { __uint(type, 2); __uint(max_entries, 4); u32 *key; struct item *value; } items SEC(".maps");
struct { __uint(type, 1); __uint(max_entries, 64); u32 *key; struct item *value; } table SEC(".maps");
struct { __uint(type, 27); __uint(max_entries, 4096); } ring SEC(".maps");

static void *(*const lookup)(void *, const void *) = (void *)1;
static long (*const update)(void *, const void *, const void *, u64) = (void *)2;
static u64 (*const now)(void) = (void *)5;
static u32 (*const prandom)(void) = (void *)7;
static u64 (*const pid_tgid)(void) = (void *)14;
static long (*const comm)(void *, u32) = (void *)16;
static long (*const load_bytes)(const void *, u32, void *, u32) = (void *)26;
static long (*const read_kernel)(void *, u32, const void *) = (void *)113;
static void *(*const reserve)(void *, u64, u64) = (void *)131;
static void (*const submit)(void *, u64) = (void *)132;
static long (*const from_user)(void *, u32, const void *) = (void *)148;

SEC("socket") int fine(struct packet *skb)
{
    u32 key = skb->len & 63;
    struct item *v = lookup(&table, &key);
    if (v)
        v->count++;
    return 0;
}

SEC("socket") int missing_null_check(struct packet *skb)
{
    u32 key = skb->len;
    struct item *v = lookup(&table, &key);
    //! pointer_may_be_null: an address in map table's value of 64 bytes, or null | if (!value)
    v->count = 1;
    return 0;
}

SEC("socket") int unbounded_index(struct packet *skb)
{
    u32 key = 0, n = skb->len;
    struct item *v = lookup(&table, &key);
    if (!v)
        return 0;
    //! access_unbounded: `v` (r0) is an address | is a number from 0 to 4294967295 (read from memory)
    v->name[n] = 1;
    return 0;
}

SEC("socket") int bound_too_large(struct packet *skb)
{
    u32 key = 0, n = skb->len;
    struct item *v = lookup(&table, &key);
    if (!v || n > 56)
        return 0;
    //! map_value_bounds: offset 64; the map's value has 64 bytes | a number from 0 to 56 (not jumped)
    v->name[n] = 1;
    return 0;
}

SEC("socket") int signed_index(struct packet *skb)
{
    u32 key = 0;
    int n = skb->len;
    struct item *v = lookup(&table, &key);
    if (!v || n > 40)
        return 0;
    barrier_var(n);
    //! pointer_offset_range: r6 is a number from -2147483648 to 40
    v->name[n] = 1;
    return 0;
}

SEC("xdp") int missing_end_check(struct xdp_md *ctx)
{
    u8 *data = (u8 *)(long)ctx->data;
    //! packet_bounds: not been compared with data_end | 1 byte at offset 12
    return data[12] == 8 ? 1 : 2;
}

SEC("xdp") int end_check_too_short(struct xdp_md *ctx)
{
    u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
    if (data + 12 > end)
        return 2;
    //! packet_bounds: of which 12 bytes are known to be there
    return data[12] == 8 ? 1 : 2;
}

SEC("xdp") int end_check_the_wrong_way(struct xdp_md *ctx)
{
    u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
    if (data + 14 < end)
        return 2;
    //! packet_bounds: not been compared with data_end
    return data[12] == 8 ? 1 : 2;
}

SEC("xdp") int helper_of_another_type(struct xdp_md *ctx)
{
    u8 buf[8];
    //! helper_not_allowed: bpf_skb_load_bytes
    load_bytes(ctx, 0, buf, 8);
    return 1;
}

SEC("tracepoint/syscalls/sys_enter_openat") int end_of_context(u64 *ctx)
{
    //! context_modified: the program's context, at offset 8388608
    return ctx[1 << 20];
}

SEC("socket") int number_as_address(struct packet *skb)
{
    u64 *p = (u64 *)(u64)skb->mark;
    //! address_is_number: is a number from 0 to 4294967295 (read from memory)
    return *p;
}

SEC("socket") int stack_out_of_bounds(struct packet *skb)
{
    char buf[16] = {};
    u32 n = skb->len & 31;
    barrier_var(n);
    //! stack_bounds: plus a number from 0 to 31
    buf[n] = 1;
    asm volatile("" ::"r"(buf) : "memory");
    return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat") int size_too_large(u64 *ctx)
{
    char name[16];
    //! stack_bounds: 32 bytes at offset -16 of the frame
    comm(name, 32);
    return name[0];
}

SEC("tracepoint/syscalls/sys_enter_openat") int size_unbounded(u64 *ctx)
{
    char buf[64];
    u32 size = ctx[3];
    //! offset_negative: a number of which nothing is known (read from memory)
    read_kernel(buf, size, (void *)ctx[4]);
    return buf[0];
}

SEC("tracepoint/syscalls/sys_enter_openat") int size_negative(u64 *ctx)
{
    char buf[64];
    long size = ctx[3];
    if (size > 64)
        return 0;
    barrier_var(size);
    //! offset_negative: `size` (r2) is a number from -9223372036854775808 to 64 (not jumped)
    read_kernel(buf, size, (void *)ctx[4]);
    return buf[0];
}

SEC("socket") int key_by_value(struct packet *skb)
{
    u64 key = skb->len;
    //! argument_type: `key` (r2) is a number from 0 to 4294967295 (read from memory)
    return lookup(&table, (void *)key) != 0;
}

SEC("socket") int map_by_value(struct packet *skb)
{
    u32 key = 0;
    //! argument_type: r1 is the program's context
    return lookup(skb, &key) != 0;
}

SEC("tracepoint/syscalls/sys_enter_openat") int never_submitted(u64 *ctx)
{
    u64 *record = reserve(&ring, 8, 0);
    if (!record)
        return 0;
    *record = ctx[1];
    return 0;
    //! reference_leak: is still held
}

SEC("tracepoint/syscalls/sys_enter_openat") int written_after_submit(u64 *ctx)
{
    u64 *record = reserve(&ring, 8, 0);
    if (!record)
        return 0;
    submit(record, 0);
    //! address_is_number: `record` (r0) is an address in memory of the program, or null
    *record = ctx[1];
    return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat") int written_beyond_record(u64 *ctx)
{
    u64 *record = reserve(&ring, 8, 0);
    if (!record)
        return 0;
    //! memory_bounds: 8 bytes at offset 8 of 8 bytes
    record[1] = ctx[1];
    submit(record, 0);
    return 0;
}

SEC("socket") int infinite_loop(struct packet *skb)
{
    u32 n = 1;
    //! infinite_loop: comes to its end
    do { barrier_var(n); } while (n);
    return 0;
}

//! stack_size: needs 656 bytes of stack, 512 are there | per-CPU array map
static noinline int deeper(struct packet *skb)
{
    char buf[400];
    for (int i = 0; i < 400; i += 8)
        *(volatile u64 *)(buf + i) = skb->len;
    return buf[skb->len & 255];
}

SEC("socket") int too_deep_stack(struct packet *skb)
{
    char buf[256];
    for (int i = 0; i < 256; i += 8)
        *(volatile u64 *)(buf + i) = skb->len;
    return deeper(skb) + buf[skb->len & 127];
}

SEC("socket") int context_written(struct packet *skb)
{
    //! context_access: of the context
    skb->len = 3;
    return 0;
}

SEC("xdp") int pointer_stored(struct xdp_md *ctx)
{
    u32 key = 0;
    u64 *v = lookup(&items, &key);
    if (v)
        *v = (u64)ctx;
    return 2;
}

char _license[] SEC("license") = "GPL";
