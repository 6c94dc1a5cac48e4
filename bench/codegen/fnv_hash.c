#include "bench.h"

MAP(out);

SEC("xdp") int fnv_hash(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 n = mac(ETH(p.data)->dst), h = 0xcbf29ce484222325;

#pragma clang loop unroll(disable)
		for (int i = 0; i < 6; i++) {
			h = (h ^ (n & 0xff)) * 0x100000001b3;
			n >>= 8;
		}
		OUT(0, h, 0);
	}
	return XDP_PASS;
}
