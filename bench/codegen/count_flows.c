#include "bench.h"

MAP(flows);

struct flow { u32 src, dst; u16 sport, dport; u8 proto, padding[3]; };

SEC("xdp") int count_flows(struct xdp_md *ctx)
{
	struct packet p;
	struct tcp *tcp;

	if (!find_ip(&p, ctx) || !l4_of_ip(&p))
		return XDP_PASS;
	if ((tcp = tcp_of(&p))) {
		struct flow flow = {BE32(p.ip->src), BE32(p.ip->dst), BE16(tcp->sport), BE16(tcp->dport), 6, {0}};

		ADD(flows, &flow, 1, 0);
	} else if (p.l4_proto == 17 && p.l4 + 8 <= p.end) {
		struct ports *udp = (void *)p.l4;
		struct flow flow = {BE32(p.ip->src), BE32(p.ip->dst), BE16(udp->sport), BE16(udp->dport), 17, {0}};

		ADD(flows, &flow, 1, 1);
	}
	return XDP_PASS;
}
