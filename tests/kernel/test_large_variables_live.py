"""Variables that do not fit on the stack, on hooks of every family, and in runs that interrupt one another."""

from __future__ import annotations

import os
import sys

import pytest
from network_namespace import in_namespace
from test_network_contexts import DECORATORS, load, probe_of
from test_network_contexts import test_the_kernel_takes_every_field as takes_every_field
from test_tracing_hooks import attach

import ebee
from ebee import Array, Str, Struct, u32, u64
from ebee.api.source import compile_probes
from ebee.spec.object import SCRATCH_MAP
from ebee.types.net_hooks import NET_HOOKS
from moved_variables import everything_moved

pytestmark = pytest.mark.needs_kernel

BIG = "class Big(ebee.Struct):\n    n: ebee.u64\n    text: str = ebee.Str(1000)\nkept = ebee.Array(Big, max_entries=1)\n"


@pytest.mark.parametrize("section", DECORATORS)
def test_the_kernel_takes_them_on_every_hook_of_the_network(backend, section):
    hook = NET_HOOKS[section.replace("xdp.frags", "xdp")]
    body = ["b = Big(n=5)", "b.text = 'abc'", "kept[0] = b", f"return {max(hook.low, min(hook.high, 1))}"]
    probe = probe_of(DECORATORS[section], "\n    ".join(body), BIG)
    assert SCRATCH_MAP in compile_probes([probe], backend.target)[0].maps
    load(backend, probe)


STAYS = {
    "texts": "f = ebee.boot_ns()\n    kept[0] = Big(n=f, text=f'{f}-{it.len}')",
    "iterators": "for i in ebee.iter_num(0, 3):\n        kept[0] = Big(n=u64(i))",
    "dynptrs": "b = Big()\n    d = ebee.dynptr(it)\n    d.read(0, b.text, 8)\n    e = d.clone()\n    out[0] = len(e)\n    kept[0] = b",
    "records": "b = Big(n=1)\n    with ring.reserve(16 + (it.len & 7)) as r:\n        r.write(0, b.n)\n    kept[0] = b",
    "loops over maps": "b = Big()\n    for k, v in h.items():\n        b.n += v\n    kept[0] = b",
}


@pytest.mark.parametrize("name", STAYS)
def test_what_the_kernel_wants_on_the_stack_stays_there(backend, name):
    before = BIG + "ring = ebee.RingBuf(bytes)\nh = ebee.Hash(ebee.u32, ebee.u64)\nu64 = ebee.u64\n"
    with everything_moved() as moved:
        load(backend, probe_of("tc('ingress')", f"{STAYS[name]}\n    return 0", before))
    assert moved


@pytest.mark.parametrize("section", ["xdp", "tcx/ingress", "socket", "netfilter"])
def test_fields_are_read_with_everything_moved(backend, section):
    with everything_moved() as moved:
        takes_every_field(backend, section)
    assert moved


class Big(Struct):
    pid: u32
    calls: u64
    name: str = Str(600)
    other: str = Str(600)


kept = Array(Big, max_entries=1)
counts = Array(u64, max_entries=2)


def record():
    b = Big(pid=ebee.pid(), calls=counts[0], name=ebee.comm())
    b.other = b.name
    counts[0] += 1
    kept[0] = b


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    record()


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx):
    record()


@ebee.raw_tracepoint("sched_process_exec")
def on_raw_exec(ctx):
    record()


@ebee.tp_btf("sched_process_exec")
def on_typed_exec(p, old_pid, bprm):
    record()


@ebee.kprobe("vfs_read")
def on_read(ctx):
    record()


@ebee.fentry("vfs_read")
def on_read_entry(file):
    record()


@ebee.fexit("vfs_read")
def on_read_exit(file, ret):
    record()


@ebee.lsm("bprm_check_security")
def on_check(bprm, ret):
    record()
    return 0


@ebee.lsm("bprm_check_security", sleepable=True)
def on_check_sleeping(bprm, ret):
    record()
    return 0


NEEDS = {"kprobe": [on_read], "fentry": [on_read_entry, on_read_exit], "lsm": [on_check, on_check_sleeping]}
PROBES = [pytest.param(p, id=p.name) for p in (on_open, on_exec, on_raw_exec, on_typed_exec)]
PROBES += [
    pytest.param(p, id=p.name, marks=pytest.mark.needs_feature(feature)) for feature, probes in NEEDS.items() for p in probes
]


@pytest.mark.parametrize("probe", PROBES)
def test_they_are_right_on_hooks_of_the_kernel(probe):
    session, attached = attach(probe, argv=["sh", "-c", "cat /etc/hostname; true"])
    with session, attached:
        attached.wait()
        b = kept[0]
        assert counts[0] >= 1 and b.calls == counts[0] - 1
        assert b.name == b.other != "" and b.pid
    assert not attached.losses


@ebee.uprobe(sys.executable, "main")
def on_main(ctx):
    record()


@ebee.perf_event("page-faults")
def on_fault(ctx):
    record()


@pytest.mark.parametrize("probe", [on_main, on_fault], ids=lambda probe: probe.name)
def test_programs_of_user_space_and_samples_are_loaded(probe):
    with ebee.Session(backend="kernel") as session:
        (program,) = session.load(probe).spec.programs.values()
        assert SCRATCH_MAP in {reloc.symbol for reloc in program.relocs}


class Sum(Struct):
    a: u64
    text: str = Str(64)


@ebee.syscall_program
def doubles(args: Sum):
    b = Big(calls=args.a * 2, name=args.text)
    b.other = b.name
    args.a = b.calls + len(b.other)
    return 3


@pytest.mark.parametrize("name", ["kernel", "engine"])
def test_programs_that_are_run_by_a_call(name):
    with ebee.Session(backend=name) as session:
        args = Sum(a=20, text="ab")
        assert session.run(doubles, ctx=args).retval == 3
        assert args.a == 42


class Row(Struct):
    tgid: u32
    text: str = Str(900)


@ebee.iter("task")
def tasks(ctx, task):
    if task is not None:
        row = Row(tgid=u32(task.tgid), text=task.comm)
        ctx.seq.write(row)


def test_they_are_right_in_iterators():
    with ebee.Session(backend="kernel") as session:
        rows = list(session.rows(tasks, Row, pid=os.getpid()))
        assert rows and all(row.tgid == os.getpid() and row.text for row in rows)


@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip")
def test_a_run_that_interrupts_another_one_has_its_own(tmp_path):
    """A packet is sent again on its own device while the program that sends it is running, three times in one another."""
    report, _ = in_namespace(
        tmp_path,
        """
        cable()

        class Big(ebee.Struct):
            depth: u64
            text: str = ebee.Str(1000)

        seen = ebee.Array(Big, max_entries=8)
        depths = ebee.Array(u64, max_entries=1)
        most = ebee.Array(u64, max_entries=1)

        @ebee.tc("egress", interface="left")
        def again(pkt):
            if pkt.udp and pkt.udp.dport == 5000:
                depth = depths[0]
                b = Big(depth=depth, text="run " + str(depth))
                depths[0] += 1
                if depth < most[0]:
                    ebee.helpers.bpf_clone_redirect(pkt, pkt.ifindex, 0)
                seen[depth] = b
            return ebee.TC_ACT_OK

        server = far(udp, 5000)
        client = udp(timeout=0.5)
        for limit in (2, 3, 5):
            with ebee.Session(backend="kernel") as session:
                with session.attach(again) as attachment:
                    most[0] = limit
                    client.sendto(b"hello", ("10.9.0.2", 5000))
                    report[str(limit)] = [
                        [(b.depth, b.text) for b in seen.values() if b.text],
                        [(loss.kind, loss.count) for loss in attachment.losses],
                    ]
        """,
    )
    runs = [[n, f"run {n}"] for n in range(4)]
    assert report["2"] == [runs[:3], []]
    assert report["3"] == [runs, []]
    assert report["5"] == [runs, [["scratch_busy", 1]]]
