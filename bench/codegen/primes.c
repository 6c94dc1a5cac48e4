#include "bench.h"

MAP(out);

SEC("xdp") int primes(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = BE16(ETH(p.data)->proto), prime = n > 1;

#pragma clang loop unroll(disable)
		for (u64 i = 2; i < 100; i++) {
			TURN_OR(used_up);
			if (i * i > n)
				break;
			if (n % i == 0) {
				prime = 0;
				break;
			}
		}
		OUT(0, prime, 0);
	}
	return XDP_PASS;
used_up:
	LOSE(1);
	return XDP_ABORTED;
}
