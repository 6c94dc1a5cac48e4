#include "bench.h"

MAP(counts);

SEC("tracepoint") int count_by_pid(struct enter *ctx)
{
	u32 pid = pid_tgid() >> 32;

	ADD(counts, &pid, 1, 0);
	return 0;
}
