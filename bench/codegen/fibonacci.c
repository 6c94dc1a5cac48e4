#include "bench.h"

MAP(out);

SEC("xdp") int fibonacci(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = BE16(ETH(p.data)->proto) & 63, a = 0, b = 1;

#pragma clang loop unroll(disable)
		for (u64 i = 0; i < 64 && i < n; i++) {
			u64 sum = a + b;

			a = b;
			b = sum;
		}
		OUT(0, a, 0);
	}
	return XDP_PASS;
}
