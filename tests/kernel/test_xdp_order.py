"""Several XDP programs on one interface, in order; modes that a device does not have; test runs with live frames."""

from __future__ import annotations

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.vm, pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]

BEGIN = """
import json, subprocess, sys
from ebee.sys import bpf
cable()
log = ebee.Array(u32, max_entries=16)
at = ebee.Array(u32, max_entries=1)
def note(number):
    at[0] += 1
    log[at[0] & 15] = number
@ebee.xdp
def first(pkt):
    if pkt.udp and pkt.udp.dport == 9:
        note(1)
    return ebee.XDP_PASS
@ebee.xdp
def second(pkt):
    if pkt.udp and pkt.udp.dport == 9:
        note(2)
    return ebee.XDP_PASS
@ebee.xdp
def drops(pkt):
    if pkt.udp and pkt.udp.dport == 9:
        note(3)
        return ebee.XDP_DROP
    return ebee.XDP_PASS
def listed():
    '''What another process says of the order: `ebee net list`.'''
    done = subprocess.run([sys.executable, "-m", "ebee", "net", "list", "left", "--json"], capture_output=True, text=True, check=True)
    names = {p.id: p.name for p in ebee.Program.all()}
    return [names[row["id"]] for row in json.loads(done.stdout)[0]["xdp"]]
server = udp(9, "10.9.0.1", timeout=0.3)
client = far(udp)
def order():
    '''The numbers of those that see a packet, and whether it arrives.'''
    at[0] = 0
    client.sendto(b"x", ("10.9.0.1", 9))
    arrives = bool(got(server))
    return [log[i + 1] for i in range(at[0])] + ([0] if arrives else [])
"""


def test_they_run_in_the_order_that_is_asked_for(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        BEGIN
        + """
with ebee.Session() as session, ebee.Session() as other:
    report["none_yet"] = refused(session.attach, first, interface="left", before="second")
    one = session.attach(first, interface="left")
    report["one"] = order()
    two = session.attach(second, interface="left")
    report["appended"] = order()
    report["listed"] = listed()
    three = session.attach(drops, interface="left", after=first)
    report["between"] = order()
    report["listed_between"] = listed()
    report["link"] = [l.type for l in ebee.Link.all() if l.type == "xdp" and l.target() == "left"]
    three.detach()
    report["gone"] = order()
    three = session.attach(drops, interface="left", before="all")
    report["before"] = order()
    three.detach()
    one.detach()
    report["last"] = order()
    report["listed_last"] = listed()
    one = session.attach(first, interface="left", after="all")
    report["behind"] = order()
    report["twice"] = refused(session.attach, first, interface="left")
    report["elsewhere"] = refused(session.attach, first, interface="lo", after=second)
    report["both"] = refused(session.attach, drops, interface="left", after=second, before=first)
    ids = [p.id for p in ebee.Program.all() if p.name == "second"]
    three = other.attach(drops, interface="left", before=max(ids))
    report["by_id"] = order()
    two.detach()
    report["two_sessions"] = order()
    other.close()
    report["closed"] = order()
with ebee.attach(first, second, interface="left"):
    report["together"] = order()
with ebee.Session() as session:
    session.attach(first, interface="left").detach()
    taken = bpf.link_create(session._latest[first].programs["first"].fd.number, socket.if_nametoindex("left"), 37)
    report["taken"] = refused(session.attach, second, interface="left")
    os.close(taken)
    report["end"] = refused(session.attach, second, interface="left")
report["maps"] = [m.name for m in ebee.Map.all() if m.name == "xdp_next"]
""",
    )
    assert report["one"] == [1, 0]
    assert report["appended"] == [1, 2, 0]
    assert report["between"] == [1, 3]
    assert report["listed"] == ["first", "second"] and report["listed_between"] == ["first", "drops", "second"]
    assert report["listed_last"] == ["second"]
    assert report["link"] == ["xdp"]
    assert report["gone"] == [1, 2, 0]
    assert report["before"] == [3]
    assert report["last"] == [2, 0]
    assert report["behind"] == [2, 1, 0]
    assert "has this program already: first" in report["twice"][1]
    assert "does not have the program" in report["elsewhere"][1]
    assert "'second' is no program to go before or after" in report["none_yet"][1]
    assert "before one, or after one" in report["both"][1]
    assert report["by_id"] == [3]
    assert report["two_sessions"] == [3]
    assert report["closed"] == [1, 0]
    assert report["together"] == [1, 2, 0]
    assert report["taken"][1] == "interface left has an XDP program already" and "another" in report["taken"][2]
    assert report["end"] == ""
    assert report["maps"] == []


def test_what_programs_call_themselves_comes_back_to_the_order(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        BEGIN
        + """
handlers = ebee.ProgArray(max_entries=2)
@ebee.xdp
def dispatches(pkt):
    if pkt.udp and pkt.udp.dport == 9:
        handlers.call(pkt, 1)
    return ebee.XDP_PASS
@ebee.xdp
def handler(pkt):
    if pkt.udp:
        note(4)
    return ebee.XDP_PASS
handlers[1] = handler
@ebee.xdp(frags=True)
def fragmented(pkt):
    return ebee.XDP_PASS
@ebee.xdp(mode="generic")
def generic(pkt):
    return ebee.XDP_PASS
with ebee.Session() as session:
    session.attach(first, interface="left")
    session.attach(dispatches, interface="left")
    session.attach(second, interface="left")
    report["order"] = order()
    report["frags"] = refused(session.attach, fragmented, interface="left")
    report["mode"] = refused(session.attach, generic, interface="left")
    report["still"] = order()
    ip("link", "delete", "left")
    ip("link", "add", "left", "type", "veth", "peer", "name", "right2")
    report["made_anew"] = refused(session.attach, drops, interface="left")
""",
    )
    assert report["order"] == report["still"] == [1, 4, 2, 0]
    assert report["frags"][0] == "NotSupported" and "frags=True" in report["frags"][2]
    assert "mode auto, and not generic" in report["mode"][1]
    assert report["made_anew"] == ""


def test_modes_that_a_device_does_not_have(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        BEGIN
        + """
def of_mode(mode):
    @ebee.xdp(mode=mode)
    def passes(pkt):
        return ebee.XDP_PASS
    return passes
with ebee.Session() as session:
    report["offload"] = refused(session.attach, of_mode("offload"), interface="left")
    report["native"] = refused(session.attach, of_mode("native"), interface="lo")
    report["generic"] = refused(session.attach, of_mode("generic"), interface="lo")
""",
    )
    for mode, interface, words in (("offload", "left", "mode='native'"), ("native", "lo", "mode='generic'")):
        assert report[mode][0] == "NotSupported" and f"XDP on interface {interface} in mode {mode}" in report[mode][1]
        assert words in report[mode][2]
    assert report["generic"] == ""


@pytest.mark.parametrize("batch_size", [0, 1, 5])
def test_live_frames(tmp_path, batch_size):
    report, _ = in_namespace(
        tmp_path,
        BEGIN
        + f"""
import struct
import ebee.abi.bpf as abi
frame = packets.udp(b"live", dport=9, sport=7, src="10.9.0.2", dst="10.9.0.1")
frame = bytes.fromhex("020000000001") + frame[6:]
ctx = struct.pack("=6I", 0, len(frame), 0, socket.if_nametoindex("left"), 0, 0)
def arrived():
    n = 0
    while got(server) == "live":
        n += 1
    return n
with ebee.Session() as session:
    session.attach(first, interface="left")
    session.attach(drops, interface="lo")
    for name in ("first", "drops"):
        (one,) = [p for p in ebee.Program.all() if p.name == name]
        at[0] = 0
        with one:
            result = one.test_run(
                data=frame, ctx=ctx, repeat=20, flags=abi.BPF_F_TEST_XDP_LIVE_FRAMES, batch_size={batch_size})
        report[name] = [at[0], arrived(), result.data.hex(), result.retval]
    with ebee.Program.from_id([p.id for p in ebee.Program.all() if p.name == "first"][0]) as one:
        report["size"] = refused(one.test_run, data=frame, ctx=ctx, flags=abi.BPF_F_TEST_XDP_LIVE_FRAMES, batch_size=257)
        report["no frames"] = refused(one.test_run, data=frame, ctx=ctx, batch_size=5)
""",
    )
    assert report["first"] == [20, 20, "", 0]
    assert report["drops"] == [20, 0, "", 0]
    assert (report["size"], report["no frames"]) == ("E2BIG", "EINVAL")
