#include "bench.h"

MAP(telnet);

SEC("xdp") int drop_telnet(struct xdp_md *ctx)
{
	struct packet p;
	struct tcp *tcp;

	if (!find_l4(&p, ctx) || !(tcp = tcp_of(&p)) || BE16(tcp->dport) != 23)
		return XDP_PASS;
	if (p.ip) {
		u32 src = BE32(p.ip->src);

		ADD(telnet, &src, 1, 0);
	}
	return XDP_DROP;
}
