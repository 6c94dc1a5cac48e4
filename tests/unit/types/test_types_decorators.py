"""What decorators take, and what they say of the rest."""

from __future__ import annotations

import functools

import pytest

import ebee
from ebee.errors import UsageError


def plain(ctx):
    return 1


@functools.cache
def cached(ctx):
    return 1


class Holder:
    def method(self, ctx):
        return 1

    @staticmethod
    @ebee.tracepoint("syscalls:sys_enter_openat")
    def inside(ctx):
        return 0


WRONG = {
    "a class": (Holder, "decorate a function in it"),
    "a partial": (functools.partial(plain), "Global variables"),
    "a method": (Holder().method, "no self"),
    "a classmethod": (classmethod(plain), "no self and no class"),
    "a property": (property(plain), "no self and no class"),
    "a staticmethod": (staticmethod(plain), "below @staticmethod"),
    "decorated by others": (cached, "other decorators mean nothing"),
    "wrapped": (functools.wraps(plain)(lambda *args: plain(*args)), "other decorators mean nothing"),
    "a probe": (ebee.sock_ops(plain), "one decorator takes several hooks"),
    "a builtin": (print, "write `def probe"),
    "a number": (5, "write `def probe"),
}
DECORATORS = {
    "tracepoint": ebee.tracepoint("syscalls:sys_enter_openat"),
    "xdp": ebee.xdp,
    "tc": ebee.tc("ingress"),
    "kprobe": ebee.kprobe("vfs_read"),
    "sock_ops": ebee.sock_ops,
    "syscall_program": ebee.syscall_program,
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("decorator", DECORATORS)
def test_what_is_no_function_is_refused_with_a_hint(decorator, wrong):
    thing, hint = WRONG[wrong]
    with pytest.raises(UsageError, match=f"@ebee.{decorator}.* is for functions, not for ") as caught:
        DECORATORS[decorator](thing)
    assert hint in caught.value.hint


def test_parentheses_may_be_left_out_where_nothing_must_be_said():
    for decorator in (
        ebee.sysctl, ebee.cgroup_device, ebee.sock_ops, ebee.sk_lookup, ebee.flow_dissector, ebee.sk_reuseport, ebee.xdp,
    ):  # fmt: skip
        assert decorator(plain).section == decorator()(plain).section
    assert ebee.sock_ops(cgroup="web")(plain).options == {"cgroup": "web"}


def test_what_wraps_a_probe_is_no_probe():
    with pytest.raises(UsageError, match="is not a probe"):
        ebee.compile(functools.partial(ebee.sock_ops(plain)))  # type: ignore[arg-type]


def test_a_function_in_a_class_may_be_a_probe():
    assert Holder.inside.section == "tracepoint/syscalls/sys_enter_openat"
