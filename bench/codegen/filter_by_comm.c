#include "bench.h"

MAP(total);

SEC("tracepoint") int filter_by_comm(struct enter *ctx)
{
	union { char text[16]; u64 words[2]; u32 half; } name;

	comm(name.text, sizeof name.text);
	if (name.half == 0x68736162 && !name.text[4]) /* bash */
		ADD_AT(total, 0, 1, 0);
	return 0;
}
