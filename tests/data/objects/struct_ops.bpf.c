#include "ebpf.h"
struct sock;
struct rate_sample;
struct tcp_congestion_ops___mine {
    __u32 (*ssthresh)(struct sock *sk);
    void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
    __u32 (*undo_cwnd)(struct sock *sk);
    char name[16];
};
SEC("struct_ops/ssthresh") __u32 slow_ssthresh(__u64 *ctx) { return 2; }
SEC("struct_ops/cong_avoid") int slow_avoid(__u64 *ctx) { return 0; }
SEC("struct_ops/undo_cwnd") __u32 slow_undo(__u64 *ctx) { return 3; }
SEC(".struct_ops.link") struct tcp_congestion_ops___mine slow = {
    .ssthresh = (void *)slow_ssthresh, .cong_avoid = (void *)slow_avoid, .undo_cwnd = (void *)slow_undo, .name = "bpf_slow_c",
};
char LICENSE[] SEC("license") = "GPL";
