"""Contracts of helpers: every helper has one that can be read, and known ones say what the kernel says."""

from __future__ import annotations

import pytest

from ebee.abi import bpf
from ebee.abi.helper_protos import HELPER_PROTOS, NEEDS_BPF, NEEDS_PERFMON
from ebee.abi.helpers import HELPER_IDS, HELPER_NAMES
from ebee.abi.prototypes import prototype
from ebee.verifier.prototypes import Arg, Result, helper_proto, hook_kind, may_call

_KINDS = """
    any ctx map key value mem size size0 alloc str func stack sock skc btf_skc btf percpu lock timer kptr dynptr
    record
"""
KINDS = set(_KINDS.split())
XDP, TRACING = bpf.BPF_PROG_TYPE_XDP, bpf.BPF_PROG_TYPE_TRACING


def test_every_helper_has_a_contract() -> None:
    assert HELPER_PROTOS.keys() == HELPER_IDS.keys() - {"unspec"}
    assert HELPER_IDS.keys() >= NEEDS_BPF | NEEDS_PERFMON


@pytest.mark.parametrize("name", sorted(HELPER_PROTOS))
def test_contracts_fit_the_c_prototypes(name: str) -> None:
    proto = helper_proto(HELPER_IDS[name], XDP)
    assert proto is not None
    assert proto.name == name
    assert {arg.kind for arg in proto.args} <= KINDS
    c = prototype(name)
    without = "..." in HELPER_PROTOS[name] or name in ("get_cgroup_classid",)
    assert len(proto.args) == len(c.params) or without
    for arg, c_param in zip(proto.args, c.params, strict=False):
        is_pointer = c_param.c_type.endswith("*") or c_param.name == "map"
        assert is_pointer or arg.kind in ("any", "size", "size0", "alloc"), (arg, c_param)
        if arg.is_written and arg.kind == "mem":
            assert not c_param.is_const, c_param
    for before, arg in zip(proto.args, proto.args[1:], strict=False):
        if arg.kind in ("size", "size0"):
            assert before.kind == "mem" and not before.size_bytes


def test_a_contract_in_full() -> None:
    strtol = helper_proto(HELPER_IDS["strtol"], XDP)
    assert strtol is not None
    assert strtol.args[3] == Arg("mem", is_written=True, is_uninit=True, is_aligned=True, size_bytes=8)
    submit = helper_proto(HELPER_IDS["ringbuf_submit_dynptr"], XDP)
    assert submit is not None
    assert submit.args[0] == Arg("dynptr", is_released=True, of="ringbuf")
    assert submit.result == Result("void")
    lookup = helper_proto(1, XDP)
    assert lookup is not None
    assert lookup.result == Result("value", is_nullable=True)
    assert helper_proto(9999, XDP) is None


def test_some_types_have_other_functions() -> None:
    cookie = HELPER_IDS["get_socket_cookie"]
    in_xdp, in_tracing = helper_proto(cookie, XDP), helper_proto(cookie, TRACING)
    assert in_xdp is not None and in_tracing is not None
    assert in_xdp.args == (Arg("ctx"),)
    assert in_tracing.args == (Arg("btf_skc", is_nullable=True),)


def test_who_may_call_what() -> None:
    assert hook_kind(XDP, bpf.BPF_XDP) == "xdp.frags"
    assert hook_kind(TRACING, bpf.BPF_TRACE_RAW_TP) == "tp_btf"
    assert may_call("xdp_adjust_head", "xdp") and not may_call("xdp_adjust_head", "tc")
    assert may_call("probe_read_kernel", "kprobe") and not may_call("probe_read_kernel", "kprobe", has_perfmon=False)
    assert not may_call("loop", "socket", has_bpf=False)
    assert len(HELPER_NAMES) >= 211
