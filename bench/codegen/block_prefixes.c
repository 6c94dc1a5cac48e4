#include "bench.h"

MAP(blocked);

SEC("xdp") int block_prefixes(struct xdp_md *ctx)
{
	struct packet p;

	if (find_ip(&p, ctx)) {
		struct { u32 bits, address; } key = {32, p.ip->src};

		if (map_lookup(&blocked, &key))
			return XDP_DROP;
	}
	return XDP_PASS;
}
