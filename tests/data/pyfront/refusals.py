"""What the compiler refuses. Each expected error stands beside the line that raises it: `# error: message | hint`.

A trailing `…` stands for any rest. This file is read by tests/unit/pyfront/test_pyfront_refusals.py.
"""

import ebee
from ebee import Array, Hash, RingBuf, Str, Struct, s64, u16, u32, u64


class Rec(Struct):
    pid: u32
    small: u16
    big: s64
    comm: str = Str(16)
    short: str = Str(8)
    path: str = Str(64)


ring = RingBuf(Rec)
counts = Hash(u32, u64)
tiny = Hash(u32, u16)
names = Hash(Str(16), u64)
slots = Array(u64, max_entries=4)
LIMIT = 5
WORDS = ("a", "b")
TABLE = {1: 10, 2: 20}
RATIO = 0.5


@ebee.tracepoint("syscalls:sys_enter_opena")  # error: there is no tracepoint 'syscalls:sys_enter_opena' | did you mean …
def unknown_event(ctx):
    pass


@ebee.tracepoint("syscalls:sys_enter_openat")
def no_argument():  # error: a tracepoint probe takes one argument, the context; no_argument takes others | write `def no_argument(ctx):`
    pass


@ebee.tracepoint("syscalls:sys_enter_openat")
async def coroutine(ctx):  # error: a probe cannot be async
    pass


@ebee.tracepoint("syscalls:sys_enter_openat")
def fields(ctx):
    a = ctx.filenam  # error: syscalls:sys_enter_openat has no field 'filenam' | did you mean filename?
    b = a + 1
    counts[b] = 1
    with ring.reserve() as e:
        e.pidd = 1  # error: Rec has no field 'pidd' | did you mean pid?
        e.small = 65536  # error: 65536 does not fit in Rec.small (u16)
        e.pid = -1  # error: -1 does not fit in Rec.pid (u32)
        e.pid = ctx.dfd  # error: s32 is assigned to Rec.pid (u32): signed and unsigned are mixed | cast it to the field's type
        e.short = ebee.comm()  # error: the name of a task takes 16 bytes, not 8 | declare it as Str(16)
        e.comm = 5  # error: Rec.comm (Str(16)) takes a string, not 5
        e.comm = "sixteen letters!"  # error: 'sixteen letters!' does not fit in Str(16): 16 bytes and the terminator
        e.pid = "text"  # error: an integer is needed here, not 'text'
        x = e  # error: a Rec record cannot get a second name
    e.pid = 3  # error: e was submitted at the end of its `with`


@ebee.tracepoint("syscalls:sys_enter_openat")
def arithmetic(ctx):
    big = ebee.ktime()
    signed = s64(ctx.dfd)
    a = big + signed  # error: an addition mixes signed and unsigned: u64 and s32 | say which is meant with a cast: u64(x) or s64(x)
    if big < signed:  # error: a comparison mixes signed and unsigned: u64 and s32 | say which is meant with a cast: u64(x) or s64(x)
        pass
    if big - counts[1] < 0:  # error: the difference of two unsigned numbers wraps and is never negative | compare the numbers themselves: a < b; or cast: s64(a - b); …
        pass
    c = big / 2  # error: this operator (Div) is not supported in a probe | use // for integers
    d = big * 0.5  # error: there are no floating-point numbers in a probe | count in smaller units, as integers
    f = big * RATIO  # error: an integer is needed here, not 0.5
    g = big // 0  # error: this always divides by zero
    h = big << 64  # error: this always shifts by a number from 64 to 64 | a shift takes 0 to 63
    i = 1 << 100  # error: a shift by 100 does not fit in 64 bits
    j = 1 // 0  # error: integer division or modulo by zero
    k = big + "a"  # error: an integer is needed here, not 'a'
    ebee.uid()  # error: this statement has no effect: it only computes u32 | its result is not used


@ebee.tracepoint("syscalls:sys_enter_openat")
def names_and_calls(ctx):
    a = undefined_name  # error: name 'undefined_name' is not defined
    b = ebee.pidd()  # error: ebee has no attribute 'pidd' | did you mean …
    c = len(LIMIT)  # error: the length of 5 is not known in a probe
    c = sorted((1, ctx.dfd))  # error: sorted() takes constants in a probe, not several values
    input("hello")  # error: input cannot be called in a probe | …
    d = counts.get()  # error: get() takes 1 to 2 arguments, not 0
    d = counts.clear()  # error: the method clear() of a map cannot be called here | …
    f = ebee.pid(1)  # error: pid() takes 0 arguments, not 1
    g = ebee.user_str(ebee.uid())  # error: user_str() takes an address, not u32
    h = ebee.user_str(ctx.filename)  # error: the size of this string is not known | give it in bytes: ebee.user_str(address, 256)
    i = u32(1, 2)  # error: u32() takes 1 arguments, not 2
    j = LIMIT()  # error: 5 cannot be called in a probe | …
    k = ctx  # error: the probe's context cannot get a second name
    m = {LIMIT: ctx.dfd}  # error: a dict in a probe is a constant | declare a map at module level: Hash(u32, u64)
    n = (x for x in (1, 2))  # error: this kind of expression (GeneratorExp) is not supported in a probe | it stands in sum(), any(), all(), min(), max(), tuple() or list()


@ebee.tracepoint("syscalls:sys_enter_openat")
def statements(ctx):
    for x in ebee.ktime():  # error: a probe cannot iterate over u64 | iterate over range(…), a map or a constant tuple
        pass
    for x in range(1, 5, ctx.dfd):  # error: the step of range() must be a constant other than 0
        pass
    for x in range(0, ebee.ktime(), 2):  # error: this range() may count beyond 64 bits | bound it: range(min(n, 1000))
        pass
    for x, y in ((1, 2), (3, 4, 5)):  # error: 3 values are assigned to 2 names
        pass
    import os  # error: a probe cannot import | import at the top of the file
    global LIMIT  # error: a probe cannot assign to global names | keep state in a map: Hash(u32, u64)
    a, b = 1, 2, 3  # error: 3 values are assigned to 2 names
    a, b = LIMIT  # error: 5 cannot be taken apart into 2 values
    raise ValueError  # error: a probe has no exceptions | use `return`
    with open("x") as f:  # error: open cannot be called in a probe | …
        pass
    with counts.reserve() as r:  # error: the map counts has no reserve() | …
        pass
    del a  # error: a is not assigned on every way that leads here | assign it before
    x: float = 1  # error: a local name can be annotated with u8 … u64 or s8 … s64 only
    y: u32  # error: y is declared without a value | assign it at once


@ebee.tracepoint("syscalls:sys_enter_openat")
def flow(ctx):
    if ctx.flags > 3:
        a = 1
        s = ebee.comm()
        n = ebee.ktime()
    else:
        n = ctx.dfd
        s = 7
    counts[a] += 1  # error: a is not assigned on every way that leads here | assign it before the `if`
    counts[s] += 1  # error: s is of different kinds on the ways that lead here
    counts[n] += 1  # error: n is signed on one way that leads here and unsigned on another | cast it on one of them


@ebee.tracepoint("syscalls:sys_enter_openat")
def maps(ctx):
    counts["a"] += 1  # error: an integer is needed here, not 'a'
    tiny[1] += 1  # error: tiny[…] cannot be changed atomically: u16 has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    counts[1] *= 2  # error: counts[…] cannot be changed atomically by *= | read it, compute, and assign it
    names[5] += 1  # error: a key of names (Str(16)) takes a string, not 5
    names[ebee.user_str(ctx.filename, 32)] += 1  # error: a string of 32 bytes does not fit in a key of names (Str(16))
    ring[1] = 2  # error: the map ring cannot be indexed in a probe | only keyed maps can
    if 1 in LIMIT:  # error: `in` works on keyed maps and constant sequences, not on 5
        pass
    if ebee.comm() == 5:  # error: a string is compared with 5
        pass
    if ctx.dfd is LIMIT:  # error: `is` is not supported in a probe, but for `is None` | compare numbers with ==
        pass
    counts[-1] += 1  # error: -1 does not fit in a key of counts (u32)
    b = 1 and "2"  # error: this expression is a string on one way and a number on another
    c = LIMIT ** ebee.pid()  # error: this operator (Pow) is not supported with such an exponent | the exponent must be a constant from 0 to 64
    if ebee.pid() and (d := ebee.tid()):
        pass
    counts[d] = 1  # error: d is not assigned on every way that leads here | assign it before the `if`
    counts[1] = ebee.ktime() if LIMIT else "s"
    counts[2] = ebee.ktime() if ebee.pid() else "s"  # error: this expression is a string on one way and a number on another


def two(a, b=2, *, c=3):
    return a + b + c


def keywords(**named):
    return len(named)


@ebee.tracepoint("syscalls:sys_enter_openat")
def sequences(ctx):
    n = u32(ctx.dfd)
    a = zip(WORDS, WORDS)  # error: zip() is gone over once and cannot get a name | write it where it is used, or tuple(zip(…))
    b = [x for x in range(n)]  # error: here range() takes constants | a `for` statement takes range() with any integers
    c = [x for x in (1, 2) if x > n]  # error: which elements there are is not known when the probe is compiled | write a loop
    d = [x for x in n]  # error: a comprehension cannot go over u32 | they take constants, tuples, lists and fields of a fixed length; otherwise write a loop
    f = ff = [n, 1]
    ff += [2]  # error: += would change a list, dict or set that may have other names | write x = x + …
    f[0] = 5  # error: several values has no items that can be assigned
    f.append(4)  # error: several values has no attribute 'append' in a probe
    g = f[5]  # error: f has 2 elements: there is no [5]
    h = (n, 1) < (1, 2)  # error: several values are compared with tuple | compare them one by one
    i = (n, 1) + [1]  # error: the operator + is not supported between several values and list
    j, k, l = f  # error: 2 values are assigned to 3 names
    j, *k, l, m = (1,)  # error: 1 values are assigned to 4 names
    o = {"a": 1}[n]  # error: {"a": 1} has no key that this can be
    p = {1: "x", 2: 5}[n]  # error: this expression is a string on one way and 5 on another
    q = {RATIO: 1}[n]  # error: {RATIO: 1} has no key that this can be
    s = (0,) * 5000  # error: a constant of 5000 items is too long for a probe
    t = (n,) * 100  # error: 100 values are too many for a probe
    u = WORDS.split()  # error: tuple has no attribute 'split' in a probe
    v = "a,b".split(0)  # error: must be str or None, not int
    w = sum(WORDS)  # error: unsupported operand type(s) for +: 'int' and 'str'
    x = round(n)  # error: round() takes constants in a probe, not u32
    y = max(())  # error: max() of nothing
    z = reversed({1, 2})  # error: reversed() does not take set in a probe
    aa = reversed(zip(WORDS))  # error: reversed() does not take zip() of tuple in a probe
    ab = {1: 2}.update({3: 4})  # error: dict has no attribute 'update' in a probe
    ac = TABLE[n].x  # error: a number from 10 to 20 has no attribute 'x' in a probe
    ad = [(y := x) for x in (1, 2)]  # error: an assignment in a comprehension has no place in a probe | write a loop
    ae = any(x for x in ebee.comm())  # error: a comprehension cannot go over a string | …


@ebee.tracepoint("syscalls:sys_enter_openat")
def calls(ctx):
    x = two()  # error: two() misses the argument 'a'
    x = two(1, 2, 3)  # error: two() takes 2 positional arguments, not 3
    x = two(1, d=2)  # error: two() has no argument 'd'
    x = two(1, a=2)  # error: two() gets the argument 'a' twice
    x = two(*(1, 2, 3))  # error: two() takes 2 positional arguments, not 3
    x = two(*ebee.uid())  # error: how many values u32 has is not known
    x = two(1, **{2: 3})  # error: ** takes a constant dict with names as keys in a probe, not dict
    x = keywords(a=ebee.pid())  # error: **named of keywords() takes constants in a probe | name the arguments
    match ebee.pid():
        case "a":  # error: a case takes an integer constant, not 'a'
            pass


@ebee.tracepoint("syscalls:sys_enter_openat")
def kinds_in_loops(ctx):
    s = "text"
    n = 1
    for i in range(3):
        counts[s] += 1  # error: s changes in the loop, and is no integer, string or bytes | use another name
        s = 5


def middle(a):
    return halved(a)


@ebee.tracepoint("syscalls:sys_enter_openat")
def called_from(ctx):
    middle(ebee.pid())

def halved(a):
    return a / 2  # error: this operator (Div) is not supported in a probe | use // for integers


@ebee.tracepoint("syscalls:sys_enter_openat")
def local_names(ctx):
    counts[0] = LIMIT  # error: LIMIT is not assigned on every way that leads here | assign it before
    for i in range(3):
        LIMIT = i
    for k in counts:
        seen = k
    counts[1] = seen  # error: seen is not assigned on every way that leads here | assign it before


@ebee.kprobe("vfs_read")
def names_without_btf(file):  # error: a kprobe on vfs_read has no argument 'file' | names come from BTF, of the running kernel with --target kernel; ctx.args[0] is the first
    pass


@ebee.raw_tracepoint("sched_switch")
def positions_without_btf(ctx):
    x = ctx.prev  # error: a raw tracepoint probe on sched_switch has no argument 'prev' | names come from BTF, of the running kernel with --target kernel; ctx.args[0] is the first


tripled, quartered = lambda n: 3 * n, lambda n: n // 4


@ebee.tracepoint("syscalls:sys_enter_openat")
def lambdas(ctx):
    counts[0] = tripled(5)
    counts[1] = applied(lambda n: n + ctx.dfd, 5)  # error: a lambda in a probe sees constants only, and ctx is not one | give it as an argument
    counts[2] = odd(5)

def applied(f, n):
    return f(n)

def odd(n):
    return even(n - 1)

def even(n):
    return odd(n - 1)  # error: odd() calls itself, and a probe has no recursion | write a loop
