"""Functions of the kernel, by their names: docs/kfuncs.md, what is held on every way, iterators, both engines."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Array, List, Struct, s32, u64
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import UsageError, VerifierError
from ebee.kernel.backend import KernelBackend
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kfuncs.md"
KERNEL = pytest.param(KernelBackend, marks=[pytest.mark.needs_kernel, pytest.mark.needs_feature("task_kfuncs")])
PRELUDE = """
import ebee
from ebee import *
from ebee.helpers import bpf_get_current_cgroup_id
out = Array(u64, max_entries=8)
task_from_pid = ebee.kfunc("bpf_task_from_pid")
task_acquire = ebee.kfunc("bpf_task_acquire")
exe_file = ebee.kfunc("bpf_get_task_exe_file", optional=True)
never = ebee.kfunc("bpf_never_was", optional=True)
class Args(Struct):
    pid: s32
    more: s32
"""
BODIES = {
    "every way out": (
        ["n = 0", "for i in range(4):", "    with task_from_pid(args.pid) as task:", "        n += 1", "        if i == 1:",
         "            continue", "        if i == 3:", "            break", "        with task_acquire(task) as again:",
         "            if again.tgid == 0:", "                return", "            n += 10", "out[0] = u64(n)"],
        [24],
    ),
    "nothing to hold": (
        ["with task_from_pid(-1) as task:", "    out[0] = 1", "else_ = 5", "out[1] = 5",
         "with task_from_pid(args.pid) as task:", "    return", "out[2] = 1"],
        [0, 5, 0],
    ),
    "an error while holding": (["with task_from_pid(args.pid) as task:", "    assert task.tgid == 0", "out[0] = 1"], [0]),
    "what may be missing": (
        ["if never.exists:", "    out[0] = never(1, 2, 'three')", "out[1] = 1 if never.exists else 2"], [0, 2]
    ),
    "sections": (
        ["with ebee.rcu():", "    out[0] = 1", "    if args.more == 7:", "        with ebee.preempt_disabled():",
         "            out[1] = 2", "            return", "out[2] = 1"],
        [1, 2, 0],
    ),
    "numbers": (
        ["t = 0", "for i in ebee.iter_num(args.more, 20):", "    if i == 9:", "        continue", "    if i == 12:",
         "        break", "    t += i", "else:", "    out[1] = 1", "out[0] = u64(t)", "n = 0",
         "for i in ebee.iter_num(0, 3):", "    for j in ebee.iter_num(i, args.more):", "        n += 1",
         "else:", "    out[2] = u64(n)", "for i in ebee.iter_num(5, args.more - 7):", "    out[3] = 1"],
        [7 + 8 + 10 + 11, 0, 7 + 6 + 5, 0],
    ),
}  # fmt: skip
NUMBER = [n for n in BODIES if n in ("sections", "numbers")]


def make(name, hook, prelude=PRELUDE):
    file = f"<kfuncs {name} {hook}>"
    parameter, result = ("args: Args", "return 0") if hook == "syscall_program" else ("pkt", "return 2")
    body = [line.replace("args.more", "pkt[4]") if hook == "xdp" else line for line in BODIES[name][0]]
    body = [line if hook != "xdp" else re.sub(r"return$", "return 2", line) for line in body]
    text = f"{prelude}\n@ebee.{hook}\ndef probe({parameter}):\n" + "".join(f"    {line}\n" for line in [*body, result])
    remember_source(file, text)
    module = sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), module.__dict__)
    return module.probe


def run(backend_class, probe, data):
    backend = backend_class()
    try:
        spec, _decls = compile_probes([probe], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(next(iter(spec.programs.values())), spec, maps)
        backend.test_run(program, Run(data=data) if "xdp" in probe.section else Run(ctx=data))
        return [int.from_bytes(maps["out"].lookup(bytes([n, 0, 0, 0])), "little") for n in range(8)]
    finally:
        backend.close()


@pytest.fixture(scope="module")
def child():
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("task_kfuncs")
@pytest.mark.parametrize("name", BODIES)
def test_in_the_kernel(name, child):
    expected = BODIES[name][1]
    assert run(KernelBackend, make(name, "syscall_program"), struct.pack("<ii", child, 7))[: len(expected)] == expected


@pytest.mark.parametrize("backend", [EngineBackend, KERNEL])
@pytest.mark.parametrize("name", NUMBER)
def test_in_both(name, backend):
    prelude = re.sub(r".*kfunc.*\n", "", PRELUDE)
    expected = BODIES[name][1]
    assert run(backend, make(name, "xdp", prelude), bytes(4) + b"\7" + bytes(59))[: len(expected)] == expected


class Places(Struct):
    pid: s32
    cgroup: u64
    words: list[int] = List(u64, 3)


counts = Array(u64, max_entries=7)
task_from_pid, cgroup_from_id = ebee.kfunc("bpf_task_from_pid"), ebee.kfunc("bpf_cgroup_from_id")
tasks, css, css_task = (ebee.kfunc_iter(name) for name in ("task", "css", "css_task"))
bits, caches, buffers = (ebee.kfunc_iter(name) for name in ("bits", "kmem_cache", "dmabuf"))


@ebee.syscall_program
def iterators(args: Places):
    with task_from_pid(args.pid) as process:
        counts[0] = 0
        with ebee.rcu():
            for _thread in tasks(process, 2):
                counts[0] += 1
    with cgroup_from_id(args.cgroup) as group:
        counts[2] = 100
        with ebee.rcu():
            for _state in css(group.self, ebee.enum_value("bpf_cgroup_iter_order", "BPF_CGROUP_ITER_DESCENDANTS_PRE")):
                counts[1] += 1
        for task in css_task(group.self, 0):
            if task.tgid == args.pid:
                counts[2] = 1
                break
    n = 0
    for bit in bits(args.words, 3):
        if bit == 64:
            continue
        n += bit
    counts[3] = u64(n)
    for _bit in bits(args.words, 0):  # refused by the kernel: counted
        counts[3] = 0


@ebee.syscall_program
def memory(args: Places):
    for cache in caches():
        if cache.size > 0:
            counts[0] += 1
    for _buffer in buffers():
        counts[1] += 1


def run_iterators(probe, pid):
    backend = KernelBackend()
    try:
        spec, _decls = compile_probes([probe], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(next(iter(spec.programs.values())), spec, maps)
        group = os.stat(
            "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
        ).st_ino
        backend.test_run(program, Run(ctx=struct.pack("<iiQ3Q", pid, 0, group, 1 << 5 | 1 << 63, 1, 1 << 2)))
        lost = maps[LOSS_MAP].lookup(bytes(4))
        failed = [s.slot for s in spec.loss_sites if s.kind == "iterator_failed"]
        found = [int.from_bytes(maps["counts"].lookup(bytes([n, 0, 0, 0])), "little") for n in range(4)]
        return found, [int.from_bytes(lost[8 * n : 8 * n + 8], "little") for n in failed]
    finally:
        backend.close()


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("bits_iterator")
def test_iterators_of_tasks_groups_and_bits(child):
    found, failed = run_iterators(iterators, child)
    assert found[0] == 1 and found[1] >= 1 and found[2] in (1, 100) and found[3] == 5 + 63 + 130
    assert failed == [0, 0, 0, 0, 1]


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("dmabuf_iterator")
def test_iterators_of_caches(child):
    found, failed = run_iterators(memory, child)
    assert found[0] > 10 and failed == [0, 0]


CALLER = """
import ebee
from ebee import *
caches, tasks = ebee.kfunc_iter("kmem_cache"), ebee.kfunc_iter("task")
class Args(Struct):
    pid: s32
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("dmabuf_iterator")
@pytest.mark.parametrize(
    "hook, parameter, loop, hint",
    [
        ("xdp", "pkt", "caches()", "only programs that may sleep"),
        ("syscall_program", "args: Args", "tasks(None, 0)", "with ebee.rcu"),
    ],
)
def test_where_an_iterator_is_not_allowed_the_kernel_says_so_on_the_line(hook, parameter, loop, hint):
    text = f"{CALLER}\n@ebee.{hook}\ndef probe({parameter}):\n    for x in {loop}:\n        pass\n    return 0\n"
    file = f"<iterator in {hook}>"
    remember_source(file, text)
    module = sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), module.__dict__)
    backend = KernelBackend()
    try:
        spec, _decls = compile_probes([module.probe], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        with pytest.raises(VerifierError) as caught:
            backend.load_program(spec.programs["probe"], spec, maps)
    finally:
        backend.close()
    assert caught.value.span.line == text[: text.index("for x")].count("\n") + 1 and hint in caught.value.hint


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("task_iterators")
def test_the_page_runs(child):
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    remember_source(str(PAGE), text)
    module = sys.modules["docs_kfuncs"] = type(sys)("docs_kfuncs")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    backend = KernelBackend()
    try:
        spec, _decls = compile_probes([module.look], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(spec.programs["look"], spec, maps)
        group = os.stat(
            "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
        ).st_ino
        backend.test_run(program, Run(ctx=struct.pack("<iiQ16s", child, 0, group, b"a python")))
        found = [int.from_bytes(maps["known"].lookup(bytes([n, 0, 0, 0])), "little") for n in range(7)]
        maps_of_child = Path(f"/proc/{child}/maps").read_text().splitlines()
    finally:
        backend.close()
    assert found[:3] == [child, os.getpid(), 1] and found[4:6] == [sum(range(101)), 1]
    ends = [[int(end, 16) for end in line.split()[0].split("-")] for line in maps_of_child if "[vsyscall]" not in line]
    assert found[6] == sum(end - start for start, end in ends) > 0
    assert found[3] == 1 or "bpf_strstr" not in Path("/proc/kallsyms").read_text()


def test_outside_of_probes():
    f = ebee.kfunc("bpf_task_from_pid")
    for call in (f, ebee.rcu, ebee.preempt_disabled, ebee.iter_task, lambda: f.exists, lambda: ebee.iter_num(0, 1)):
        with pytest.raises(UsageError, match="probe"):
            call()
    assert repr(f) == "<kfunc bpf_task_from_pid>"
    with pytest.raises(UsageError, match="kfunc takes a name, not 'a b'"):
        ebee.kfunc("a b")
    assert repr(tasks) == "<kfunc iterator task>"
    with pytest.raises(UsageError, match="only probes can go over it"):
        tasks(None, 0)
    with pytest.raises(UsageError, match="kfunc_iter takes a name, not 5"):
        ebee.kfunc_iter(5)
