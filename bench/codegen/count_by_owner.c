#include "bench.h"

MAP(owners);

SEC("tracepoint") int count_by_owner(struct enter *ctx)
{
	struct { u32 pid, uid; } key = {pid_tgid() >> 32, uid_gid()};

	ADD(owners, &key, 1, 0);
	return 0;
}
