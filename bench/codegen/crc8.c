#include "bench.h"

MAP(out);

SEC("xdp") int crc8(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 crc = BE16(ETH(p.data)->proto);

#pragma clang loop unroll(disable)
		for (int i = 0; i < 16; i++) {
			crc <<= 1;
			if (crc & 0x10000)
				crc ^= 0x10700;
			crc &= 0xffff;
		}
		OUT(0, crc, 0);
	}
	return XDP_PASS;
}
