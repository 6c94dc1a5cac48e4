"""Kernels made up for tests: the same few structs, laid out in different ways."""

from __future__ import annotations

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_INT_BOOL, BTF_INT_SIGNED, Member
from ebee.btf.read import Btf
from ebee.errors import NotSupported
from ebee.spec.core_relo import CoreTarget, Relocator
from ebee.spec.core_types import CoreTypes
from ebee.spec.default_target import default_target
from ebee.spec.object import CoreRelo


def kernel_btf(gap_bytes: int = 0, *, tgid_bytes: int = 4, has_comm: bool = True, parent: str = "task_struct") -> Btf:
    """Return the types of a kernel whose task_struct has `gap_bytes` more before everything."""
    b = BtfBuilder()
    s32, u32, u64 = b.add_int("int", 4, BTF_INT_SIGNED), b.add_int("unsigned int", 4), b.add_int("long unsigned int", 8)
    char, u8 = b.add_int("char", 1, BTF_INT_SIGNED), b.add_int("unsigned char", 1)
    bool_id, wide = b.add_int("_Bool", 1, BTF_INT_BOOL), b.add_int("__int128", 16, BTF_INT_SIGNED)
    tgid = b.add_int("long int", 8, BTF_INT_SIGNED) if tgid_bytes == 8 else s32
    task, mm = b.reserve(), b.reserve()
    b.add_struct("mm_struct", 32 + gap_bytes, [Member("start_stack", u64, 64 + 8 * gap_bytes)], id=mm)
    val = b.add_struct("", 4, [Member("val", u32, 0)])
    kuid = b.add_typedef("kuid_t", val)
    cred = b.add_struct("cred", 16, [Member("usage", s32, 0), Member("uid", kuid, 64)])
    upid = b.add_struct("upid", 16, [Member("nr", s32, 0), Member("ns", b.add_ptr(0), 64)])
    union = b.add_union("", 8, [Member("hidden", u64, 0), Member("seen", s32, 0)])
    parents = {"task_struct": task, "mm_struct": mm, "": 0}
    rows = [
        ("__state", u32, 4), ("tgid", b.add_typedef("pid_t", tgid), 8), ("", union, 8),
        ("real_parent", b.add_ptr(parents[parent]), 8), ("mm", b.add_ptr(mm), 8),
        ("cred", b.add_ptr(b.add_const(cred)), 8), ("pids", b.add_array(upid, 2), 32), ("stack", b.add_ptr(0), 8),
        ("user", b.add_ptr(b.add_type_tag("user", mm)), 8), ("mode", b.add_enum("mode", [("A", 0), ("B", 1)]), 4),
        ("flag", bool_id, 4), ("bytes", b.add_array(u8, 8), 8), ("big", wide, 16), ("real", b.add_float("double", 8), 8),
    ]  # fmt: skip
    if has_comm:
        rows.append(("comm", b.add_array(char, 16), 16))
    off, members = gap_bytes, []
    for name, type_id, size in rows:
        off = -(-off // 8) * 8 if size >= 8 else off
        members.append(Member(name, type_id, 8 * off))
        off += size
    members += [Member("one", u32, 8 * off, 1), Member("three", u32, 8 * off + 1, 3)]
    b.add_struct("task_struct", off + 8, members, id=task)
    _add_functions(b, task, mm, cred, char, bool_id, s32, u64, upid)
    return Btf(b.encode())


def _add_functions(b, task, mm, cred, char, bool_id, s32, u64, upid):
    """A tracepoint (`event`, and `plain`, whose arguments have no names), functions, a security hook, an iterator."""
    text = b.add_ptr(b.add_const(char))
    traced = [("on", bool_id), ("p", b.add_ptr(task)), ("c", b.add_ptr(b.add_const(cred))), ("level", s32)]
    many = [
        ("dfd", s32), ("name", text), ("list", b.add_ptr(text)), ("who", upid), ("after", s32), ("ret", s32),
        ("user", b.add_ptr(b.add_type_tag("user", mm))),
    ]  # fmt: skip
    meta = b.add_struct("bpf_iter_meta", 16, [Member("seq", b.add_ptr(b.add_struct("seq_file", 8, [])), 0)])
    functions = {
        "__traceiter_event": (s32, [("__data", b.add_ptr(0)), *traced]),
        "do_thing": (s32, many),
        "do_long_thing": (s32, [(f"a{n}", u64) for n in range(9)]),
        "do_nothing": (0, [("p", b.add_ptr(task)), ("dfd", s32)]),
        "bpf_lsm_file_open": (s32, [("p", b.add_ptr(task))]),
        "bpf_lsm_gone": (0, [("p", b.add_ptr(task))]),
        "bpf_iter_task": (s32, [("meta", b.add_ptr(meta)), ("task", b.add_ptr(task))]),
    }
    kfuncs = {
        "bpf_task_from_pid": (b.add_ptr(task), [("pid", s32)]),
        "bpf_task_acquire": (b.add_ptr(task), [("p", b.add_ptr(task))]),
        "bpf_task_release": (0, [("p", b.add_ptr(task))]),
        "bpf_use": (s32, [("mm", b.add_ptr(mm)), ("buf", b.add_ptr(0)), ("buf__sz", s32), ("mode__k", u64)]),
        "bpf_strange": (text, [("p", b.add_ptr(b.add_ptr(task)))]),
    }
    state, number = b.add_ptr(b.add_struct("bpf_iter_thing", 12, [])), b.add_ptr(s32)
    kfuncs |= {
        "bpf_iter_thing_new": (s32, [("it", state), ("of__nullable", b.add_ptr(task)), ("flags", s32)]),
        "bpf_iter_thing_next": (number, [("it", state)]),
        "bpf_iter_thing_destroy": (0, [("it", state)]),
        "bpf_iter_strange_new": (s32, [("it", b.add_ptr(b.add_struct("bpf_iter_strange", 8, [])))]),
        "bpf_iter_strange_next": (b.add_ptr(0), [("it", state)]),
        "bpf_iter_strange_destroy": (0, [("it", state)]),
    }
    functions |= kfuncs
    for name, (result, params) in functions.items():
        function = b.add_func(name, b.add_func_proto(result, params), 0)
        if name in kfuncs:
            b.add_decl_tag("bpf_kfunc", function, -1)
    for name in ("event", "plain"):
        proto = b.add_func_proto(0, [("", b.add_ptr(0)), *(("", type_id) for _, type_id in traced)])
        b.add_typedef(f"btf_trace_{name}", b.add_ptr(proto))


def kernel_target(**layout):
    """Return a Target of such a kernel."""
    btf = kernel_btf(**layout)
    return default_target().replace(btf=lambda: btf)


def core_value(btf, kind, symbol):
    """Return the number that a kernel's types give for what a program asks by name. Raises: NotSupported."""
    builder = BtfBuilder()
    types = CoreTypes([(kind, symbol)], builder, lambda: Btf(builder.encode()))
    type_id, access, _value = types.local(kind, symbol)
    relocator = Relocator(Btf(builder.encode()), CoreTarget("vmlinux", btf))
    result = relocator.calculate("", CoreRelo(0, kind, type_id, access, ":bits" not in symbol))
    assert not result.is_validated or result.old == _value
    if result.is_poisoned:
        raise NotSupported(result.local, hint=result.why)
    return result.new
