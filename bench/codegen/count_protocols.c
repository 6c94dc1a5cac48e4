#include "bench.h"

MAP(protocols);

SEC("xdp") int count_protocols(struct xdp_md *ctx)
{
	struct packet p;

	if (find_ip(&p, ctx))
		ADD_AT(protocols, p.ip->proto, 1, 0);
	return XDP_PASS;
}
