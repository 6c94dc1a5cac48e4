"""Functions, callbacks, global variables, atomics, kfuncs and CO-RE numbers: IR that is compiled, loaded and run."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

import pytest
from built_objects import RAW, SYSCALL, Built

from ebee.abi import bpf as abi
from ebee.abi.helpers import BPF_FUNC as FUNC
from ebee.btf.read import Btf
from ebee.errors import NotSupported, VerifierError
from ebee.ir.core import (
    I64,
    PTR_ARG,
    PTR_BTF,
    PTR_BTF_OR_NULL,
    PTR_CTX,
    PTR_STACK,
    PTR_VALUE,
    Function,
)
from ebee.kernel.backend import KernelBackend
from ebee.kernel.target import kernel_target
from ebee.lower import kernel_types
from ebee.lower.program import Lowering
from ebee.spec.backend import TestRun as Run
from ebee.types.maps import MapDecl
from ebee.types.scalars import s32, u8, u32, u64

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]
GETPID = {"x86_64": 39, "aarch64": 172}[platform.machine()]

def run(built, **more):
    return run_spec(built.finish(), **more)


def run_spec(spec, scope=False, data=b"", ctx=b""):
    backend = KernelBackend()
    try:
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        program = next(iter(spec.programs.values()))
        loaded = backend.load_program(program, spec, maps, backend.scope() if scope else None)
        result = backend.test_run(loaded, Run(ctx=ctx, data=data))
        return result.retval, struct.unpack("<8Q", maps[".data"].lookup(bytes(4)))
    finally:
        backend.close()


def test_globals_keep_what_is_stored_and_start_with_what_was_given():
    t = Built()
    t.obj.add_global("limit", u32, ".rodata", (1234).to_bytes(4, "little"))
    t.obj.add_global("small", u8, ".bss")
    t.obj.add_global("big", u64, ".bss")
    b = t.b
    t.out(1, b.load(t.low.global_address("out0"), 0, 8))
    t.out(2, b.load(t.low.global_address("limit"), 0, 4))
    b.store(t.low.global_address("big"), 0, 8, b.const(0x1122334455667788))
    t.out(3, b.load(t.low.global_address("big"), 0, 8))
    spec = t.obj
    assert spec.globals["big"].off_bytes == 8
    b.ret(b.const(0))
    made = t.obj.finish(kernel_target())
    assert made.maps[".rodata"].frozen and made.maps[".rodata"].map_flags & abi.BPF_F_RDONLY_PROG
    section = Btf(made.btf).by_name(".bss")
    names = [(Btf(made.btf).by_id(v).name, off, size) for v, off, size in section.secinfos]
    assert names == [("small", 0, 1), ("big", 8, 8)] and made.maps[".bss"].value_type_id == section.id
    assert run_spec(made)[1][:4] == (77, 77, 1234, 0x1122334455667788)


@pytest.mark.parametrize("scope", [False, True])
def test_functions_take_numbers_memory_and_the_context(scope):
    t = Built()
    t.function_of("add3", [I64, I64, I64], lambda low, a, b, c: low.b.op("add", low.b.op("add", a, b), c))

    def fill(low, memory, n):
        low.b.store(memory, 8, 8, low.call_function("add3", [n, n, low.b.load(memory, 0, 8)]))
        return low.b.const(5)

    t.function_of("fill", [PTR_ARG, I64], fill, params=[("memory", u64), ("n", s32)], result=s32)
    t.function_of("first", [PTR_CTX], lambda low, ctx: low.b.load(ctx, 0, 8))
    b = t.b
    stack = b.alloca(16, 8)
    b.store(stack, 0, 8, b.const(100))
    t.out(1, t.low.call_function("fill", [stack, b.const(7)]))
    t.out(2, b.load(stack, 8, 8))
    value = t.low.global_address("out0")
    assert value.type == PTR_VALUE and stack.type == PTR_STACK
    t.out(4, t.low.call_function("add3", [b.const(1), b.const(2), b.const(3)]))
    t.out(5, t.low.call_function("first", [t.ctx]))
    if scope:
        b.ret(b.const(0))
        spec = t.obj.finish(kernel_target())
        names = [Btf(spec.btf).by_id(f.type_id).name for f in spec.programs["prog"].func_info]
        assert names == ["prog", "add3", "fill", "first"]
        backend = KernelBackend()
        try:  # it loads behind the check of a scope, which lets nobody in here
            maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
            backend.load_program(spec.programs["prog"], spec, maps, backend.scope())
        finally:
            backend.close()
        return
    assert run(t, ctx=struct.pack("<2Q", 4242, 0))[1][1:6] == (5, 114, 0, 6, 4242)


def test_a_function_is_compiled_once_for_several_programs():
    t = Built()
    t.function_of("twice", [I64], lambda low, n: low.b.op("add", n, n))
    t.function_of("unused", [I64], lambda low, n: n)
    second = Function("second", [PTR_CTX])
    t.obj.add_program(second, RAW)
    low = Lowering(t.obj, second)
    low.b.ret(low.call_function("twice", [low.b.load(second.entry.params[0], 0, 8)]))
    t.b.ret(t.low.call_function("twice", [t.b.const(4)]))
    spec = t.obj.finish(kernel_target())
    a, b = spec.programs.values()
    assert [f.type_id for f in a.func_info[1:]] == [f.type_id for f in b.func_info[1:]]
    at = [p.func_info[1].insn_idx for p in (a, b)]
    assert a.insns[at[0] :] == b.insns[at[1] :] and len(a.func_info) == 2
    assert run_spec(spec)[0] == 8


def test_callbacks():
    t = Built()

    def body(low, index, total):
        b = low.b
        b.store(total, 0, 8, b.op("add", b.load(total, 0, 8), index))
        return b.const(0)

    t.function_of("each", [I64, PTR_ARG], body, params=[("index", u32), ("total", u64)])
    b = t.b
    total = b.alloca(8, 8)
    b.store(total, 0, 8, b.const(0))
    t.out(1, b.call(FUNC.loop, b.const(10), t.low.function_address("each"), total, b.const(0)))
    t.out(2, b.load(total, 0, 8))
    assert run(t)[1][1:3] == (10, 45)


def test_atomics():
    t = Built()
    b, low = t.b, t.low
    x = b.alloca(16, 8)
    b.store(x, 0, 8, b.const(0xF0))
    b.store(x, 8, 8, b.const(-1))
    low.atomic("or", x, 0, 8, b.const(0x0F))
    low.atomic("and", x, 0, 8, b.const(0xFC))
    low.atomic("xor", x, 0, 8, b.const(0x0C))  # 0xF0
    t.out(1, low.atomic("add", x, 0, 8, b.const(5), is_fetch=True))
    t.out(2, low.atomic("xchg", x, 8, 4, b.const(9)))
    t.out(3, b.load(x, 8, 8))
    old = low.compare_exchange(x, 0, 8, b.const(0xF5), b.const(1))
    t.out(4, old)
    t.out(5, low.compare_exchange(x, 0, 4, old, b.const(2)))
    t.out(6, b.load(x, 0, 8))
    t.out(7, low.atomic("or", low.global_address("out0"), 0, 8, b.const(0x80), is_fetch=True))
    want = (77 | 0x80, 0xF0, 0xFFFFFFFF, 0xFFFFFFFF_00000009, 0xF5, 1, 1, 77)
    assert run(t)[1] == want


def test_signed_loads():
    t = Built()
    x = t.b.alloca(8, 8)
    t.b.store(x, 0, 8, t.b.const(0x80FF_FFFE))
    t.out(1, t.b.op("load_sx", x, off=0, size=1))
    t.out(2, t.b.op("load_sx", x, off=0, size=4))
    assert run(t)[1][1:3] == (2**64 - 2, 0xFFFFFFFF_80FFFFFE)


@pytest.mark.needs_feature("task_kfuncs")
def test_kfuncs_are_found_by_name_also_with_impl():
    t = Built(SYSCALL)
    b, low = t.b, t.low
    task = low.call_kfunc("bpf_task_from_pid", [b.const(os.getpid())], PTR_BTF_OR_NULL)
    found, out = low.blocks(2)
    b.branch("ne", task, b.const(0), found, out)
    b.start(found)
    own = b.non_null(task)
    assert own.type == PTR_BTF
    t.out(1, kernel_types.load_field(low, own, "task_struct.tgid:s32", 4))
    parent = kernel_types.follow_field(low, own, "task_struct.real_parent:struct task_struct *")
    t.out(2, kernel_types.load_field(low, parent, "task_struct.tgid:s32", 4, is_signed=True))
    low.call_kfunc("bpf_task_release___flavour", [own])
    b.jump(out)
    b.start(out)
    for n, name in ((3, "bpf_task_release"), (4, "bpf_nothing_such")):
        have, out = low.blocks(2)
        b.branch("ne", low.has_kfunc(name), b.const(0), have, out)
        b.start(have)
        t.out(n, b.const(1))
        b.jump(out)
        b.start(out)
    assert run(t)[1][1:5] == (os.getpid(), os.getppid(), 1, 0)


@pytest.mark.parametrize("is_weak", [False, True])
def test_a_kfunc_that_is_missing_is_named(is_weak):
    t = Built(SYSCALL)
    t.out(1, t.low.call_kfunc("bpf_nothing_such", [t.b.const(1)], is_weak=is_weak))
    with pytest.raises(NotSupported, match="kernel function 'bpf_nothing_such'"):
        run(t)


def test_a_weak_kfunc_behind_a_test_is_no_harm():
    t = Built(SYSCALL)
    b, low = t.b, t.low
    have, out = low.blocks(2)
    b.branch("ne", low.has_kfunc("bpf_nothing_such"), b.const(0), have, out)
    b.start(have)
    t.out(1, low.call_kfunc("bpf_nothing_such", [b.const(1)], is_weak=True))
    b.jump(out)
    b.start(out)
    t.out(2, b.const(6))
    assert run(t)[1][1:3] == (0, 6)


def test_variables_of_the_kernel():
    t = Built()
    here = t.b.call(FUNC.this_cpu_ptr, t.low.kernel_variable("runqueues"), type=PTR_BTF)
    t.out(1, kernel_types.load_field(t.low, here, "rq.nr_running:u32", 4))
    try:
        assert 0 < run(t)[1][1] < 10_000
    except NotSupported as e:  # a kernel without the names of its data (CONFIG_KALLSYMS_ALL)
        assert "the kernel's variable 'runqueues': it does not find where it is" in str(e)


def test_core_numbers():
    from ebee.kernel.vmlinux import vmlinux_btf

    t = Built()
    asked = [
        ("core_field_exists", "task_struct.tgid:s32"), ("core_field_exists", "task_struct.nothing:s32"),
        ("core_type_exists", "struct task_struct___v2"), ("core_type_exists", "struct nothing_such"),
        ("core_type_size", "struct task_struct"), ("core_enum_value", "bpf_map_type.BPF_MAP_TYPE_ARRAY"),
        ("core_enum_exists", "bpf_map_type.BPF_MAP_TYPE_NOTHING"),
    ]  # fmt: skip
    for n, (kind, symbol) in enumerate(asked, 1):
        t.out(n, kernel_types.core_number(t.low, kind, symbol))
    size = vmlinux_btf().by_name("task_struct", 4).size_bytes
    assert run(t)[1][1:] == (1, 0, 1, 0, size, 2, 0)


def test_what_is_missing_is_poisoned_behind_a_test_and_named_without():
    for guarded in (True, False):
        for kind, symbol in (("core_field", "task_struct.nothing:s32"), ("core_enum_value", "bpf_map_type.NOTHING")):
            t = Built()
            b = t.b
            have, out = t.low.blocks(2)
            test = "core_field_exists" if kind == "core_field" else "core_enum_exists"
            asked = kernel_types.core_number(t.low, test, symbol) if guarded else b.const(1)
            t.out(1, kernel_types.core_number(t.low, "core_type_exists", "struct nothing_such"))
            b.branch("ne", asked, b.const(0), have, out)
            b.start(have)
            t.out(2, kernel_types.core_number(t.low, kind, symbol))
            b.jump(out)
            b.start(out)
            t.out(3, b.const(3))
            if guarded:
                assert run(t)[1][1:4] == (0, 0, 3)
            else:
                with pytest.raises(NotSupported, match=r"(?i)nothing"):
                    run(t)


def test_bit_fields():
    t = Built(SYSCALL)
    task = t.low.b.call(FUNC.get_current_task)
    for n, name in enumerate(("sched_reset_on_fork", "in_execve", "no_cgroup_migration"), 1):
        t.out(n, kernel_types.read_bits(t.low, task, f"task_struct.{name}:bits", name))
    t.out(4, kernel_types.core_number(t.low, "core_field_rshift", "task_struct.in_execve:bits"))
    t.out(5, kernel_types.core_number(t.low, "core_field_signed", "task_struct.in_execve:bits"))
    assert run(t)[1][1:6] == (0, 0, 0, 63, 0)


def test_tail_calls_go_on_where_there_is_no_program():
    t = Built()
    programs = MapDecl(u32, u32, 2, "programs")
    programs.map_type = abi.BPF_MAP_TYPE_PROG_ARRAY
    t.obj.use_map(programs, "programs")
    t.low.tail_call(programs, t.b.const(1))
    t.out(1, t.b.const(8))
    assert run(t)[1][1] == 8


def test_a_program_that_the_verifier_refuses_names_the_function_s_line():
    from ebee.errors import SourceSpan

    t = Built()

    def body(low, n):
        low.b.span = SourceSpan("functions.py", 12, 3, text="return m[n]")
        pointer = low.global_address("out0")
        return low.b.load(low.b.op("add", pointer, n), 0, 8)

    t.function_of("wild", [I64], body)
    t.b.span = SourceSpan("functions.py", 20, 0, text="wild(9)")
    t.out(1, t.low.call_function("wild", [t.b.const(1 << 20)]))
    with pytest.raises(VerifierError) as caught:
        run(t)
    assert caught.value.span.line == 12


@pytest.mark.parametrize("has_scope", [False, True])
@pytest.mark.parametrize("has_programs", [False, True])
def test_functions_and_callbacks_work_behind_the_stub_of_a_system_call(has_scope, has_programs):
    """The program is a function of the stub then. One whose object has tail calls stays what it is."""
    t = Built("tracepoint/syscalls/sys_enter_getpid")

    def body(low, index, total):
        low.atomic("add", total, 0, 8, index)
        return low.b.const(0)

    t.function_of("each", [I64, PTR_ARG], body)
    t.function_of("own", [], lambda low: low.b.op("lshr", low.b.call(FUNC.get_current_pid_tgid), low.b.const(32)))
    b, low = t.b, t.low
    mine, out = low.blocks(2)
    b.branch("eq", low.call_function("own"), b.const(os.getpid()), mine, out)
    b.start(mine)
    total = b.alloca(8, 8)
    b.store(total, 0, 8, b.const(0))
    b.call(FUNC.loop, b.const(5), low.function_address("each"), total, b.const(0))
    t.out(1, b.load(total, 0, 8))
    b.jump(out)
    b.start(out)
    if has_programs:
        programs = MapDecl(u32, u32, 2, "programs")
        programs.map_type = abi.BPF_MAP_TYPE_PROG_ARRAY
        t.obj.use_map(programs, "programs")
    spec = t.finish()
    backend = KernelBackend()
    try:
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        loaded = backend.load_program(spec.programs["prog"], spec, maps, backend.scope() if has_scope else None)
        assert loaded.raw_tracepoint == ("" if has_programs else "sys_enter")
        if not has_scope and not has_programs:
            backend.attach(loaded)
            ctypes.CDLL(None).syscall(GETPID)
            assert struct.unpack_from("<Q", maps[".data"].lookup(bytes(4)), 8) == (10,)
    finally:
        backend.close()
