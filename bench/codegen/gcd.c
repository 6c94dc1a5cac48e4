#include "bench.h"

MAP(out);

SEC("xdp") int gcd(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 a = mac(ETH(p.data)->dst), b = mac(ETH(p.data)->src);

		for (int i = 0; i < 64 && b; i++) {
			u64 rest = a % b;

			a = b;
			b = rest;
		}
		OUT(0, a, 0);
	}
	return XDP_PASS;
}
