"""What print() and f-strings in a probe refuse. Read by tests/unit/pyfront/test_pyfront_refusals.py."""

import sys

import ebee
from ebee import Bytes, Hash, RingBuf, Struct, u32, u64


class Rec(Struct):
    pid: u32


counts = Hash(u32, u64)
ring = RingBuf(Rec)
streams = [sys.stdout]


@ebee.tracepoint("syscalls:sys_enter_openat")
def printing(ctx):
    n = ctx.dfd
    print(ctx.filename)  # error: this is the address of a string | the string: ebee.user_str(address); the address: f'{address:#x}'
    print(counts)  # error: the map counts has no text in a probe
    print(1, sep=n)  # error: sep= of print() takes a constant string in a probe
    print(1, file=5)  # error: file= of print() takes sys.stdout or sys.stderr in a probe
    print(1, flush=n)  # error: flush= of print() takes True or False in a probe
    print(1, colour=n)  # error: print() has no argument 'colour'
    print(*streams)  # error: … has no text in a probe
    print(f"{n:s}")  # error: Unknown format code 's' for object of type 'int'
    print(f"{ebee.comm():d}")  # error: Unknown format code 'd' for object of type 'str'
    print(f"{n:{n}}")  # error: a format specification must be known when the probe is compiled
    print(f"{n:c}")  # error: s32 need not be a character | cast it: u8(x)
    print(f"{n:99999}")  # error: the text would be 99999 characters long
    print(n > 3 and n)  # error: this is True or False, or a member of an enum, on one way and a number on another | say which: int(x) or bool(x)
    print(f"{(n, n)!r:>9}")  # error: a tuple or list cannot be formatted in a probe | format its values
    print(*ctx.dfd)  # error: how many values s32 has is not known
    print(zip((1, 2), (n, n)))  # error: zip() of tuple, several values has no text in a probe | …
    print(f"{f'{n}':>5}")  # error: an f-string inside another one cannot be formatted again | format its parts
    x = True
    for i in range(3):
        if i == n:
            x = 5
    print(x)  # error: this is True or False, or a member of an enum, on one way and a number on another | say which: int(x) or bool(x)


@ebee.tracepoint("syscalls:sys_enter_openat")
def keeping(ctx):
    n = ctx.dfd
    comm = ebee.comm()
    x = f"{comm:<16}"  # error: a string that is kept cannot be formatted with :<16 | print() can: the text is made in user space there
    x = f"{comm!r}"  # error: a string that is kept cannot be formatted with !r | print() can: the text is made in user space there
    x = f"{n:b}"  # error: the format :b is not for a text that is kept | kept: d, x, X with < or > and a width, or 0 and a width; print() has them all
    x = f"{n:x}"  # error: the format :x is not for a text that is kept | …
    x = f"{n:,}"  # error: the format :, is not for a text that is kept | …
    x = f"{n > 3}"  # error: True or False is not for a text that is kept | write int(x)
    x = f"{ebee.user_str(ctx.filename)}"  # error: the size of this string is not known | give it in bytes: ebee.user_str(address, 256)
    x = f"{ebee.read_user(ctx.filename, Bytes(4))}"  # error: bytes have no text that a probe could keep | print() shows them
    print(f"{ebee.read_user(ctx.filename, Bytes(4)):5}")  # error: unsupported format string passed to bytes.__format__
    x = f"{n} {n} {n} {n} {n} {n} {n} {n} {n} {n} {n} {n} {n}"  # error: a text is put together from at most 12 values in a probe, not 13
