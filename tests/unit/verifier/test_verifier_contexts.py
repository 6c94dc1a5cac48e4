"""Contexts: what the tables say of the places that programs touch, and the kernel's own answers beside them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from ebee.abi.context_access import LIKE, READS, RETURNS, WRITES
from ebee.btf.read import Btf
from ebee.isa.asm import assemble
from ebee.isa.encode import encode
from ebee.spec.btf_hooks import find_hook, hook_names
from ebee.spec.sections import SECTIONS
from ebee.verifier.contexts import Context, Field, context_of, parse_field


def context(kind: str, btf: Btf | None = None, attach_to: str = "") -> Context:
    prog_type, attach_type, _, _ = SECTIONS[kind]
    return context_of(prog_type, kind, attach_type=attach_type, btf=btf, attach_to=attach_to)


def shown(field: Field | None) -> str:
    """Return a field as the verifier's log names it."""
    if field is None:
        return ""
    marks = [word for word in ("trusted", "rdonly", "user", "percpu", "rcu") if getattr(field, f"is_{word}")]
    null = "_or_null" if field.is_nullable else ""
    name = f"ptr{null}_{field.of}" if field.kind == "ptr_" else field.kind + null
    return "".join(f"{mark}_" for mark in marks) + name


@pytest.mark.parametrize(
    ("kind", "off", "size", "read", "written"),
    [
        ("tc", 0, 4, "scalar", ""),  # len
        ("tc", 0, 1, "scalar", ""),  # its low byte
        ("tc", 8, 4, "scalar", "scalar"),  # mark
        ("tc", 8, 2, "scalar", ""),  # is written whole
        ("tc", 2, 4, "", ""),  # across two fields
        ("tc", 76, 4, "pkt", ""),
        ("tc", 76, 8, "", ""),
        ("tc", 140, 4, "pkt_meta", ""),
        ("tc", 168, 8, "sock_common_or_null", ""),
        ("tc", 192, 4, "", ""),
        ("tc", -4, 4, "", ""),
        ("xdp", 4, 4, "pkt_end", ""),
        ("xdp", 20, 4, "", ""),  # egress_ifindex is for devmaps
        ("xdp/devmap", 20, 4, "scalar", ""),
        ("cgroup/sysctl", 4, 4, "scalar", "scalar"),
        ("cgroup/getsockopt", 36, 4, "scalar", "scalar"),
        ("cgroup/setsockopt", 36, 4, "", ""),
        ("netfilter", 8, 8, "trusted_ptr_sk_buff", ""),
        ("tracepoint", 0, 8, "", ""),
        ("tracepoint", 12, 4, "scalar", ""),
        ("tracepoint", 10, 4, "", ""),
        ("syscall", 0xFFF8, 8, "scalar", "scalar"),
        ("syscall", 0x1_0000, 8, "", ""),
        ("raw_tp.w", 0, 8, "tp_buffer", ""),
        ("kprobe", 160, 8, "scalar", ""),
        ("kprobe", 168, 8, "", ""),
        ("fentry", 0, 8, "", ""),  # without types nothing is known
    ],
)
def test_places_in_contexts(kind: str, off: int, size: int, read: str, written: str) -> None:
    assert shown(context(kind).access(off, size, False)) == read
    assert shown(context(kind).access(off, size, True)) == written


def test_names_of_the_log_are_read() -> None:
    for text in ("scalar", "pkt", "sock_common_or_null", "trusted_ptr_or_null_file", "rdonly_buf_or_null", "ptr_sock"):
        assert shown(parse_field(text)) == text


def test_every_row_stands_for_a_kind_of_section() -> None:
    assert {*READS, *WRITES, *RETURNS, *LIKE} - {"sock", "sock_common", "tcp_sock"} <= SECTIONS.keys()
    assert not LIKE.keys() & READS.keys()


def say(kind: str, touch: str, hook_id: int = 0) -> str:
    from ebee.sys.bpf import ProgLoad

    prog_type, attach_type, _, flags = SECTIONS[kind]
    code = encode(assemble(f"{touch}\nr0 = r5\nexit"), sys.byteorder)
    return ProgLoad(
        prog_type, code, "touch", "GPL", expected_attach_type=attach_type, prog_flags=flags, attach_btf_id=hook_id
    ).load_with_log()[1]


def kernel_reads(log: str) -> str:
    found = re.search(r"R2(?:_w)?=(\w+)", log)
    what = found[1] if found and "R5 !read_ok" in log else ""
    return "scalar" if what.isdecimal() else what


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", ["tp_btf", "iter"])
def test_the_kernel_agrees_on_every_argument_of_typed_hooks(kind: str) -> None:
    version = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])
    if version != (6, 18):
        pytest.skip("the tables are of Linux 6.18")
    btf = Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())
    seen = 0
    for name in hook_names(btf, kind)[::4]:
        hook = find_hook(btf, kind, name)
        assert hook is not None
        if kind == "iter" and "R5 !read_ok" not in say(kind, "r2 = *(u64 *)(r1 + 0)", hook.id):
            continue  # a function that begins like one, of no iterator of this kernel
        seen += 1
        c = context(kind, btf, name)
        for off, size in [*((8 * n, 8) for n in range(13)), (0, 4), (8, 4), (9, 1), (12, 4)]:
            text = f"r2 = *(u{8 * size} *)(r1 + {off})"
            assert kernel_reads(say(kind, text, hook.id)) == shown(c.access(off, size, False)), (name, off, size)
    assert seen
