"""Section names: what libbpf makes of them, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.abi import bpf
from ebee.errors import FormatError
from ebee.spec.sections import SECTIONS, TARGET, make_section, parse_section, section_of


@pytest.mark.parametrize(
    ("name", "prog_type", "attach_type", "attach_to", "prog_flags"),
    [
        ("tracepoint/syscalls/sys_enter_openat", "TRACEPOINT", 0, "syscalls:sys_enter_openat", 0),
        ("tp/sched/sched_switch", "TRACEPOINT", 0, "sched:sched_switch", 0),
        ("tp", "TRACEPOINT", 0, "", 0),
        ("raw_tp/sys_enter", "RAW_TRACEPOINT", 0, "sys_enter", 0),
        ("raw_tracepoint.w/nbd_send_request", "RAW_TRACEPOINT_WRITABLE", 0, "nbd_send_request", 0),
        ("tp_btf/sched_switch", "TRACING", bpf.BPF_TRACE_RAW_TP, "sched_switch", 0),
        ("kprobe/do_unlinkat+0x10", "KPROBE", 0, "do_unlinkat+0x10", 0),
        ("uprobe//usr/bin/bash:readline", "KPROBE", 0, "/usr/bin/bash:readline", 0),
        ("uprobe.multi.s/x:*", "KPROBE", bpf.BPF_TRACE_UPROBE_MULTI, "x:*", bpf.BPF_F_SLEEPABLE),
        ("fentry.s/vfs_read", "TRACING", bpf.BPF_TRACE_FENTRY, "vfs_read", bpf.BPF_F_SLEEPABLE),
        ("iter/task", "TRACING", bpf.BPF_TRACE_ITER, "task", 0),
        ("lsm/file_open", "LSM", bpf.BPF_LSM_MAC, "file_open", 0),
        ("xdp", "XDP", bpf.BPF_XDP, "", 0),
        ("xdp.frags/devmap", "XDP", bpf.BPF_XDP_DEVMAP, "", bpf.BPF_F_XDP_HAS_FRAGS),
        ("tc", "SCHED_CLS", 0, "", 0),
        ("tcx/egress", "SCHED_CLS", bpf.BPF_TCX_EGRESS, "", 0),
        ("cgroup/connect4", "CGROUP_SOCK_ADDR", bpf.BPF_CGROUP_INET4_CONNECT, "", 0),
        ("sk_skb", "SK_SKB", 0, "", 0),
        ("syscall", "SYSCALL", 0, "", bpf.BPF_F_SLEEPABLE),
        ("struct_ops/cong_avoid", "STRUCT_OPS", 0, "cong_avoid", 0),
        ("freplace/verdict", "EXT", 0, "verdict", 0),
        ("tracepoint.s/sched/sched_switch", "TRACEPOINT", 0, "sched:sched_switch", bpf.BPF_F_SLEEPABLE),
        ("raw_tp.s/sys_enter", "RAW_TRACEPOINT", 0, "sys_enter", bpf.BPF_F_SLEEPABLE),
        ("tp_btf.s/sys_enter", "TRACING", bpf.BPF_TRACE_RAW_TP, "sys_enter", bpf.BPF_F_SLEEPABLE),
        ("fsession/vfs_read", "TRACING", 58, "vfs_read", 0),
        ("fentry.multi/vfs_*", "TRACING", 59, "vfs_*", 0),
        ("fexit.multi.s/vfs_*", "TRACING", 60, "vfs_*", bpf.BPF_F_SLEEPABLE),
        ("fsession.multi", "TRACING", 61, "", 0),
    ],
)
def test_names_are_read(name, prog_type, attach_type, attach_to, prog_flags):
    section = parse_section(name)
    assert section.prog_type == getattr(bpf, f"BPF_PROG_TYPE_{prog_type}")
    assert (section.expected_attach_type, section.attach_to, section.prog_flags) == (attach_type, attach_to, prog_flags)
    assert make_section(section.kind, attach_to) == name


@pytest.mark.parametrize(
    "name",
    ["", "?", "/", "nope", "nope/x", "xdp/x", "xdp_firewall", "xdp/", "tp/sched", "tp/a/b/c", "tp//x",
     "cgroup/nope", "cgroup", "socket1", "license", ".text", "maps"],
)  # fmt: skip
def test_other_names_are_refused(name):
    with pytest.raises(FormatError) as caught:
        parse_section(name)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["tp/", "kprobe.multi/", "?fentry/"])
def test_what_to_attach_to_may_be_left_out(name):
    section = parse_section(name)
    assert (section.attach_to, section.is_auto_attach) == ("", False)
    assert section == parse_section(name.rstrip("/"))


def test_every_name_of_libbpf_is_there():
    assert len(SECTIONS) == 116
    assert parse_section("fsession.s/x").has_attach_btf and not parse_section("fentry.multi/x").has_attach_btf


def test_properties():
    assert parse_section("kprobe/x").is_auto_attach and not parse_section("kprobe").is_auto_attach
    assert not parse_section("xdp").is_auto_attach
    assert parse_section("fexit/x").has_attach_btf and not parse_section("tp/a/b").has_attach_btf
    assert not parse_section("?tp/a/b").is_autoload and parse_section("tp/a/b").is_autoload


@given(st.sampled_from(sorted(SECTIONS)), st.from_regex(r"[a-z_*+:/.0-9]{1,12}", fullmatch=True))
def test_every_kind_goes_there_and_back(kind, attach_to):
    if not SECTIONS[kind][2] & TARGET:
        attach_to = ""
    elif SECTIONS[kind][0] == bpf.BPF_PROG_TYPE_TRACEPOINT:
        attach_to = "category:" + attach_to.replace("/", "_").replace(":", "_")
    section = parse_section(make_section(kind, attach_to))
    assert (section.kind, section.attach_to) == (kind, attach_to)
    usual = section_of(section.prog_type, section.expected_attach_type, attach_to, section.prog_flags)
    # Of kinds that differ in nothing that the kernel is told, it is the first.
    assert parse_section(usual).replace(kind=kind) == section


def test_the_usual_name():
    assert section_of(bpf.BPF_PROG_TYPE_TRACEPOINT, 0, "a:b") == "tracepoint/a/b"
    assert section_of(bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP) == "xdp"
    assert section_of(bpf.BPF_PROG_TYPE_XDP, bpf.BPF_XDP, prog_flags=bpf.BPF_F_XDP_HAS_FRAGS) == "xdp.frags"
    with pytest.raises(FormatError, match="BPF_PROG_TYPE_XDP with attach type 99"):
        section_of(bpf.BPF_PROG_TYPE_XDP, 99)
    with pytest.raises(FormatError):
        make_section("tracepoint/x", "a:b")
    with pytest.raises(FormatError):
        make_section("xdp", "eth0")


@given(st.text(max_size=30))
def test_any_text(name):
    try:
        parse_section(name)
    except FormatError:
        pass
