"""What the compiler refuses to do with maps. Read by tests/unit/pyfront/test_pyfront_refusals.py; see refusals.py."""

import ebee
from ebee import (
    Array, BloomFilter, Hash, LpmTrie, PerCpuHash, Queue, Stack, Str, Struct, s64, u16, u32, u64,
)  # fmt: skip


class Point(Struct):
    x: u32
    y: s64
    small: u16
    name: str = Str(8)


class Pair(Struct):
    point: Point
    n: u32


counts = Hash(u32, u64)
points = Hash(u32, Point)
pairs = Hash(u32, Pair)
by_point = Hash(Point, u64)
percpu = PerCpuHash(u32, u64)
percpu_small = PerCpuHash(u32, u16)
routes = LpmTrie(u32, u64)
queue = Queue(u32, max_entries=4)
point_queue = Queue(Point, max_entries=4)
stack = Stack(u64, max_entries=4)
bloom = BloomFilter(u32, max_entries=4)
slots = Array(u64, max_entries=4)
names = Hash(u32, Str(8))


@ebee.tracepoint("syscalls:sys_enter_openat")
def queues(ctx):
    a = queue.pop()  # error: pop() needs a default in a probe, for when queue is empty | queue.pop(0)
    b = queue.peek()  # error: peek() needs a default in a probe, for when queue is empty | queue.peek(0)
    c = queue.pop(-1)  # a default of another sign is fine where both fit
    d = stack.pop(-1)  # error: this mixes signed and unsigned: u64 and a number from -1 to -1 | say which is meant with a cast: u64(x) or s64(x)
    e = point_queue.pop(0)  # error: the default for point_queue (Point) takes a Point, not 0
    queue.push()  # error: push() takes 1 arguments, not 0
    queue.push(1 << 32)  # error: 4294967296 does not fit in a value of queue (u32)
    queue.push("a")  # error: an integer is needed here, not 'a'
    queue.push(1, overwrite=2)  # error: overwrite= must be True or False
    queue.push(1, flags=2)  # error: push() takes positional arguments only in a probe
    point_queue.push(1)  # error: a value of point_queue (Point) takes a Point, not 1
    queue.add(1)  # error: queue is a Queue, which has no method add() | …
    queue[1] = 2  # error: the map queue cannot be indexed in a probe | only keyed maps can
    f = 1 in queue  # error: `in` works on keyed maps and constant sequences, not on the map queue
    counts.push(1)  # error: counts is a Hash, which has no method push() | …
    bloom.add("a")  # error: an integer is needed here, not 'a'
    g = bloom[1]  # error: the map bloom cannot be indexed in a probe | only keyed maps can
    h = "a" in bloom  # error: an integer is needed here, not 'a'
    queue.pop(0)
    queue.peek(0)  # error: this statement has no effect: it only computes u32 | its result is not used


@ebee.tracepoint("syscalls:sys_enter_openat")
def keyed(ctx):
    routes[1] += 1  # error: += on routes would add to the entry of a shorter prefix, or make one for this address alone | take Struct values: v = routes.lookup(k), then v.field += n
    a = routes["10.0.0.0"]  # error: an integer is needed here, not '10.0.0.0'
    b = routes[-1]  # error: -1 does not fit in a key of routes (prefix of u32)
    percpu_small[1] += 1  # error: percpu_small[…] cannot be changed atomically: u16 has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    c = percpu.sum(1)  # error: the method sum() of a map cannot be called here | …
    points[1].x = 1  # error: a Point record has no fields that can be assigned | this would change a copy: v = m.lookup(k), then v.field
    points[1].x += 1  # error: a Point record has no fields that can be assigned | this would change a copy: v = m.lookup(k), then v.field
    d = points[1] + 1  # error: an integer is needed here, not a Point record
    e = points.get(1, 0)  # error: the default for points (Point) takes a Point, not 0
    f = names.lookup(1)  # error: names.lookup(1) is for maps whose values are integers or Structs | use m[k] or k in m
    g = points.pop(1, 0)  # error: the default for points (Point) takes a Point, not 0
    g = points.pop(1, None)  # error: a copy of what is in points cannot be None | give one that says so, Point(…); or ask first: k in points
    s = points[1]
    g = points.get(2, s)  # error: the default is a Point record, of which this may be a second name | make it there: …
    g = points.pop(2, points.lookup(1))  # error: the default is an entry of points, or None, of which this may be a second name | make it there: …
    g = names.get(1)  # error: names.get() without a default is for maps whose values are integers | use v = m.lookup(k)
    h = counts.pop(1)  # error: pop() needs a default in a probe, for a key that counts does not have | counts.pop(k, 0), counts.pop(k, None)
    i = slots.pop(1, 0)  # error: slots is a Array, which has no method pop() | …
    j = routes.pop(1, 0)  # error: routes.pop() would find the entry of a shorter prefix | use n = m[k], then del m[k]
    k = routes.setdefault(1, 0)  # error: routes.setdefault() would find the entry of a shorter prefix | routes.insert(k, v)
    m = counts.lookup_cpu(1, 0)  # error: counts is a Hash, which has no method lookup_cpu() | …
    n = percpu.lookup_cpu(1, -1)  # error: -1 does not fit in the number of a CPU
    counts.insert(1, "a")  # error: an integer is needed here, not 'a'
    counts.get(1)  # error: this statement has no effect: it only computes u64, or None | its result is not used
    points[1] += 1  # error: points[…] cannot be changed atomically: Point has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it


@ebee.tracepoint("syscalls:sys_enter_openat")
def perhaps(ctx):
    n = counts.get(1)
    a = n if ctx.flags else 3  # error: this may be None here, and a number on another way | test it first: if n is not None
    b = n and 3  # error: this may be None here, and a number on another way | test it first: if n is not None
    c = 3 if ctx.flags else 0 or n  # error: this may be None here, and a number on another way | test it first: if n is not None
    if n == counts.get(2):  # error: two numbers that may both be None are compared | test them first: if n is not None
        pass
    print(n)  # error: u64, or None has no text in a probe | test it first: if n is not None
    d = f"{n}"  # error: u64, or None has no text in a probe | test it first: if n is not None
    if n is not None:
        n.size()  # error: u64 has no attribute 'size' in a probe
    e = ebee.log2(-ctx.flags)  # error: log2() takes an unsigned number, not … | cast it: ebee.log2(u64(x))
    if n is not None:
        return n
    return n  # error: this may be None here, and a number on another way | test it first: if n is not None


@ebee.tracepoint("syscalls:sys_enter_openat")
def structs(ctx):
    a = Point(1, 2)  # error: Point() takes its fields by name | Point(x=…)
    b = Point(z=1)  # error: Point has no field 'z'
    c = Point(x=-1)  # error: -1 does not fit in Point.x (u32)
    d = Point(name="eight ch")  # error: 'eight ch' does not fit in Str(8): 8 bytes and the terminator
    e = Pair(point=3)  # error: Pair.point (Point) takes a Point, not 3
    counts[1] = Point()  # error: an integer is needed here, not a Point record
    points[1] = 5  # error: a value of points (Point) takes a Point, not 5
    points[1] = Pair()  # error: a value of points (Point) takes a Point, not a Pair record
    by_point[1] = 2  # error: a key of by_point (Point) takes a Point, not 1
    p = Point(x=1)
    q = p  # error: a Point record cannot get a second name
    p.z = 1  # error: Point has no field 'z'
    if p == 1:  # error: a Point record is compared with 1 | compare the fields
        pass
    p = Point(x=2)  # error: p is a Point record and cannot be assigned to


@ebee.tracepoint("syscalls:sys_enter_openat")
def entries(ctx):
    v = points.lookup(1)
    v.z += 1  # error: Point has no field 'z'
    v.small += 1  # error: Point.small (u16) cannot be changed atomically: u16 has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    v.x *= 2  # error: Point.x (u32) cannot be changed atomically by *= | read it, compute, and assign it
    v.name += 1  # error: Point.name (Str(8)) cannot be changed atomically: Str(8) has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    v.x = -1  # error: -1 does not fit in Point.x (u32)
    a = v + 1  # error: an integer is needed here, not an entry of points, or None
    if v is counts:  # error: `is` is not supported in a probe, but for `is None` | compare numbers with ==
        pass
    w = points.lookup(2)
    if w is None:
        points[2] = Point(x=1)
        return 1
    b = w.x
    del points[3]
    w.x = b  # error: w may be gone: points was written to after points.lookup(2) | look it up again
    u = points.lookup(4)
    if b > 1:
        points[2] = Point(x=1)
    u.x = b  # error: u may be gone: points was written to after points.lookup(4) | look it up again
    for i in range(3):
        v = points.lookup(i)
    return v.x  # error: v may be gone: points was written to after points.lookup(1) | look it up again


def drop(k):
    del points[k]
    return 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def entries_and_calls(ctx):
    v = points.lookup(1)
    drop(1)
    v.x = 1  # error: v may be gone: points was written to after points.lookup(1) | look it up again
    w = points.lookup(2)
    if ctx.flags and drop(2):
        pass
    w.x = 1  # error: w may be gone: points was written to after points.lookup(2) | look it up again
    u = points.lookup(3)
    for i in range(3):
        u.x = i  # error: u may be gone: points was written to after points.lookup(3) | look it up again
        del points[3]
    t = points.lookup(4)
    while ctx.flags and drop(4):
        t.x = 1  # error: t may be gone: points was written to after points.lookup(4) | look it up again
    if ctx.flags:
        s = points.lookup(5)
    else:
        s = Point(x=1)
    s.x = 1  # error: s is of different kinds on the ways that lead here


@ebee.tracepoint("syscalls:sys_enter_openat")
def going_over(ctx):
    for k in routes:  # error: the entries of routes, a LpmTrie, cannot be gone over in a probe | those of hash maps and arrays can
        pass
    for q in queue:  # error: a probe cannot iterate over the map queue | iterate over range(…), a map or a constant tuple
        pass
    x = counts.items()  # error: counts.items() cannot get a name | write it in the `for` statement
    n = len(counts)  # error: how many entries counts has is not known in a probe | count them: for k in counts: n += 1
    for k, v in counts:  # error: u32 cannot be taken apart into 2 values
        pass
    for k, v in points.items(1):  # error: items() takes 0 arguments, not 1
        pass
    for k, v in points.items():
        points[k] = Point(x=v.x)
        v.x = 1  # error: v may be gone: points was written to after points.items() | look it up again
    n = 1
    for k in counts:  # error: n is an integer before the loop and none after an iteration
        n = "text"


@ebee.tracepoint("syscalls:sys_enter_openat")
def returned(ctx):
    p = first()
    n = either()

def first():
    for p in points.values():
        return p  # error: from inside this loop numbers can be returned, not a Point record | assign it to a name and `break`

def either():
    for k in counts:
        if k == 3:
            return k
        return  # error: this loop returns a number on one way and None on another
