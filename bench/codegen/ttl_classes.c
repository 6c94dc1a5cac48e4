#include "bench.h"

MAP(lengths);

SEC("xdp") int ttl_classes(struct xdp_md *ctx)
{
	struct packet p;

	if (find_ip(&p, ctx))
		ADD_AT(lengths, p.ip->ttl >> 4, 1, 0);
	return XDP_PASS;
}
