"""Variables that the kernel has one of for each CPU."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

import ebee
from ebee import Hash, Struct, u32, u64
from ebee.btf.kinds import BTF_KIND_VAR
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.errors import CompileError, NotSupported, UsageError
from ebee.spec.object import RELO_KSYM

pytestmark = [
    pytest.mark.needs_kernel,
    pytest.mark.skipif(not Path("/sys/kernel/btf/vmlinux").exists(), reason="this kernel has no BTF"),
]

BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
runqueues = ebee.ksym("runqueues")
active = ebee.ksym("bpf_prog_active")
misnamed = ebee.ksym("runqueue")
counts = Hash(u32, u64)
# Without CONFIG_KALLSYMS_ALL a kernel does not find its own variables.
needs_addresses = pytest.mark.skipif(
    " runqueues\n" not in Path("/proc/kallsyms").read_text(), reason="this kernel's kallsyms has no variables"
)


class Args(Struct):
    cpu: u32
    own: u32
    other: u32
    here: u32
    switches: u64
    same: u32
    active: u32


@ebee.syscall_program
def look(args: Args):
    args.own = ebee.cpu()
    args.here = u32(runqueues.this_cpu().cpu)
    args.active = u32(active.this_cpu() + 1)
    rq = runqueues[args.cpu]
    args.other = u32(rq.cpu)
    args.switches = u64(rq.nr_switches)
    args.same = u32(active[args.cpu]) + 7
    return 3


@ebee.tp_btf("sched_switch")
def on_switch(prev):
    if runqueues.this_cpu().curr.pid == prev.pid:
        counts[0] += u64(active.this_cpu() >= 0)


@needs_addresses
def test_variables_of_cpus():
    with ebee.Session(backend="kernel") as session:
        for cpu in range(os.cpu_count()):
            args = Args(cpu=cpu)
            assert session.run(look, ctx=args).retval == 3
            assert args.here == args.own and args.other == cpu and args.switches > 0
            assert args.active in (1, 2) and args.same in (7, 8)
        assert not session.losses()
        args = Args(cpu=1 << 20)
        assert session.run(look, ctx=args).retval == 0 and args.other == 0
        (loss,) = session.losses()
        assert loss.kind == "bad_index" and loss.line


@needs_addresses
def test_a_hook_with_them():
    with ebee.Session(backend="kernel") as session, session.attach(on_switch, command=["sh", "-c", "sleep 0.01"]) as a:
        a.wait()
        assert not session.losses()


@pytest.mark.skipif(not needs_addresses.args[0], reason="this kernel finds its variables")
def test_a_kernel_without_their_addresses_says_so():
    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="does not find where it is"):
        session.run(look, ctx=Args(cpu=0))


def test_in_objects_they_are_externs():
    data = ebee.compile(look).to_bytes()
    found = read_object(data)
    relocs = [r.symbol for r in found.programs["look"].relocs if r.kind == RELO_KSYM]
    assert sorted(set(relocs)) == ["bpf_prog_active", "runqueues"] == sorted(found.externs)
    types = Btf(found.btf)
    assert types.by_id(found.externs["runqueues"]).name == "rq"
    assert types.by_id(found.externs["bpf_prog_active"]).name == "int"
    assert not list(types.types(BTF_KIND_VAR)) or "runqueues" not in {t.name for t in types.types(BTF_KIND_VAR)}


@needs_addresses
@pytest.mark.needs_root
@pytest.mark.needs_tool("bpftool")
def test_bpftool_loads_the_object(tmp_path):
    ebee.compile(look).save(tmp_path / "look.o")
    (tmp_path / "mnt").mkdir()
    script = f"mount -t bpf none mnt && {shlex.join(BPFTOOL)} prog load look.o mnt/look && ls mnt"
    argv = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child", "sh", "-c", script]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == "look\n", done.stderr


@ebee.syscall_program
def unknown(args: Args):
    args.cpu = misnamed.this_cpu()
    return runqueues.that_cpu()


def test_refusals():
    with pytest.raises(CompileError, match="tell of no variable runqueue") as caught:
        ebee.compile(unknown)
    assert "runqueues" in str(caught.value) and "no method that_cpu" in str(caught.value)
    with pytest.raises(CompileError, match="kernel's BTF"):
        ebee.compile(look, target="default")
    with ebee.Session(backend="engine") as session, pytest.raises((CompileError, NotSupported), match="kernel"):
        session.run(look, ctx=Args(cpu=0))
    with pytest.raises(UsageError, match="takes a name"):
        ebee.ksym("no name")
    for use in (runqueues.this_cpu, lambda: runqueues[0]):
        with pytest.raises(UsageError, match="probe"):
            use()
    assert repr(runqueues) == "<ksym runqueues>"
