#include "bench.h"

MAP(out);

SEC("xdp") int switch_(struct xdp_md *ctx)
{
	struct packet p;

	if (find_eth(&p, ctx)) {
		u64 result;

		switch (BE16(ETH(p.data)->proto)) {
		case 0x0800:
			result = 1;
			break;
		case 0x86dd:
			result = 2;
			break;
		case 0x0806:
			result = 3;
			break;
		case 0x8100:
		case 0x88a8:
			result = 4;
			break;
		case 0x88cc:
			result = 5;
			break;
		default:
			result = 6;
		}
		OUT(0, result, 0);
	}
	return XDP_PASS;
}
