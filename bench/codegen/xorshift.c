#include "bench.h"

MAP(out);

SEC("xdp") int xorshift(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u32 x = mac(ETH(p.data)->dst);

#pragma clang loop unroll(disable)
		for (int i = 0; i < 16; i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
		}
		OUT(0, x, 0);
	}
	return XDP_PASS;
}
