#include "bench.h"

MAP(sizes);

SEC("tracepoint") int histogram_log2(struct enter *ctx)
{
	u64 n = ctx->args[1];
	u32 bucket = 0;

	if (n >= 1ull << 32)
		bucket += 32, n >>= 32;
	if (n >= 1 << 16)
		bucket += 16, n >>= 16;
	if (n >= 1 << 8)
		bucket += 8, n >>= 8;
	if (n >= 1 << 4)
		bucket += 4, n >>= 4;
	if (n >= 1 << 2)
		bucket += 2, n >>= 2;
	if (n >= 1 << 1)
		bucket += 1;
	ADD_AT(sizes, bucket, 1, 0);
	return 0;
}
