#include "bench.h"

MAP(exits);

struct exit { u64 ts_ns; s64 ret; u32 pid, tid; char comm[16]; };

SEC("tracepoint") int exit_record(struct leave *ctx)
{
	struct exit *e = reserve(&exits, sizeof *e, 0);

	if (!e) {
		LOSE(0);
		return 0;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->ts_ns = ktime();
	e->ret = ctx->ret;
	e->pid = pid_tgid() >> 32;
	e->tid = pid_tgid();
	comm(e->comm, sizeof e->comm);
	submit(e, 0);
	return 0;
}
