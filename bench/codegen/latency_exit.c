#include "bench.h"

MAP(started);
MAP(total_ns);

SEC("tracepoint") int latency_exit(struct leave *ctx)
{
	u32 tid = pid_tgid();
	u64 *start = map_lookup(&started, &tid);

	if (start && *start) {
		u64 began = *start;
		u32 pid = pid_tgid() >> 32;
		u64 delta = ktime() - began;

		ADD(total_ns, &pid, delta, 0);
		map_delete(&started, &tid);
	}
	return 0;
}
