#include "ebpf.h"
#define CORE __attribute__((preserve_access_index))
static long (*bpf_probe_read_kernel)(void *to, __u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *to, __u32 size, const void *from) = (void *)115;

/* What only the module `bridge` has; `dev` is the kernel's. */
struct net_device___here { char name[16]; } CORE;
struct net_bridge___here { unsigned long ageing_time; struct net_device___here *dev; } CORE;
struct net_bridge___none { int no_such_field; } CORE;
struct pt_regs___here { unsigned long di; } CORE;
__u64 ageing, probed, size, lacking = 7;
char name[16], probed_name[16];

SEC("?fentry/bridge:br_add_if") int on_add(__u64 *ctx)
{
    struct net_bridge___here *br = (void *)ctx[0];
    ageing = br->ageing_time;
    size = __builtin_preserve_type_info(*(struct net_bridge___here *)0, 1);
    lacking = __builtin_preserve_field_info(((struct net_bridge___none *)0)->no_such_field, 2);
    bpf_probe_read_kernel_str(name, sizeof(name), br->dev->name);
    return 0;
}

SEC("?kprobe/br_add_if") int on_add_probe(struct pt_regs___here *ctx)
{
    struct net_bridge___here *br = (void *)ctx->di;
    struct net_device___here *dev = 0;
    bpf_probe_read_kernel(&probed, sizeof(probed), &br->ageing_time);
    bpf_probe_read_kernel(&dev, sizeof(dev), &br->dev);
    bpf_probe_read_kernel_str(probed_name, sizeof(probed_name), dev->name);
    return 0;
}

/* Functions of the module `nf_conntrack`, and the struct that they give. */
struct nf_conn { unsigned long status; } CORE;
struct nf_conn___init { int unused; };
struct bpf_sock_tuple { __u32 saddr, daddr; __u16 sport, dport; };
struct bpf_ct_opts { __s32 netns_id, error; __u8 l4proto, dir, reserved[2]; };
struct xdp_md;
extern struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *, struct bpf_sock_tuple *, __u32, struct bpf_ct_opts *, __u32) __ksym;
extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *, struct bpf_sock_tuple *, __u32, struct bpf_ct_opts *, __u32) __ksym;
extern struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *) __ksym;
extern void bpf_ct_set_timeout(struct nf_conn___init *, __u32) __ksym;
extern void bpf_ct_release(struct nf_conn *) __ksym;
__s32 before, after;
__u64 inserted, status;

SEC("?xdp") int connections(struct xdp_md *ctx)
{
    struct bpf_sock_tuple tuple = {0x0100007f, 0x0200007f, 0x3930, 0x5000};
    struct bpf_ct_opts opts = {-1, 0, 6, 0, {0, 0}};
    struct nf_conn *ct = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple), &opts, sizeof(opts));
    before = opts.error;
    if (ct) { bpf_ct_release(ct); return 1; }
    opts.error = 0;
    struct nf_conn___init *made = bpf_xdp_ct_alloc(ctx, &tuple, sizeof(tuple), &opts, sizeof(opts));
    if (!made) { after = opts.error; return 1; }
    bpf_ct_set_timeout(made, 10000);
    ct = bpf_ct_insert_entry(made);
    if (!ct) return 1;
    inserted = 1;
    bpf_ct_release(ct);
    opts.error = 0;
    ct = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple), &opts, sizeof(opts));
    after = opts.error;
    if (!ct) return 1;
    status = ct->status;
    bpf_ct_release(ct);
    return 2;
}

char LICENSE[] SEC("license") = "GPL";
