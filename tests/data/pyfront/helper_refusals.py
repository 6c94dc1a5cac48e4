"""What the compiler refuses of calls of helpers by their names. Each expected error stands beside its line."""

import ebee
from ebee import Array, Bits, Bytes, Hash, Queue, RingBuf, Str, Struct, u8, u32, u64
from ebee.helpers import (
    bpf_get_current_cgroup_id,
    bpf_get_socket_cookie,
    bpf_get_stack,
    bpf_ktime_get_boot_ns,
    bpf_map_lookup_elem,
    bpf_map_lookup_percpu_elem,
    bpf_map_push_elem,
    bpf_map_update_elem,
    bpf_probe_read_user,
    bpf_ringbuf_output,
    bpf_ringbuf_reserve,
    bpf_skb_load_bytes,
    bpf_snprintf,
    bpf_strtol,
    bpf_tail_call,
    bpf_task_pt_regs,
    bpf_trace_printk,
)


class Event(Struct):
    data: bytes = Bytes(16)
    name: str = Str(8)
    low: u8 = Bits(u8, 3)
    small: u8
    n: u64


counts = Hash(u32, u64)
events = Hash(u32, Event)
slots = Array(u64, max_entries=4)
queue = Queue(u64, max_entries=4)
ring = RingBuf(Event)


@ebee.tracepoint("syscalls:sys_enter_openat")
def calls(ctx):
    a = bpf_map_lookup_elem(counts, 1)  # error: bpf_map_lookup_elem() cannot be called by its name | m[k], m.get(k, d), m.lookup(k) or k in m
    b = bpf_ringbuf_reserve(ring, 8, 0)  # error: bpf_ringbuf_reserve() cannot be called by its name | with ring.reserve() as record: record.field = …
    bpf_tail_call(ctx, counts, 0)  # error: bpf_tail_call() cannot be called by its name | programs.call(ctx, i), with a ProgArray
    bpf_ktime_get_boot_ns(1)  # error: bpf_ktime_get_boot_ns() takes 0 arguments, not 1
    bpf_ktime_get_boot_ns()  # error: this statement has no effect: it only computes u64 | its result is not used
    bpf_skb_load_bytes(ctx, 0, ring, 4)  # error: a tracepoint probe cannot call bpf_skb_load_bytes() | these have it: tc, netkit, cgroup_skb, …
    return bpf_get_current_cgroup_id  # error: an integer is needed here, not bpf_get_current_cgroup_id


@ebee.tracepoint("syscalls:sys_enter_openat")
def maps(ctx):
    bpf_map_update_elem(queue, 1, 2, 0)  # error: map of bpf_map_update_elem() takes a map with keys and values, and queue is a Queue
    bpf_map_update_elem(5, 1, 2, 0)  # error: map of bpf_map_update_elem() takes a map, not 5
    bpf_map_update_elem(counts, -1, 2, 0)  # error: -1 does not fit in a key of counts (u32)
    bpf_map_update_elem(counts, 1, "x", 0)  # error: an integer is needed here, not 'x'
    bpf_map_update_elem(counts, 1, 2, -1)  # error: -1 does not fit in flags of bpf_map_update_elem() (u64)
    bpf_map_push_elem(counts, 1, 0)  # error: map of bpf_map_push_elem() takes a map of type queue or stack or bloom_filter, and counts is a Hash
    v = bpf_map_lookup_percpu_elem(slots, 1, 0)  # error: map of bpf_map_lookup_percpu_elem() takes a map of type …


@ebee.tracepoint("syscalls:sys_enter_openat")
def memory(ctx):
    e = Event()
    n = ebee.ktime()
    bpf_probe_read_user(e.data, 17, ctx.filename)  # error: 17 is not the size of dst, which has 16 bytes
    bpf_probe_read_user(e.data, n, ctx.filename)  # error: u64 may be more or less than the size of dst, which has 16 bytes | bound it: min(n, 16)
    bpf_probe_read_user(e.low, 1, ctx.filename)  # error: Event.low is a bit field, which has no address
    bpf_probe_read_user(n, 8, ctx.filename)  # error: dst of bpf_probe_read_user() takes memory, not u64 | e = Event(), then e or e.field
    bpf_probe_read_user("text", 4, ctx.filename)  # error: dst of bpf_probe_read_user() takes memory, not 'text' | e = Event(), then e or e.field
    bpf_probe_read_user(events[1].data, 4, ctx.filename)  # error: dst of bpf_probe_read_user() takes memory, not 16 bytes
    bpf_probe_read_user(e.data, 4, 5)  # error: unsafe_ptr of bpf_probe_read_user() is an address, not a number from 5 to 5
    bpf_strtol(e.name, 8, 0, e.small)  # error: res of bpf_strtol() takes 8 bytes, and e.small has 1
    bpf_strtol(e.name, 0, 0, e.n)  # error: 0 is not the size of buf, which has 8 bytes
    bpf_snprintf(e.data, 16, e.name, e.n, 8)  # error: fmt of bpf_snprintf() takes a constant string, not a string
    bpf_trace_printk("n", 3)  # error: 3 is not the size of fmt, which has 2 bytes
    bpf_ringbuf_output(ring, ctx, 8, 0)  # error: data of bpf_ringbuf_output() takes memory, not the probe's context | a struct, a field of one, or a string


@ebee.tracepoint("syscalls:sys_enter_openat")
def objects(ctx):
    e = Event()
    bpf_get_stack(e, e.data, 16, 0)  # error: ctx of bpf_get_stack() is the probe's context, not a Event record
    x = bpf_task_pt_regs(7)  # error: task of bpf_task_pt_regs() takes a pointer to struct task_struct, not 7
    y = bpf_get_socket_cookie(ctx)  # error: a tracepoint probe cannot call bpf_get_socket_cookie() | these have it: …
    ebee.signal(65)  # error: 65 does not fit in the number of a signal
