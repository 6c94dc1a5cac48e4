#include "bench.h"

MAP(started);

SEC("tracepoint") int latency_enter(struct enter *ctx)
{
	u32 tid = pid_tgid();
	u64 now = ktime();

	SET(started, &tid, &now, 0);
	return 0;
}
