"""Lets each sender have so many bytes in a second on an interface, and drops the rest: a token bucket for each.

    sudo ebee run examples/ratelimit.py -- eth0 1000000            # bytes in a second; IPv4
    sudo ebee run examples/ratelimit.py -- eth0 1000000 20000      # and how many at once

Runs until Ctrl-C; with -c COMMAND, until the command ends. Several CPUs may look into one bucket: its lock lets them do
so one after the other.
"""

import sys

import ebee
from ebee import Hash, SpinLock, Struct, u32, u64

SECOND_NS = 1_000_000_000

RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
BURST = int(sys.argv[3]) if len(sys.argv) > 3 else RATE


class Bucket(Struct):
    lock: SpinLock
    tokens: u64  # bytes that may still come
    filled_ns: u64
    passed: u64
    dropped: u64


buckets = Hash(u32, Bucket)  # by IPv4 address


@ebee.tc("ingress")
def limit(pkt):
    if not pkt.ip:
        return ebee.TC_ACT_OK
    now, size, passes = ebee.ktime(), len(pkt), False
    bucket = buckets.setdefault(pkt.ip.src, Bucket(tokens=BURST, filled_ns=now))
    if not bucket:
        return ebee.TC_ACT_OK  # there are too many senders
    with bucket.lock:
        if now > bucket.filled_ns:
            since_ns = min(now - bucket.filled_ns, SECOND_NS)
            bucket.tokens = min(BURST, bucket.tokens + since_ns * RATE // SECOND_NS)
            bucket.filled_ns = now
        if bucket.tokens >= size:
            bucket.tokens -= size
            bucket.passed += 1
            passes = True
        else:
            bucket.dropped += 1
    return ebee.TC_ACT_OK if passes else ebee.TC_ACT_SHOT


if len(sys.argv) < 3:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE BYTES_IN_A_SECOND [BYTES_AT_ONCE]")
with ebee.attach(limit, interface=sys.argv[1]) as attachment:
    attachment.wait()

for address, bucket in sorted(buckets.items()):
    print(f"{'.'.join(map(str, address.to_bytes(4, 'big'))):<16} {bucket.passed:>8} passed {bucket.dropped:>8} dropped")
