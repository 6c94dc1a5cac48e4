#include "bench.h"

MAP(out);

SEC("xdp") int popcount(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = mac(ETH(p.data)->dst), count = 0;

#pragma clang loop unroll(disable)
		for (int i = 0; i < 48; i++) {
			count += n & 1;
			n >>= 1;
		}
		OUT(0, count, 0);
	}
	return XDP_PASS;
}
