#include "bench.h"

MAP(telnet);

SEC("xdp") int dns_by_source(struct xdp_md *ctx)
{
	struct packet p;
	struct udp *udp;

	if (!find_ip(&p, ctx) || !l4_of_ip(&p) || p.l4_proto != 17)
		return XDP_PASS;
	udp = (struct udp *)p.l4;
	if ((u8 *)(udp + 1) > p.end || BE16(udp->dport) != 53)
		return XDP_PASS;
	u32 src = BE32(p.ip->src);
	ADD(telnet, &src, BE16(udp->len), 0);
	return XDP_PASS;
}
