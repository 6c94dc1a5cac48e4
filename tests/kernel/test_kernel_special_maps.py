"""Maps that need more than sizes: locks, timers, kernel pointers in values; maps of maps; pins."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from built_objects import Built

from ebee.abi import bpf as abi
from ebee.abi.helpers import BPF_FUNC as FUNC
from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import Member
from ebee.btf.special import KPTR, KPTR_TAGS, KPTR_UNTRUSTED, SPECIAL_STRUCTS, add_graph_root, add_kptr, add_special
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import SyscallError
from ebee.ir.core import PTR_ARG, PTR_BTF_OR_NULL, PTR_MEM_OR_NULL, PTR_VALUE_OR_NULL
from ebee.kernel.backend import KernelBackend
from ebee.kernel.target import kernel_target
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import MapSpec, ObjectSpec

pytestmark = pytest.mark.needs_kernel

ARRAY, HASH = abi.BPF_MAP_TYPE_ARRAY, abi.BPF_MAP_TYPE_HASH


def value_of(btf, *members):
    """A struct of members (name, type id, size)."""
    out, off = [], 0
    for name, type_id, size in members:
        off = -(-off // min(size, 8)) * min(size, 8)
        out.append(Member(name, type_id, 8 * off))
        off += size
    size = -(-off // 8) * 8
    return btf.add_struct("value", size, out), size


@pytest.fixture
def backend():
    made = KernelBackend()
    yield made
    made.close()


NEWER = {"bpf_wq", "bpf_res_spin_lock", "bpf_task_work"}  # 6.10, 6.15, 6.18


@pytest.mark.parametrize("name", ["bpf_res_spin_lock", "bpf_spin_lock", "bpf_task_work", "bpf_timer", "bpf_wq"])
def test_the_kernel_knows_the_structs(name, backend):
    btf = BtfBuilder()
    size = SPECIAL_STRUCTS[name][0]
    value, whole = value_of(btf, ("a", add_special(btf, name), size), ("b", btf.add_int("u64", 8), 8))
    spec = MapSpec("one", ARRAY, 4, whole, 1, key_type_id=btf.add_int("u32", 4), value_type_id=value)
    made = backend.create_map(spec, ObjectSpec("test", btf=btf.encode()))
    made.update(bytes(4), b"\xff" * whole)
    found = made.lookup(bytes(4))
    if name in NEWER and found == b"\xff" * whole:
        pytest.skip(f"this kernel does not know {name}")
    assert found[:size] == bytes(size) and found[-8:] == b"\xff" * 8  # that is not for us to write


@pytest.mark.needs_feature("lists")
def test_lists_and_trees(backend):
    btf = BtfBuilder()
    u64 = btf.add_int("u64", 8)
    node_members = [("node", add_special(btf, "bpf_list_node"), 24), ("x", u64, 8), ("r", add_special(btf, "bpf_refcount"), 4)]
    btf.add_struct("item", 40, [Member(n, t, 8 * off) for (n, t, _), off in zip(node_members, (0, 24, 32), strict=True)])
    head, lock = add_special(btf, "bpf_list_head"), add_special(btf, "bpf_spin_lock")
    value, size = value_of(btf, ("head", head, 16), ("lock", lock, 4))
    add_graph_root(btf, value, 0, "item", "node")
    spec = MapSpec("list", ARRAY, 4, size, 1, key_type_id=btf.add_int("u32", 4), value_type_id=value)
    made = backend.create_map(spec, ObjectSpec("test", btf=btf.encode()))
    made.update(bytes(4), b"\xff" * size)
    assert made.lookup(bytes(4))[:16] != b"\xff" * 16  # the head of a list is not for us to write


@pytest.mark.needs_feature("task_kfuncs")
def test_pointers_to_kernel_objects_are_kept():
    t = Built("tc")
    b, low = t.b, t.low
    key = b.alloca(8, 8)
    b.store(key, 0, 8, b.const(0))
    entry = b.call(FUNC.map_lookup_elem, b.op("map", symbol="tasks"), key, type=PTR_VALUE_OR_NULL)
    have, found, old, after, out = low.blocks(5)
    b.branch("ne", entry, b.const(0), have, out)
    b.start(have)
    place = b.non_null(entry)
    task = low.call_kfunc("bpf_task_from_pid", [b.const(os.getpid())], PTR_BTF_OR_NULL)
    b.branch("ne", task, b.const(0), found, out)
    b.start(found)
    before = b.call(FUNC.kptr_xchg, place, b.non_null(task), type=PTR_BTF_OR_NULL)
    b.branch("ne", before, b.const(0), old, after)
    b.start(old)
    low.call_kfunc("bpf_task_release", [b.non_null(before)])
    t.out(2, b.const(1))
    b.jump(after)
    b.start(after)
    t.out(1, b.const(1))
    b.jump(out)
    b.start(out)
    spec = t.finish()
    btf = BtfBuilder.continuing(spec.btf)
    value, size = value_of(btf, ("task", add_kptr(btf, "task_struct"), 8))
    spec.maps["tasks"] = MapSpec("tasks", ARRAY, 4, size, 1, key_type_id=btf.add_int("u32", 4), value_type_id=value)
    spec.btf = btf.encode()
    again = read_object(write_object(spec, kernel_target()))
    backend = KernelBackend()
    try:
        for obj in (spec, again):
            maps = {name: backend.create_map(m, obj) for name, m in obj.maps.items()}
            loaded = backend.load_program(obj.programs["prog"], obj, maps)
            seen = []
            for _ in range(2):
                backend.test_run(loaded, Run(data=bytes(64)))
                seen.append(tuple(maps[".data"].lookup(bytes(4))[8:24:8]))
            assert seen == [(1, 0), (1, 1)]
    finally:
        backend.close()


def test_every_tag_is_written():
    btf = BtfBuilder()
    ids = {add_kptr(btf, "task_struct", tag) for tag in KPTR_TAGS}
    assert len(ids) == 4 and {KPTR, KPTR_UNTRUSTED} < set(KPTR_TAGS) and btf.encode()


def test_a_timer_s_callback_arms_itself_again():
    t = Built("tc")

    def body(low, _map, _key, value):
        b = low.b
        low.atomic("add", low.global_address("out1"), 0, 8, b.const(1))
        again, out = low.blocks(2)
        b.branch("ult", b.load(low.global_address("out1"), 0, 8), b.const(3), again, out)
        b.start(again)
        b.call(FUNC.timer_set_callback, value, low.function_address("alarm", is_later=True))
        b.call(FUNC.timer_start, value, b.const(1000), b.const(0))
        b.jump(out)
        b.start(out)
        return b.const(0)

    t.function_of("alarm", [PTR_ARG, PTR_ARG, PTR_ARG], body)
    b, low = t.b, t.low
    key = b.alloca(8, 8)
    b.store(key, 0, 8, b.const(0))
    timers = b.op("map", symbol="timers")
    entry = b.call(FUNC.map_lookup_elem, timers, key, type=PTR_VALUE_OR_NULL)
    have, out = low.blocks(2)
    b.branch("ne", entry, b.const(0), have, out)
    b.start(have)
    timer = b.non_null(entry)
    b.call(FUNC.timer_init, timer, timers, b.const(1))
    b.call(FUNC.timer_set_callback, timer, low.function_address("alarm", is_later=True))
    b.call(FUNC.timer_start, timer, b.const(1000), b.const(0))
    b.jump(out)
    b.start(out)
    spec = t.finish()
    btf = BtfBuilder.continuing(spec.btf)
    value, size = value_of(btf, ("timer", add_special(btf, "bpf_timer"), 16))
    spec.maps["timers"] = MapSpec("timers", ARRAY, 4, size, 1, key_type_id=btf.add_int("u32", 4), value_type_id=value)
    spec.btf = btf.encode()
    import time

    backend = KernelBackend()
    try:
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        backend.test_run(backend.load_program(spec.programs["prog"], spec, maps), Run(data=bytes(64)))
        end = time.monotonic() + 5
        while maps[".data"].lookup(bytes(4))[8] < 3 and time.monotonic() < end:
            time.sleep(0.001)
        assert maps[".data"].lookup(bytes(4))[8] == 3
    finally:
        backend.close()


def test_maps_of_maps(backend):
    t = Built("tc")
    b, low = t.b, t.low
    key = b.alloca(8, 8)
    b.store(key, 0, 8, b.const(1))
    inner = b.call(FUNC.map_lookup_elem, b.op("map", symbol="outer"), key, type=PTR_MEM_OR_NULL)
    have, found, out = low.blocks(3)
    b.branch("ne", inner, b.const(0), have, out)
    b.start(have)
    entry = b.call(FUNC.map_lookup_elem, b.non_null(inner), key, type=PTR_VALUE_OR_NULL)
    b.branch("ne", entry, b.const(0), found, out)
    b.start(found)
    t.out(1, b.load(b.non_null(entry), 0, 8))
    b.jump(out)
    b.start(out)
    spec = t.finish()
    template = MapSpec("outer.inner", HASH, 4, 8, 16)
    spec.maps["outer"] = MapSpec("outer", abi.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, inner=template)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    loaded = backend.load_program(spec.programs["prog"], spec, maps)
    one = backend.create_map(template, spec)
    one.update((1).to_bytes(4, "little"), (4711).to_bytes(8, "little"))
    backend.test_run(loaded, Run(data=bytes(64)))
    assert maps[".data"].lookup(bytes(4))[8:16] == bytes(8)
    maps["outer"].update((1).to_bytes(4, "little"), one.fd.number.to_bytes(4, "little"))
    backend.test_run(loaded, Run(data=bytes(64)))
    assert int.from_bytes(maps[".data"].lookup(bytes(4))[8:16], "little") == 4711
    with pytest.raises(SyscallError):  # of another make
        other = backend.create_map(template.replace(value_size=4), spec)
        maps["outer"].update(bytes(4), other.fd.number.to_bytes(4, "little"))


PINNING = """
import os, sys
from ebee.abi import bpf as abi
from ebee.errors import UsageError
from ebee.kernel import maps
from ebee.kernel.backend import KernelBackend
from ebee.spec.object import PIN_BY_NAME, MapSpec, ObjectSpec

maps.pin_directory = sys.argv[1]
spec, obj = MapSpec("kept", abi.BPF_MAP_TYPE_HASH, 4, 8, 16, pinning=PIN_BY_NAME), ObjectSpec("test")
backend = KernelBackend()
backend.create_map(spec, obj).update(bytes(4), bytes(7) + b"x")
backend.close()
backend = KernelBackend()
assert backend.create_map(spec, obj).lookup(bytes(4)) == bytes(7) + b"x"
try:
    backend.create_map(spec.replace(value_size=4), obj)
except UsageError as e:
    print(e)
backend.close()
"""


@pytest.mark.needs_root
@pytest.mark.needs_tool("unshare", "mount", "sh")
def test_pinned_maps_are_found_again(tmp_path):
    script = 'mount -t bpf bpffs "$1" && exec "$2" -c "$3" "$1"'
    argv = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    done = subprocess.run(
        [*argv, "sh", "-c", script, "sh", str(tmp_path), sys.executable, PINNING],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "kept is another map: value_size 8, not 4" in done.stdout
