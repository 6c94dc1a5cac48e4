#include "bench.h"

MAP(out);

SEC("xdp") int square_root(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = mac(ETH(p.data)->dst), root = 0, bit = 1 << 23;

#pragma clang loop unroll(disable)
		for (int i = 0; i < 24; i++) {
			if ((root | bit) * (root | bit) <= n)
				root |= bit;
			bit >>= 1;
		}
		OUT(0, root, 0);
	}
	return XDP_PASS;
}
