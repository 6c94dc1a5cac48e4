#include "bench.h"

MAP(total);

SEC("tracepoint") int results(struct leave *ctx)
{
	if (ctx->ret >= 0)
		ADD_AT(total, 0, 1, 0);
	else if (ctx->ret == -2)
		ADD_AT(total, 1, 1, 1);
	else
		ADD_AT(total, 2, 1, 2);
	return 0;
}
