#include "bench.h"

MAP(out);

SEC("xdp") int divisions(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = mac(ETH(p.data)->dst);

		OUT(0, n / 10, 0);
		OUT(1, n % 10, 1);
		OUT(2, n / 1000 % 7, 2);
		OUT(3, n / 64, 3);
	}
	return XDP_PASS;
}
