"""Strings in tracepoints' records: arrays of characters, and those whose place the record says."""

import pytest

import ebee
from ebee import RingBuf, Str, Struct, u32
from ebee.elf.read import read_object

pytestmark = pytest.mark.needs_kernel


class Exec(Struct):
    pid: u32
    path: str = Str(64)
    short: str = Str(8)


execs = RingBuf(Exec)


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx):
    with execs.reserve() as e:
        e.pid = u32(ctx.pid)
        e.path = ctx.filename
        e.short = ctx.filename


@ebee.tracepoint("sched:sched_switch")
def on_switch(ctx):
    if ctx.prev_comm == "sleep" and ebee.comm() == ctx.prev_comm:
        print(f"{ctx.prev_comm[:2]} {len(ctx.prev_comm)} {ctx.prev_comm.endswith('ep')}")


def test_both_kinds_of_strings():
    printed = []
    with ebee.Session(backend="kernel") as session:
        session.show_prints(lambda text, _stream: printed.append(text))
        with session.attach(on_exec, on_switch, command=["sleep", "0.05"]) as attachment:
            seen = list(execs)
    (event,) = [e for e in seen if e.path.endswith("/sleep")]
    assert event.short == event.path[:7]
    assert set("".join(printed).splitlines()) == {"sl 5 True"}
    assert {loss.kind for loss in attachment.losses} == {"user_truncated"}


def test_the_object_reads_back():
    made = ebee.compile(on_switch, target="kernel")
    again = read_object(made.to_bytes(), "switch.bpf.o")
    assert again.programs["on_switch"].relocs == made.spec.programs["on_switch"].relocs
