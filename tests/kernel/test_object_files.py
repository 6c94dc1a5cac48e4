"""Objects with functions, callbacks, globals, kfuncs, CO-RE numbers and maps of maps: as files, for libbpf and for us."""

from __future__ import annotations

import json
import os
import shlex
import subprocess

import pytest
from built_objects import SPAN, Built

from ebee.abi import bpf as abi
from ebee.abi.helpers import BPF_FUNC as FUNC
from ebee.btf.build import BtfBuilder
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import ElfError
from ebee.ir.core import I64, PTR_ARG, PTR_BTF_OR_NULL, PTR_CTX, PTR_VALUE_OR_NULL, Function
from ebee.kernel.backend import KernelBackend
from ebee.kernel.target import kernel_target
from ebee.lower import kernel_types
from ebee.lower.program import Lowering
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import PIN_BY_NAME, MapSpec
from ebee.types.scalars import u32, u64

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_feature("task_kfuncs")]

# Another bpftool than that of the path, as a command line.
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
ANSWERS = {"out0": 77 + 9, "out1": 30, "out2": 45, "out3": 1234, "out4": 5, "out6": 6}


def everything():
    """An object whose programs use all of it; `prog` gives ANSWERS. `out5` is the size of a kernel struct."""
    t = Built("tc")
    t.obj.add_global("limit", u32, ".rodata", (1234).to_bytes(4, "little"))
    t.obj.add_global("count", u64, ".bss")
    t.function_of("twice", [I64], lambda low, n: low.b.op("add", n, n), params=[("n", u64)], result=u64)
    t.function_of("tenfold", [I64], lambda low, n: low.b.op("mul", low.call_function("twice", [n]), low.b.const(5)))

    def body(low, index, total):
        low.atomic("add", total, 0, 8, index)
        return low.b.const(0)

    t.function_of("each", [I64, PTR_ARG], body, params=[("index", u32), ("total", u64)])
    b, low = t.b, t.low
    total = b.alloca(8, 8)
    b.store(total, 0, 8, b.const(0))
    low.atomic("add", low.global_address("out0"), 0, 8, b.const(9))
    t.out(1, low.call_function("tenfold", [b.const(3)]))
    b.call(FUNC.loop, b.const(10), low.function_address("each"), total, b.const(0))
    t.out(2, b.load(total, 0, 8))
    t.out(3, b.load(low.global_address("limit"), 0, 4))
    low.atomic("add", low.global_address("count"), 0, 8, b.const(5))
    t.out(4, b.load(low.global_address("count"), 0, 8))
    t.out(5, kernel_types.core_number(low, "core_type_size", "struct task_struct"))
    task = low.call_kfunc("bpf_task_from_pid", [b.const(os.getpid())], PTR_BTF_OR_NULL)
    found, after, have, missing, inner, out = low.blocks(6)
    b.branch("ne", task, b.const(0), found, after)
    b.start(found)
    own = b.non_null(task)
    t.out(7, kernel_types.load_field(low, own, "task_struct.tgid:s32", 4))
    low.call_kfunc("bpf_task_release", [own])
    b.jump(after)
    b.start(after)
    b.branch("ne", low.has_kfunc("bpf_task_acquire"), b.const(0), have, missing)
    b.start(have)
    t.out(6, b.op("add", kernel_types.core_number(low, "core_enum_value", "bpf_map_type.BPF_MAP_TYPE_ARRAY"), b.const(4)))
    b.jump(missing)
    b.start(missing)
    key = low.scratch("key", 8)
    b.store(key, 0, 4, b.const(0))
    map = b.call(FUNC.map_lookup_elem, b.op("map", symbol="outer"), key, type=PTR_VALUE_OR_NULL)
    b.branch("ne", map, b.const(0), inner, out)
    b.start(inner)
    b.call(FUNC.map_delete_elem, b.non_null(map), key)
    b.jump(out)
    b.start(out)
    second = Function("second", [PTR_CTX], span=SPAN)
    t.obj.add_program(second, "tc")
    other = Lowering(t.obj, second)
    bits = kernel_types.read_bits(other, other.b.call(FUNC.get_current_task), "task_struct.in_execve:bits", "in_execve")
    first = other.b.call(FUNC.get_current_task_btf, type="ptr.btf")
    signal = kernel_types.follow_field(other, first, "task_struct.signal:struct signal_struct *")
    threads = kernel_types.load_field(other, signal, "signal_struct.nr_threads:s32", 4)
    found = other.b.op("and", threads, other.b.const(0))
    other.b.ret(other.call_function("twice", [other.b.op("add", other.b.op("add", bits, found), other.b.const(4))]))
    spec = t.finish()
    add_maps(spec)
    return spec


def add_maps(spec):
    """Add a map of maps to an object, an arena's worth of map_extra, and BTF of an inner map's types."""
    btf = BtfBuilder.continuing(spec.btf)
    long = btf.add_int("u64", 8)
    inner = MapSpec("outer.inner", abi.BPF_MAP_TYPE_HASH, 4, 8, 16, key_type_id=btf.add_int("u32", 4), value_type_id=long)
    outer = MapSpec("outer", abi.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, inner=inner)
    seen = MapSpec("seen", abi.BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100, map_extra=3, value_type_id=long)
    spec.maps |= {"outer": outer, "seen": seen}
    spec.btf = btf.encode()


def test_they_come_back():
    spec = everything()
    data = write_object(spec, kernel_target())
    found = read_object(data)
    for name in ("name", "maps", "license", "externs", "notes", "loss_sites", "programs"):
        assert getattr(found, name) == getattr(spec, name), name
    assert write_object(found, kernel_target()) == data
    assert {r.kind for p in spec.programs.values() for r in (*p.relocs, *p.core_relos)} >= {"kfunc", "ksym", "core_type_size", "map_value"}
    text = Btf(found.btf)
    assert text.by_name(".ksyms") is None and text.by_name("twice").linkage == 0


def test_what_is_read_back_runs():
    found = read_object(write_object(everything(), kernel_target()))
    backend = KernelBackend()
    try:
        maps = {name: backend.create_map(m, found) for name, m in found.maps.items()}
        results = [
            backend.test_run(backend.load_program(p, found, maps), Run(data=bytes(64))).retval
            for p in found.programs.values()
        ]
        assert results == [0, 8]
        values = maps[".data"].lookup(bytes(4))
    finally:
        backend.close()
    names = {n: int.from_bytes(values[8 * i : 8 * i + 8], "little") for i, n in enumerate(f"out{n}" for n in range(8))}
    assert {n: names[n] for n in ANSWERS} == ANSWERS
    assert names["out7"] == os.getpid() and names["out5"] > 1000


def test_pins_are_written():
    spec = everything()
    spec.maps["seen"].pinning = PIN_BY_NAME
    assert read_object(write_object(spec, kernel_target())).maps["seen"].pinning == PIN_BY_NAME


def test_a_kfunc_of_an_unknown_type_is_refused():
    spec = everything()
    spec.externs = {}
    with pytest.raises(ElfError, match="the type of the kernel's 'bpf_task_from_pid' is not known"):
        write_object(spec, kernel_target())


@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount", "sh")
def test_bpftool_loads_and_runs_it(tmp_path):
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        pytest.skip("process ids in here are not those that a program sees")
    (tmp_path / "all.bpf.o").write_bytes(write_object(everything(), kernel_target()))
    (tmp_path / "packet").write_bytes(bytes(64))
    tool = shlex.join(BPFTOOL)
    script = f"""set -eu
cd {shlex.quote(str(tmp_path))}
mkdir bpffs
mount -t bpf bpffs bpffs
{tool} prog loadall all.bpf.o bpffs/own pinmaps bpffs/maps
{tool} -j prog run pinned bpffs/own/prog data_in packet repeat 1
{tool} -j prog run pinned bpffs/own/second data_in packet repeat 1
{tool} map dump pinned bpffs/maps/all_data | tr -d '\\n'
echo
{tool} gen skeleton all.bpf.o
echo
{tool} prog dump xlated pinned bpffs/own/prog
"""
    unshare = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    done = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    first, second, data, *rest = done.stdout.splitlines()
    assert [json.loads(line)["retval"] for line in (first, second)] == [0, 8]
    (section,) = json.loads(data)[0]["value"].values()
    values = {name: number for variable in section for name, number in variable.items()}
    assert {n: values[n] for n in ANSWERS} == ANSWERS and values["out7"] == os.getpid()
    text = "\n".join(rest)
    for line in ("} *data;", "} *rodata;", "} *bss;", "u64 twice(u64 n):", "u64 each(u32 index, u64 * total):"):
        assert line in text, text
