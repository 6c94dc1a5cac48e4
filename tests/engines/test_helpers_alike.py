"""Helpers and kernel functions that need no packet: the same results and memory on the engine and on the kernel."""

from __future__ import annotations

import pytest
from both_backends import RAW_TP, TC, outcome, same
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.abi import bpf
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.errors import ExecutionError, FaultError, VerifierError
from ebee.spec.object import MapSpec

pytestmark = pytest.mark.needs_kernel
FRAME = bytes(34)


def data(content, at=-256):
    """Instructions that put bytes on the stack."""
    content = content.ljust(-(-len(content) // 8) * 8, b"\0")
    words = (content[i : i + 8] for i in range(0, len(content), 8))
    return "\n".join(
        f"r1 = {int.from_bytes(w, 'little'):#x} ll\n*(u64 *)(r10 - {-at - 8 * i}) = r1" for i, w in enumerate(words)
    )


def pointer(reg, at):
    return f"r{reg} = r10\nr{reg} += {at}"


# Numbers in text


@settings(max_examples=40)
@given(
    st.from_regex(rb"\A[ \t]{0,2}-?(0x|0X|0)?[0-9a-fA-F]{0,20}[ g]?\Z") | st.binary(max_size=12),
    st.sampled_from([0, 0, 8, 10, 16, 2, 32]), st.sampled_from(["strtol", "strtoul"]),
)  # fmt: skip
def test_numbers_in_text(text, flags, name):
    body = [data(text.ljust(40, b"\0")), "*(u64 *)(r10 - 8) = 7", pointer(1, -256), f"r2 = {max(1, len(text))}",
            f"r3 = {flags}", pointer(4, -8), f"call bpf_{name}", "r7 = out@value", "*(u64 *)(r7 + 0) = r0",
            "r0 = *(u64 *)(r10 - 8)", "*(u64 *)(r7 + 8) = r0", "r0 = 0", "exit"]  # fmt: skip
    same("\n".join(body), TC, data=FRAME)


# Formats

FORMATS = [
    "%d %u", "%5d|%-5d|%05d|%+d", "%x %X", "%lx %llu", "%lld %ld", "% d", "%+u|% x", "%c%c", "100%% %d", "%i",
    "%10u|", "%-10d|", "%08x", "%pI4 %pi4", "%pI6", "%pi6", "%s", "%5s|", "%-5s|", "%s:", "%pks %pus", "%px", "é", "a\tb\n", "%0-5d|", "%5c|",
]  # fmt: skip


BAD_FORMATS = ["%.3d", "%#x", "%d %d %d %d %d", "%y", "%", "%5", "%ss", "%l", "%lls", "%d%", "%p4", "%p%"]


@pytest.mark.parametrize("fmt", FORMATS + BAD_FORMATS)
def test_snprintf(fmt):
    raw = fmt.encode() + b"\0"
    constants = MapSpec("constants", bpf.BPF_MAP_TYPE_ARRAY, 4, 256, 1, bpf.BPF_F_RDONLY_PROG, frozen=True,
                        initial=(raw.ljust(64, b"\0") + b"abc\0".ljust(16, b"\0") + bytes(range(16))).ljust(256, b"\0"))  # fmt: skip
    for width in (64,) if "%p" in fmt else (0, 1, 5, 64):
        argument = ["r6 = constants@value"]
        if "s" in fmt and "%s" in fmt.replace("%5s", "%s").replace("%-5s", "%s").replace("%ss", "%s"):
            argument += ["r6 += 64"]
        elif "I" in fmt or "i4" in fmt or "i6" in fmt:
            argument += ["r6 += 80"]
        else:
            argument = ["r6 = -77"]
        body = [*argument, "*(u64 *)(r10 - 64) = r6", "*(u64 *)(r10 - 56) = r6" if "I4" in fmt else "*(u64 *)(r10 - 56) = 66",
                "*(u64 *)(r10 - 48) = 67", "*(u64 *)(r10 - 40) = 68", "r1 = out@value", "r1 += 8", f"r2 = {width}",
                "r3 = constants@value", pointer(4, -64), "r5 = 32", "call bpf_snprintf", "r7 = out@value",
                "*(u64 *)(r7 + 0) = r0", "r0 = 0", "exit"]  # fmt: skip
        text = "\n".join(body)
        if fmt in BAD_FORMATS:
            with pytest.raises(VerifierError, match="Invalid format string"):
                same(text, RAW_TP, maps=[constants], ctx=bytes(16))
            assert outcome(EngineBackend(), text, RAW_TP, maps=[constants])[3][:4] == (-22 & 0xFFFF_FFFF).to_bytes(4, "little")
        else:
            same(text, RAW_TP, maps=[constants], ctx=bytes(16))


def test_printed_lines_have_the_kernels_length():
    for text in (b"hello\n\0", b"%d and %x\n\0", b"%s\0"):
        body = [data(text, -64), pointer(1, -64), f"r2 = {len(text)}", "r3 = 5", "r4 = 6", "r5 = 7", "call bpf_trace_printk",
                "r7 = out@value", "*(u64 *)(r7 + 0) = r0", "r0 = 0", "exit"]  # fmt: skip
        if b"%s" in text:
            body[3] = "r3 = 0"
        same("\n".join(body), RAW_TP, ctx=bytes(16))


# Dynamic pointers over memory, strings, counters

ON_DYNPTR = """
    r7 = out@value
    r1 = r7
    r1 += 128
    r2 = 64
    r3 = {flags}
    r4 = r10
    r4 += -16
    call bpf_dynptr_from_mem
    *(u64 *)(r7 + 0) = r0
    r1 = r10
    r1 += -16
    r2 = {off}
    r3 = {end}
    call bpf_dynptr_adjust@kfunc
    *(u64 *)(r7 + 8) = r0
    r1 = r10
    r1 += -16
    call bpf_dynptr_size@kfunc
    *(u64 *)(r7 + 16) = r0
    r1 = r10
    r1 += -16
    call bpf_dynptr_is_null@kfunc
    *(u8 *)(r7 + 24) = r0
    r1 = r10
    r1 += -16
    call bpf_dynptr_is_rdonly@kfunc
    *(u8 *)(r7 + 32) = r0
    r1 = 0x1122334455667788 ll
    *(u64 *)(r10 - 24) = r1
    r1 = r10
    r1 += -16
    r2 = {at}
    r3 = r10
    r3 += -24
    r4 = 8
    r5 = {more}
    call bpf_dynptr_write
    *(u64 *)(r7 + 40) = r0
    *(u64 *)(r10 - 24) = 0
    r1 = r10
    r1 += -24
    r2 = 8
    r3 = r10
    r3 += -16
    r4 = {at}
    r5 = {more}
    call bpf_dynptr_read
    *(u64 *)(r7 + 48) = r0
    r1 = *(u64 *)(r10 - 24)
    *(u64 *)(r7 + 56) = r1
    r1 = r10
    r1 += -16
    r2 = {at}
    r3 = 8
    call bpf_dynptr_data
    if r0 == 0 goto none
    r1 = 99
    *(u32 *)(r0 + 4) = r1
none:
    r0 = 0
    exit
"""


@settings(max_examples=15)
@given(st.sampled_from([0, 0, 0, 1]), st.integers(0, 70), st.integers(0, 70), st.integers(0, 70), st.sampled_from([0, 0, 1]))
def test_dynptrs_of_memory(flags, off, end, at, more):
    same(ON_DYNPTR.format(flags=flags, off=off, end=end, at=at, more=more), RAW_TP, ctx=bytes(16))


STRINGS = ["bpf_strlen", "bpf_strnlen", "bpf_strcmp", "bpf_strchr", "bpf_strnchr", "bpf_strchrnul", "bpf_strrchr",
           "bpf_strspn", "bpf_strcspn", "bpf_strstr", "bpf_strnstr"]  # fmt: skip
COUNTED = {"bpf_strnlen": 2, "bpf_strnchr": 2, "bpf_strnstr": 3}
CHARACTERS = {"bpf_strchr": 2, "bpf_strnchr": 3, "bpf_strchrnul": 2, "bpf_strrchr": 2}


@settings(max_examples=40)
@given(st.sampled_from(STRINGS), st.text("abcA", max_size=7), st.text("abcA", max_size=3), st.integers(0, 9))
def test_strings(name, a, b, number):
    body = ["r6 = out@value", "r6 += 64", "r7 = r6", "r7 += 32"]
    for reg, text in (("r6", a), ("r7", b)):
        body += [f"r1 = {int.from_bytes(text.encode().ljust(8, bytes(1)), 'little'):#x} ll", f"*(u64 *)({reg} + 0) = r1"]
    body += ["r1 = r6", "r2 = r7"]
    if name in CHARACTERS:
        body += [f"r{CHARACTERS[name]} = {ord(b[0]) if b else 0}"]
    if name in COUNTED:
        body += [f"r{COUNTED[name]} = {number}"]
    body += [f"call {name}@kfunc", "r6 = out@value", "*(u64 *)(r6 + 0) = r0", "r0 = 0", "exit"]
    same("\n".join(body), RAW_TP, ctx=bytes(16))


@pytest.mark.parametrize(("start", "end"), [(0, 5), (3, 3), (-2, 2), (5, 1), (0, 9 << 20)])
def test_numbers_in_a_row(start, end):
    text = f"""
        r7 = out@value
        r1 = r10
        r1 += -8
        r2 = {start}
        r3 = {end}
        call bpf_iter_num_new@kfunc
        *(u64 *)(r7 + 0) = r0
    again:
        r1 = r10
        r1 += -8
        call bpf_iter_num_next@kfunc
        if r0 == 0 goto done
        r1 = *(s32 *)(r0 + 0)
        r2 = *(u64 *)(r7 + 8)
        r2 += r1
        *(u64 *)(r7 + 8) = r2
        r2 = *(u64 *)(r7 + 16)
        r2 += 1
        *(u64 *)(r7 + 16) = r2
        goto again
    done:
        r1 = r10
        r1 += -8
        call bpf_iter_num_destroy@kfunc
        r0 = 0
        exit
    """
    same(text, RAW_TP, ctx=bytes(16))


def test_sections_of_the_kernels_locks():
    text = "call bpf_rcu_read_lock@kfunc\ncall bpf_rcu_read_unlock@kfunc\ncall bpf_preempt_disable@kfunc\n"
    same(text + "call bpf_preempt_enable@kfunc\nr0 = 3\nexit", RAW_TP, ctx=bytes(16))


# Loops and tail calls


@pytest.mark.parametrize(("count", "stop", "flags"), [(0, 9, 0), (5, 9, 0), (100, 7, 0), (5, 9, 1), (9 << 20, 9, 0)])
def test_loops(count, stop, flags):
    text = f"""
        r1 = {count}
        lddw r2, code_addr(body)
        r3 = r10
        r3 += -8
        *(u64 *)(r10 - 8) = 0
        r4 = {flags}
        call bpf_loop
        r7 = out@value
        *(u32 *)(r7 + 0) = r0
        r1 = *(u64 *)(r10 - 8)
        *(u64 *)(r7 + 8) = r1
        r0 = 0
        exit
    body:
        r3 = *(u64 *)(r2 + 0)
        r3 += r1
        *(u64 *)(r2 + 0) = r3
        r0 = 0
        if r1 < {stop} goto on
        r0 = 1
    on:
        exit
    """
    same(text, RAW_TP, ctx=bytes(16))


def test_functions_with_pointers():
    text = """
        r1 = r10
        r1 += -16
        *(u64 *)(r10 - 16) = 5
        *(u64 *)(r10 - 8) = 6
        r2 = 7
        call first
        r1 = *(u64 *)(r10 - 16)
        r0 += r1
        exit
    first:
        r3 = *(u64 *)(r1 + 8)
        *(u64 *)(r10 - 8) = r3
        r3 += r2
        *(u64 *)(r1 + 0) = r3
        r1 = r10
        r1 += -8
        call second
        exit
    second:
        r0 = *(u64 *)(r1 + 0)
        r0 *= 10
        exit
    """
    assert same(text, RAW_TP, ctx=bytes(16))[0] == 60 + 13


JUMPS = MapSpec("jumps", bpf.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4)
COUNTING = """
    r6 = r1
    r7 = out@value
    r0 = *(u64 *)(r7 + 0)
    r0 += 1
    *(u64 *)(r7 + 0) = r0
    r1 = r6
    r2 = jumps@map
    r3 = {index}
    call bpf_tail_call
    r7 = out@value
    r0 = *(u64 *)(r7 + 8)
    r0 += 1
    *(u64 *)(r7 + 8) = r0
    r0 = 42
    exit
"""
IN_FUNCTION = """
    r6 = r1
    call inner
    r7 = out@value
    *(u64 *)(r7 + 16) = r0
    r0 += 1
    exit
inner:
""" + COUNTING


@pytest.mark.parametrize("start", [COUNTING, IN_FUNCTION], ids=["program", "function"])
@pytest.mark.parametrize("index", [0, 1, 9])
def test_tail_calls(start, index):
    """A program that calls itself goes on 33 times; an empty slot and one beyond the end let it go on below."""
    from both_backends import kernel, load, make_program

    from ebee.spec.backend import TestRun as Run
    from ebee.spec.object import ObjectSpec

    found = []
    for backend in (EngineBackend(), kernel()):
        program, live = load(backend, start.format(index=index), RAW_TP, [JUMPS])
        target = make_program(COUNTING.format(index=0), RAW_TP, {}, "target")
        target = backend.load_program(target, ObjectSpec("o", {"target": target}), live)
        live["jumps"].update(bytes(4), target.fd.number.to_bytes(4, "little"))
        result = backend.test_run(program, Run(ctx=bytes(16)))
        found.append((result.retval, live["out"].lookup(bytes(4))))
    assert found[0] == found[1]


def test_arrays_of_programs_refuse_what_does_not_belong():
    from both_backends import kernel, load

    from ebee.errors import SyscallError

    for backend in (EngineBackend(), kernel()):
        program, live = load(backend, COUNTING.format(index=0), RAW_TP, [JUMPS])
        other, _ = load(backend, "r0 = 0\nexit", TC)
        errors = []
        for number in (other.fd.number, live["out"].fd.number, 9999):
            with pytest.raises(SyscallError) as caught:
                live["jumps"].update(bytes(4), number.to_bytes(4, "little"))
            errors.append(caught.value.errno)
        assert errors[0] == 22 and errors[2] == 9
        live["jumps"].update(bytes(4), program.fd.number.to_bytes(4, "little"))
        assert live["jumps"].delete(bytes(4)) and not live["jumps"].delete(bytes(4))


# Errors of programs that the verifier would refuse


def test_failures_after_a_tail_call_are_named():
    from both_backends import load

    from ebee.spec.backend import TestRun as Run

    backend = EngineBackend()
    target, live = load(backend, "r1 = 0\nr0 = *(u8 *)(r1 + 0)\nexit", RAW_TP, [JUMPS])
    program = load(backend, COUNTING.format(index=0), RAW_TP, [JUMPS], before=lambda m: m.update(live))[0]
    live["jumps"].update(bytes(4), target.fd.number.to_bytes(4, "little"))
    with pytest.raises(FaultError, match="null pointer") as caught:
        backend.test_run(program, Run(ctx=bytes(16)))
    assert caught.value.insn_idx == 1


def test_locks_and_read_only_values():
    with pytest.raises(ExecutionError, match="is held"):
        outcome(EngineBackend(), "r6 = out@value\nr1 = r6\ncall bpf_spin_lock\nr1 = r6\ncall bpf_spin_lock\nexit")
    frozen = MapSpec("constants", bpf.BPF_MAP_TYPE_ARRAY, 4, 8, 1, bpf.BPF_F_RDONLY_PROG, initial=b"\1" * 8, frozen=True)
    with pytest.raises(FaultError, match="read-only") as caught:
        outcome(EngineBackend(), "r6 = constants@value\n*(u32 *)(r6 + 4) = 1\nexit", maps=[frozen])
    assert caught.value.insn_idx == 2


def test_what_a_task_says():
    from both_backends import load

    from ebee.spec.backend import TestRun as Run

    task = TaskContext(tgid=5, pid=6, cgroup_id=9, cgroup_ancestors=(1, 4), numa_node=2, pid_ns=(3, 4), func_ip=77,
                       ktime_ns=lambda: 10**9, real_ns=lambda: 100, stack=lambda is_user: [11, 12, 13])  # fmt: skip
    calls = ["call bpf_get_current_cgroup_id", "r1 = 1\ncall bpf_get_current_ancestor_cgroup_id",
             "call bpf_get_numa_node_id", "r1 = r6\ncall bpf_get_func_ip", "call bpf_ktime_get_tai_ns",
             f"r1 = 3\nr2 = 4\n{pointer(3, -8)}\nr4 = 8\ncall bpf_get_ns_current_pid_tgid", "r0 = *(u64 *)(r10 - 8)",
             f"r1 = r6\n{pointer(2, -64)}\nr3 = 64\nr4 = 1\ncall bpf_get_stack", "r0 = *(u64 *)(r10 - 64)",
             "call bpf_get_current_task\nr9 = r0\ncall bpf_get_current_task_btf\nr0 ^= r9"]  # fmt: skip
    lines = ["r6 = r1", "r7 = out@value"]
    for at, text in enumerate(calls):
        lines += [text, f"*(u64 *)(r7 + {8 * at}) = r0"]
    backend = EngineBackend()
    program, live = load(backend, "\n".join([*lines, "r0 = 0", "exit"]), RAW_TP)
    backend.test_run(program, Run(ctx=bytes(16)), task)
    out = live["out"].lookup(bytes(4))
    found = [int.from_bytes(out[i : i + 8], "little") for i in range(0, 80, 8)]
    assert found == [9, 4, 2, 77, 37_000_000_100, 0, 5 << 32 | 6, 16, 12, 0]
