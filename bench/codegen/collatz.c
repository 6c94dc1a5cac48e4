#include "bench.h"

MAP(out);

SEC("xdp") int collatz(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = BE16(ETH(p.data)->proto), steps = 0;

		for (int i = 0; i < 200; i++) {
			TURN_OR(used_up);
			if (n <= 1)
				break;
			n = n % 2 == 0 ? n / 2 : 3 * n + 1;
			steps++;
		}
		OUT(0, steps, 0);
	}
	return XDP_PASS;
used_up:
	LOSE(1);
	return XDP_ABORTED;
}
