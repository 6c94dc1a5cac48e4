"""What strings in a probe refuse. Read by tests/unit/pyfront/test_pyfront_refusals.py."""

import ebee
from ebee import Bytes, Hash, RingBuf, Str, Struct, s32, u32, u64


class Rec(Struct):
    pid: u32
    short: str = Str(8)


counts = Hash(u32, u64)
ring = RingBuf(Rec)
UNKNOWN = "a\0b"


@ebee.tracepoint("syscalls:sys_enter_openat")
def strings(ctx):
    s = ebee.user_str(ctx.filename, 100)
    comm = ebee.comm()
    n = ebee.uid()
    x = s.upper()  # error: the method upper() of strings is not supported in a probe | there are startswith, endswith, find, in, ==, <, len(), [i] and [a:b]
    x = s.startswith(comm)  # error: startswith() takes a constant string in a probe, not a string
    x = s.endswith((1, "a"))  # error: endswith() takes a constant string in a probe, not 1
    x = s.find("a", 2)  # error: find() takes 1 arguments, not 2
    x = comm == b"ls"  # error: a string is compared with b'ls'
    x = comm < n  # error: a string is compared with u32
    x = n in comm  # error: `in` a string looks for a string, not u32
    x = s in ebee.user_str(ctx.filename, 100)  # error: a string of 99 bytes is searched for in one of 99: too many comparisons | make them shorter: s[:32]
    x = s[n:]  # error: the bounds of a slice must be constants
    x = s[2:-1]  # error: a slice may count from the end as s[-4:] only | s[a:b] with a and b from 0 on
    x = s[::2]  # error: a slice of a string takes every byte in a probe
    x = s[100]  # error: the index 100 is always out of range: the string has at most 99 bytes
    x = s[s32(n)]  # error: the index may be negative: it is s32 | cast it: u32(i)
    x = ord(s)  # error: ord() takes one character, not a string | index the string: ord(s[i])
    x = ord(s[:1])  # error: ord() takes one character, not a string | index the string: ord(s[i])
    x = comm < UNKNOWN  # error: a string in a probe has no zero inside
    x = s or n  # error: this expression is a string on one way and a number on another
    x = s if n else n  # error: this expression is a string on one way and a number on another
    x = n if n else s  # error: this expression is a string on one way and a number on another
    x = ebee.user_str(ctx.filename) if n else "a"  # error: this is a string of unknown size | give it in bytes: ebee.user_str(address, 64)
    x = s + n  # error: a string and u32 cannot be added
    with ring.reserve() as e:
        e.short = s[:8]  # error: a string of 8 bytes does not fit in Rec.short (Str(8))
    match s:
        case 5:  # error: a case takes a string constant here, not 5
            pass
    for c in ebee.user_str(ctx.filename):  # error: the size of this string is not known | give it in bytes: ebee.user_str(address, 256)
        pass


@ebee.tracepoint("syscalls:sys_enter_openat")
def reads(ctx):
    n = ctx.dfd
    x = ebee.read_user(n, u32)  # error: read_user() takes an address, not s32
    x = ebee.read_user(ctx.filename, int)  # error: read_user(): int is not a type with a fixed size | …
    x = ebee.read_user(ctx.filename, Str(n))  # error: the size of a type must be a constant
    x = ebee.read_user(ctx.filename, Str(0))  # error: Str() takes a size in bytes from 1 to 1048576, not 0
    x = ebee.read_user(ctx.filename)  # error: read_user() takes 2 to 3 arguments, not 1
    x = ebee.read_user(ctx.filename, Bytes(8), n)  # error: the size of read_user() is s32 | bound it from 0 to 8: min(u32(n), 8)
    x = ebee.read_user(ctx.filename, u32, 2)  # error: a u32 is read whole | give the size with Bytes, List or Str
    x = ebee.user_str(ctx.filename, u32(n))  # error: the size of user_str() is u32 | bound it from 0 to 4096: min(u32(n), 4096)
    x = ebee.user_str(ctx.filename, "a")  # error: the size of user_str() is a number of bytes
