#include "bench.h"

MAP(out);

SEC("xdp") int checksum(struct xdp_md *ctx)
{
	struct packet p;

	if (find_ip(&p, ctx)) {
		u64 s = (u64)BE32(p.ip->src) + BE32(p.ip->dst) + p.ip->proto + BE16(p.ip->len) + BE16(p.ip->id);

		s = (s & 0xffff) + (s >> 16);
		s = (s & 0xffff) + (s >> 16);
		s = (s & 0xffff) + (s >> 16);
		OUT(0, s ^ 0xffff, 0);
	}
	return XDP_PASS;
}
