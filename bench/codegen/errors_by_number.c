#include "bench.h"

MAP(errors);

SEC("tracepoint") int errors_by_number(struct leave *ctx)
{
	if (ctx->ret < 0) {
		u32 number = -ctx->ret;

		ADD(errors, &number, 1, 0);
	}
	return 0;
}
