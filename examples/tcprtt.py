"""How long do packets of TCP connections take there and back? A histogram of smoothed round-trip times.

    sudo ebee run examples/tcprtt.py -c 'curl -s http://localhost:8000/'
"""

import ebee
from ebee import Array, u64

times = Array(u64, max_entries=32)  # by powers of two of microseconds


@ebee.tracepoint("tcp:tcp_probe")
def on_data(ctx):  # data arrived for a connection
    us = ctx.srtt  # in microseconds
    power = 0
    while us > 1 and power < 31:
        us = us // 2
        power += 1
    times[power] += 1


with ebee.attach(on_data) as attachment:
    attachment.wait()

most = max(times.values())
for power, n in times.items():
    if n:
        print(f"{1 << power:>8} .. {(2 << power) - 1:<8} us {n:>8} {'#' * max(1, n * 40 // most)}")
