"""Programs in the order that they were attached in, cookies, classic attachment beside links."""

from __future__ import annotations

import textwrap

import pytest
from network_namespace import in_namespace

import ebee
from ebee import Hash, helpers, u32, u64

pytestmark = pytest.mark.needs_kernel

cookies = Hash(u32, u64, max_entries=8)


@ebee.raw_tracepoint("sched_process_exec")
def on_raw(ctx) -> None:
    cookies[0] = helpers.bpf_get_attach_cookie(ctx)


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx) -> None:
    cookies[1] = helpers.bpf_get_attach_cookie(ctx)


@ebee.tp_btf("sched_process_exec")
def on_typed(ctx) -> None:
    cookies[2] = helpers.bpf_get_attach_cookie(ctx)


NEW = pytest.mark.needs_feature("raw_tp_twice")  # cookies came with it
CASES = [pytest.param(on_raw, 0, marks=NEW), (on_exec, 1), pytest.param(on_typed, 2, marks=NEW)]


@pytest.mark.parametrize(("probe", "key"), CASES, ids=["raw", "tracepoint", "typed"])
def test_cookies_of_tracepoints(probe, key):
    with ebee.Session(backend="kernel") as session:
        with session.attach(probe, command=["/bin/true"], cookie=0x1234_5678_9ABC) as attached:
            attached.wait()
        assert cookies[key] == 0x1234_5678_9ABC


NETWORK = """
from ebee.sys import objects
cable()
index = socket.if_nametoindex("left")
seen = ebee.Array(u32, max_entries=8)
@ebee.tc("ingress")
def first(pkt):
    seen[0] += 1
    return -1  # TCX_NEXT
@ebee.tc("ingress")
def second(pkt):
    return -1
@ebee.tc("ingress")
def third(pkt):
    return -1
@ebee.tc("ingress", mode="classic", priority=7)
def classic(pkt):
    return ebee.TC_ACT_OK
def names():
    out = []
    for attached in objects.prog_query(index, 46).programs:
        with ebee.Program.from_id(attached.prog_id) as program:
            out.append(program.name)
    return out
with ebee.Session() as session:
    one = session.attach(first, interface="left")
    report["one"] = names()
    two = session.attach(second, interface="left", before=first)
    report["before"] = names()
    session.attach(third, interface="left", after=second)
    report["between"] = names()
    by_id = next(p.id for p in ebee.Program.all() if p.name == "first")
    @ebee.tc("ingress")
    def fourth(pkt):
        return -1
    session.attach(fourth, interface="left", before="all")
    @ebee.tc("ingress")
    def fifth(pkt):
        return -1
    session.attach(fifth, interface="left", before=by_id)
    report["all"] = names()
    @ebee.tc("ingress")
    def sixth(pkt):
        return -1
    report["gone"] = refused(session.attach, sixth, interface="left", after=1 << 30)
    report["both"] = refused(session.attach, sixth, interface="left", after=first, before=second)
    @ebee.tc("ingress")
    def eighth(pkt):
        return -1
    report["not_loaded"] = refused(session.attach, eighth, interface="left", after=eighth)
    report["wrong"] = refused(session.attach, sixth, interface="left", after="first")
    session.attach(classic, interface="left")
    from ebee.sys.netlink import tc_filters
    report["classic"] = [[f.hook, f.name, f.priority] for f in tc_filters(index)]
    @ebee.tc("ingress", mode="classic")
    def seventh(pkt):
        return ebee.TC_ACT_OK
    report["classic_before"] = refused(session.attach, seventh, interface="left", before=first)
report["closed"] = [names(), list(tc_filters(index))]

group = os.path.join(cgroup, "inner")
os.mkdir(group)
@ebee.cgroup_skb("egress")
def out_1(pkt):
    return 1
@ebee.cgroup_skb("egress")
def out_2(pkt):
    return 1
def of_group():
    fd = os.open(group, os.O_RDONLY)
    found = objects.prog_query(fd, 1)
    os.close(fd)
    out = []
    for attached in found.programs:
        with ebee.Program.from_id(attached.prog_id) as program:
            out.append(program.name)
    return [out, found.attach_flags]
with ebee.Session() as session:
    session.attach(out_1, cgroup=group, allow="multi")
    session.attach(out_2, cgroup=group)
    report["beside"] = of_group()
    report["allow_wrong"] = refused(session.attach, out_2, cgroup=group, allow="all")
    report["allow_before"] = refused(session.attach, out_2, cgroup=group, allow="multi", before=out_1)
report["left"] = of_group()
with ebee.Session() as session:
    session.attach(out_1, cgroup=group)
    report["cgroup_before"] = refused(session.attach, out_2, cgroup=group, before=out_1)
    report["cgroup_order"] = of_group()[0]
with ebee.Session() as session:
    session.attach(out_1, cgroup=group, allow="none")
    report["none"] = of_group()
    report["none_beside"] = refused(session.attach, out_2, cgroup=group)
os.rmdir(group)
"""


@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip")
def test_order_on_interfaces_and_control_groups(tmp_path):
    report, _ = in_namespace(tmp_path, textwrap.dedent(NETWORK), cgroup=True)
    assert report["one"] == ["first"]
    assert report["before"] == ["second", "first"]
    assert report["between"] == ["second", "third", "first"]
    assert report["all"] == ["fourth", "second", "third", "fifth", "first"]
    assert "interface left does not have the program that this one is to go" in report["gone"][1]
    assert "a program goes before one, or after one" in report["both"][1]
    assert "eighth is not attached in this session" in report["not_loaded"][1]
    assert "'first' is no program to go before or after" in report["wrong"][1]
    assert report["classic"] == [["ingress", "classic", 7]]
    assert "filters of classic tc have a priority=" in report["classic_before"][1]
    assert report["closed"] == [[], []]
    assert sorted(report["beside"][0]) == ["out_1", "out_2"]
    assert "allow= does not take 'all'" in report["allow_wrong"][1]
    assert "before= and after= mean nothing then" in report["allow_before"][1]
    assert report["left"][0] == []
    if report["cgroup_before"]:  # before Linux 6.17
        assert "an order of programs at control group" in report["cgroup_before"][1]
    else:
        assert report["cgroup_order"] == ["out_2", "out_1"]
    assert report["none"] == [["out_1"], 0]
    assert report["none_beside"][0] in ("UsageError", "PermissionMissing")


def test_orders_and_cookies_mean_nothing_to_others():
    with pytest.raises(ebee.UsageError, match="before= is for packet and control group probes, and there is none"):
        ebee.attach(on_raw, before="all")
    with pytest.raises(ebee.UsageError, match="tc does not take 'clsact'"):
        ebee.tc("ingress", mode="clsact")


def test_the_engine_has_no_cookies():
    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opens(ctx) -> None:
        cookies[3] = 1

    with ebee.Session(backend="engine") as session, pytest.raises(ebee.NotSupported, match="a cookie in the engine"):
        session.attach(opens, command=["/bin/true"], cookie=5)
