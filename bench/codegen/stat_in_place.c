#include "bench.h"

MAP(stats);

struct stat { u64 count, last_ns, largest; };

SEC("tracepoint") int stat_in_place(struct enter *ctx)
{
	u32 pid = pid_tgid() >> 32;
	struct stat *stat = map_lookup(&stats, &pid);

	if (!stat) {
		struct stat new = {1, ktime(), ctx->args[1]};

		SET(stats, &pid, &new, 0);
		return 0;
	}
	__sync_fetch_and_add(&stat->count, 1);
	stat->last_ns = ktime();
	if (ctx->args[1] > stat->largest)
		stat->largest = ctx->args[1];
	return 0;
}
