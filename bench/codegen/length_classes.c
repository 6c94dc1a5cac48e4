#include "bench.h"

MAP(lengths);

SEC("xdp") int length_classes(struct xdp_md *ctx)
{
	u64 n = (u64)ctx->data_end - ctx->data;

	n /= 100;
	ADD_AT(lengths, n < 15 ? n : 15, 1, 0);
	return XDP_PASS;
}
