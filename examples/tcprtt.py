"""How long do packets of TCP connections take there and back? A histogram of smoothed round-trip times.

    sudo ebee run examples/tcprtt.py -c 'curl -s http://localhost:8000/'
"""

import ebee
from ebee import Array, u64

times = Array(u64, max_entries=32)  # by powers of two of microseconds


@ebee.tracepoint("tcp:tcp_probe")
def on_data(ctx):  # data arrived for a connection
    times[min(ebee.log2(ctx.srtt), 31)] += 1  # srtt: microseconds


with ebee.attach(on_data) as attachment:
    attachment.wait()
ebee.print_histogram(times, unit="us")
