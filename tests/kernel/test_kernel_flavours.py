"""What a program asks of the kernel's types at load time: bit fields, flavours, sizes, enumerators."""

import ctypes
import os
import subprocess
import threading

import pytest

import ebee
from ebee import KernelStruct, Ptr, Str, Struct, be16, be32, be64, s32, s64, u16, u32, u64
from ebee.btf.read import Btf
from ebee.errors import CompileError, NotSupported, UsageError
from ebee.kernel.target import kernel_target
from ebee.spec.core_relo import asked

pytestmark = pytest.mark.needs_kernel
_RESET_ON_FORK = 0x40000000


class task_struct___new(KernelStruct):
    __state: u32
    tgid: s32
    comm: str = Str(16)
    real_parent: "task_struct___new" = Ptr("task_struct")


class task_struct___old(KernelStruct):
    state: s64


class uid___inner(KernelStruct):
    val: u32


class cred___mine(KernelStruct):
    uid: uid___inner
    nothing: u32


class task_struct___cred(KernelStruct):
    cred: cred___mine = Ptr("cred")


class Answers(Struct):
    state: s64
    has_new: u32
    has_old: u32
    tgid: s32
    parent: s32
    comm: str = Str(16)
    reset: u32
    uid: u32
    has_nothing: u32
    size: u64
    field: u64
    array: u64
    has_array: u32
    has_no: u32
    has_type: u32
    has_no_type: u32


@ebee.syscall_program
def ask(a: Answers):
    task = ebee.current_task()
    new, old = task_struct___new(task), task_struct___old(task)
    a.has_new, a.has_old = hasattr(new, "__state"), hasattr(old, "state")
    if hasattr(new, "__state"):
        a.state = new.__state
    elif hasattr(old, "state"):
        a.state = old.state
    for _ in range(2):
        if hasattr(old, "state"):
            a.state = old.state
    a.tgid = new.tgid
    a.parent = new.real_parent.tgid
    a.comm = new.comm
    a.reset = task.sched_reset_on_fork
    cred = cred___mine(task_struct___cred(task).cred)
    a.uid = cred.uid.val
    a.has_nothing = hasattr(cred, "nothing")
    if hasattr(cred, "nothing"):
        a.uid = cred.nothing
    a.size = ebee.sizeof("struct task_struct")
    a.field = ebee.sizeof("struct task_struct.comm") + ebee.sizeof(Answers) + ebee.sizeof(u32)
    a.has_array = ebee.has_enum_value("bpf_map_type", "BPF_MAP_TYPE_ARRAY")
    if ebee.has_enum_value("bpf_map_type", "BPF_MAP_TYPE_ARRAY"):
        a.array = ebee.enum_value("bpf_map_type", "BPF_MAP_TYPE_ARRAY")
    no = ebee.has_enum_value("bpf_map_type", "BPF_MAP_TYPE_NONE_SUCH")
    a.has_no = no
    if no:
        a.array = ebee.enum_value("bpf_map_type", "BPF_MAP_TYPE_NONE_SUCH")
    a.has_type = ebee.has_type("struct task_struct")
    a.has_no_type = ebee.has_type("struct none_such")
    return 0


def expected(answers):
    btf = kernel_target().btf()
    task = btf.by_name("task_struct")
    members = {m.name for m in task.members}
    assert (answers.has_new, answers.has_old) == ("__state" in members, "state" in members)
    assert (answers.tgid, answers.parent) == (os.getpid(), os.getppid())
    with open(f"/proc/self/task/{threading.get_native_id()}/comm") as f:
        assert answers.comm == f.read().strip()
    assert (answers.uid, answers.has_nothing) == (os.getuid(), 0)
    assert (answers.size, answers.field) == (task.size_bytes, 16 + Answers._type.size + 4)
    assert (answers.array, answers.has_array, answers.has_no) == (2, 1, 0)
    assert (answers.has_type, answers.has_no_type) == (1, 0)


def test_the_running_kernel_answers():
    with ebee.Session(backend="kernel") as session:
        answers = Answers(has_nothing=7)
        session.run(ask, ctx=answers)
        expected(answers)


def reset_on_fork(is_on):
    libc = ctypes.CDLL(None, use_errno=True)
    policy = os.SCHED_OTHER | (_RESET_ON_FORK if is_on else 0)
    return libc.sched_setscheduler(0, policy, ctypes.byref(ctypes.c_int(0)))


def test_bit_fields_are_read():
    def run(result):
        with ebee.Session(backend="kernel") as session:
            for is_on in (False, True):
                assert reset_on_fork(is_on) == 0
                answers = Answers()
                session.run(ask, ctx=answers)
                result.append(answers.reset)

    result = []
    thread = threading.Thread(target=run, args=(result,))  # the flag cannot be taken back, but the thread ends
    thread.start()
    thread.join()
    assert result == [0, 1]


@ebee.syscall_program
def portable(a: Answers):
    task = ebee.current_task()
    a.has_new = hasattr(task, "real_parent")
    if hasattr(task, "real_parent"):
        a.parent = task.real_parent.tgid
    return 0


def test_an_object_asks_the_kernel_that_loads_it(tmp_path):
    here = ebee.compile(portable, target="kernel").spec
    assert ("core_field_exists", "struct task_struct.real_parent") in {
        (r.kind, asked(Btf(here.btf), r)) for r in here.programs["portable"].core_relos
    }
    compiled = ebee.compile(portable, target="kernel")
    path = tmp_path / "portable.bpf.o"
    compiled.save(path)
    with ebee.load(path) as obj:
        found = {(r.local, r.kind, r.source) for r in obj.core_report.results}
    assert ("struct task_struct.tgid", "core_field", "vmlinux") in found
    with ebee.Session(backend="kernel") as session:
        answers = Answers()
        session.run(portable, ctx=answers)
        assert (answers.has_new, answers.parent) == (1, os.getppid())


@ebee.tc("ingress")
def packets(pkt):
    if ebee.sizeof("struct sk_buff") > 64 and ebee.has_enum_value("bpf_map_type", "BPF_MAP_TYPE_HASH"):
        return ebee.TC_ACT_OK
    return ebee.TC_ACT_SHOT


@ebee.raw_tracepoint("sys_enter")
def flavoured(ctx):
    task = ebee.current_task()
    new, old = task_struct___new(task), task_struct___old(task)
    state = u64(new.__state) if hasattr(new, "__state") else 0
    if hasattr(old, "state"):
        state = u64(old.state)
    if state == 77 and task.sched_reset_on_fork:
        print(state)


@pytest.mark.needs_tool("bpftool")
@pytest.mark.needs_root
def test_libbpf_answers_alike(tmp_path):
    file = tmp_path / "flavoured.bpf.o"
    ebee.compile(flavoured, target="kernel").save(file)
    mount = tmp_path / "bpffs"
    mount.mkdir()
    script = f"mount -t bpf none {mount} && bpftool prog loadall {file} {mount}/p && bpftool prog show pinned {mount}/p/flavoured"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "raw_tracepoint" in done.stdout


class task_struct___bad(KernelStruct):
    tgid: u64


def test_mistakes():
    @ebee.syscall_program
    def bad(a: Answers):
        task = ebee.current_task()
        old = task_struct___old(task)
        a.state = old.stat
        a.has_old = hasattr(old, "stat")
        a.size = ebee.sizeof("task_struct")
        a.size = ebee.sizeof("struct task_struct.nothing")
        a.size = ebee.sizeof(task)
        a.has_no = ebee.has_enum_value("bpf_map_type", a.size)
        a.uid = task_struct___old(5)
        a.uid = task.xyzzy_1
        return 0

    with pytest.raises(CompileError) as caught:
        ebee.compile(bad, target="kernel")
    found = [(d.message, d.hint) for d in caught.value.diagnostics]
    assert found[:2] == [("task_struct___old declares no field 'stat'", "did you mean state?")] * 2
    assert [m for m, _ in found[2:7]] == [
        "sizeof() takes 'struct x', 'union x' or 'enum x', not 'task_struct'",
        found[3][0],
        "sizeof() takes a type, or the name of one of the kernel's, not struct task_struct *"
        if "struct task_struct *" in found[4][0] else found[4][0],
        "has_enum_value() takes names as constants",
        "task_struct___old() takes a pointer into the kernel, not 5",
    ]
    assert "task_struct___other(ebee.KernelStruct)" in found[7][1]
    with pytest.raises(UsageError, match="is u8 … u64"):
        class x___y(KernelStruct):
            field: list


def test_what_is_reached_and_missing_is_named():
    @ebee.syscall_program
    def careless(a: Answers):
        old = task_struct___old(ebee.current_task())
        if hasattr(old, "state"):
            a.state = old.state
        if a.uid == 7:
            a.array = ebee.enum_value("bpf_map_type", "BPF_MAP_TYPE_NONE_SUCH")
        return 0

    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="BPF_MAP_TYPE_NONE_SUCH"):
        session.run(careless, ctx=Answers())


def test_a_field_of_another_width_is_not_read_wrongly():
    @ebee.syscall_program
    def wrong(a: Answers):
        a.size = task_struct___bad(ebee.current_task()).tgid
        return 0

    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match=r"struct task_struct___bad\.tgid"):
        session.run(wrong, ctx=Answers())


class sock_common___mine(KernelStruct):
    skc_daddr: be32
    skc_rcv_saddr: be32
    skc_dport: be16
    skc_num: u16
    skc_addrpair: be64


class sock___mine(KernelStruct):
    __sk_common: sock_common___mine


class Connection(Struct):
    dport: u64
    daddr: u64
    saddr: u64
    both: u64
    same: u64


def test_fields_in_network_order():
    """Ports and addresses of an own connection, as declared fields and as the kernel's types have them."""
    import socket

    seen, own = ebee.RingBuf(Connection), os.getpid()

    @ebee.tp_btf("inet_sock_set_state")
    def state(sk, newstate):
        mine = sock___mine(sk)
        if ebee.pid() == own and newstate == 2 and hasattr(mine, "__sk_common"):
            common = mine.__sk_common
            with seen.reserve() as e:
                e.dport = common.skc_dport
                e.daddr = common.skc_daddr
                e.saddr = common.skc_rcv_saddr
                e.both = common.skc_addrpair
                e.same = u64(common.skc_dport == sk.__sk_common.skc_dport)

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    with ebee.Session(backend="kernel") as session:
        session.attach(state)
        client = socket.create_connection(("127.0.0.1", port), timeout=3)
        found = next(iter(seen))
    client.close()
    server.close()
    assert (found.dport, found.daddr, found.saddr) == (port, 0x7F000001, 0x7F000001)
    assert found.both == 0x7F000001_7F000001 and found.same == 1
