#include "bench.h"

MAP(counts);

SEC("tracepoint") int pages_by_pid(struct enter *ctx)
{
	u64 pages = (ctx->args[1] + 4095) >> 12;

	if (pages > 1) {
		u32 pid = pid_tgid() >> 32;

		ADD(counts, &pid, pages, 0);
	}
	return 0;
}
