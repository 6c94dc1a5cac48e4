#include "bench.h"

MAP(syns);

SEC("xdp") int count_syns(struct xdp_md *ctx)
{
	struct packet p;
	struct tcp *tcp;

	if (find_ip(&p, ctx) && l4_of_ip(&p) && (tcp = tcp_of(&p)) && (tcp->flags & 2) && !(tcp->flags & 16)) {
		u32 src = BE32(p.ip->src);

		ADD(syns, &src, 1, 0);
	}
	return XDP_PASS;
}
