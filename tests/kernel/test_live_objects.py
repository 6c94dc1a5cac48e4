"""Programs, maps and links in the kernel by id and by pin: what ebee says of them is what bpftool says."""

from __future__ import annotations

import os
import textwrap

import pytest
from live_objects import RAW_TP, XDP, BpfFileSystem, bpftool, program
from network_namespace import in_namespace

import ebee
from ebee.abi import bpf as abi
from ebee.sys import bpf, objects

pytestmark = pytest.mark.needs_kernel


def a_map(map_type=abi.BPF_MAP_TYPE_HASH, name="ebee_map", entries=8):
    return ebee.Map(bpf.map_create(map_type, 4, 8, entries, 0, name))


def raw_link(prog, name="sched_process_exec"):
    return ebee.Link(bpf.raw_tracepoint_open(name, prog.fd.number))


@pytest.mark.needs_tool("bpftool")
def test_programs_are_what_bpftool_says():
    with program(XDP, 2, "ebee_pass") as prog:
        said = bpftool("prog", "show", "id", prog.id)
        assert (prog.name, prog.type, prog.tag) == (said["name"], said["type"], said["tag"])
        assert (prog.name, prog.type) == ("ebee_pass", "xdp")
        assert (prog.is_gpl, prog.uid) == (said["gpl_compatible"], said["uid"])
        assert prog.memlock_bytes == said["bytes_memlock"]
        assert abs(prog.loaded_at - said["loaded_at"]) < 2
        assert len(prog.jited()) == said["bytes_jited"]
        assert 8 * len(prog.xlated()) == said["bytes_xlated"]
        assert not prog.is_orphaned
        assert prog.verified_insns == 2
        assert prog.functions()[0].size_bytes == said["bytes_jited"]


@pytest.mark.needs_tool("bpftool")
def test_maps_are_what_bpftool_says():
    with a_map() as found:
        said = bpftool("map", "show", "id", found.id)
        assert (found.name, found.type, found.max_entries) == (said["name"], said["type"], said["max_entries"])
        assert (found.key_size, found.value_size, found.flags) == (said["bytes_key"], said["bytes_value"], said["flags"])
        assert found.memlock_bytes == said["bytes_memlock"]
        assert not found.frozen
        found.freeze()
        assert found.frozen
        with pytest.raises(ebee.SyscallError, match="BPF_MAP_UPDATE_ELEM"):
            found.update(bytes(4), bytes(8))


def test_elements_of_maps_without_types_are_bytes_or_numbers():
    with a_map() as found:
        found.update(found.from_key(3), found.from_value(-1))
        assert list(found.entries()) == [(b"\3\0\0\0", b"\xff" * 8)]
        assert found.lookup(b"\4\0\0\0") is None
        assert found.delete(b"\3\0\0\0")
        assert not found.delete(b"\3\0\0\0")
        with pytest.raises(ebee.UsageError, match="does not fit into 4 bytes"):
            found.from_key(1 << 32)
        with pytest.raises(ebee.UsageError, match="has no types: 'a' must be 4 bytes"):
            found.from_key("a")


def test_values_of_every_cpu():
    with a_map(abi.BPF_MAP_TYPE_PERCPU_ARRAY, entries=1) as found:
        found.update(bytes(4), found.from_value(7))
        assert [value for _, value in found.entries()] == [[b"\7" + bytes(7)] * found.cpus]
        numbers = list(range(found.cpus))
        found.update(bytes(4), found.from_value(numbers))
        assert [int.from_bytes(v, "little") for v in found.to_value(found.lookup(bytes(4)))] == numbers


def test_all_of_a_kind_are_found_by_id():
    with program(RAW_TP) as prog, a_map() as found, raw_link(prog) as link:
        for one, kind in ((prog, ebee.Program), (found, ebee.Map), (link, ebee.Link)):
            assert one.id in [other.id for other in kind.all()]
            with kind.from_id(one.id) as again:
                assert again.id == one.id
            assert os.getpid() in objects.holders()[(kind.kind, one.id)]
        assert link.prog_id == prog.id
        gone = link.id
    with pytest.raises(ebee.UsageError, match=f"there is no link of id {gone}"):
        ebee.Link.from_id(gone)


@pytest.mark.needs_tool("bpftool")
def test_links_are_what_bpftool_says():
    with program(RAW_TP) as prog, raw_link(prog) as link:
        said = bpftool("link", "show", "id", link.id)
        assert (link.type, link.prog_id, link.fields()["tp_name"]) == (said["type"], said["prog_id"], said["tp_name"])
        assert link.target() == "sched_process_exec"


def test_no_link_of_a_tracepoint_is_detached_or_takes_another_program():
    with program(RAW_TP) as prog, raw_link(prog) as link:
        with pytest.raises(ebee.NotSupported, match="a raw_tracepoint link: detaching it while it is held open"):
            link.detach()
        with pytest.raises(ebee.EbeeError):
            link.update(prog)


@pytest.mark.needs_root
def test_pins(tmp_path):
    with BpfFileSystem(tmp_path / "bpf") as root, program(XDP, 2) as prog, a_map() as found:
        prog.pin(f"{root}/prog")
        found.pin(f"{root}/map")
        with ebee.Program.from_pin(f"{root}/prog") as again:
            assert again.id == prog.id
        with pytest.raises(ebee.UsageError, match=f"{root}/map is a map, and no program"):
            ebee.Program.from_pin(f"{root}/map")
        from ebee.kernel.objects import pins

        assert pins()[("prog", prog.id)] == [f"{root}/prog"]
        with pytest.raises(ebee.UsageError, match="cannot be made") as caught:
            prog.pin(f"{root}/map")
        assert "something is there already" in caught.value.hint
        with pytest.raises(ebee.UsageError, match="cannot be made") as caught:
            prog.pin(tmp_path / "prog")
        assert "bpffs" in caught.value.hint
        ebee.unpin(f"{root}/prog")
        ebee.unpin(f"{root}/map")
        with pytest.raises(ebee.UsageError, match="nothing is pinned at"):
            ebee.unpin(f"{root}/map")
        with pytest.raises(ebee.UsageError, match="nothing is pinned at"):
            ebee.Map.from_pin(f"{root}/map")
    assert not os.path.ismount(tmp_path / "bpf")


def test_files_that_are_no_pins_stay(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ebee.UsageError, match="nothing is pinned at"):
        ebee.unpin(tmp_path / "file")
    assert (tmp_path / "file").exists()


def test_run_stats_count():
    with program(XDP, 2) as prog:
        prog.test_run(data=bytes(64), repeat=10)
        before = prog.run_cnt
        with ebee.RunStats():
            prog.test_run(data=bytes(64), repeat=25)
        assert prog.run_cnt == before + 25
        assert prog.run_time_ns > 0


def test_test_runs_with_options():
    with program(XDP, 2) as prog:
        ran = prog.test_run(data=bytes(range(64)), repeat=3)
        assert (ran.retval, ran.data) == (2, bytes(range(64)))
        md = bytes(24)  # struct xdp_md: data and data_end, 0 and 64
        md = (0).to_bytes(4, "little") + (64).to_bytes(4, "little") + md[8:]
        assert prog.test_run(data=bytes(64), ctx=md).ctx[4:8] == (64).to_bytes(4, "little")
        with pytest.raises(ebee.SyscallError, match="BPF_PROG_TEST_RUN"):
            prog.test_run()
    with program(RAW_TP, 5) as prog:
        assert prog.test_run(ctx=bytes(16), cpu=0).retval == 5
        with pytest.raises(ebee.SyscallError):
            prog.test_run(cpu=4095)


def test_a_program_keeps_a_map_that_its_code_does_not_use():
    with program(XDP, 2) as prog, a_map() as found:
        assert prog.map_ids == []
        prog.bind_map(found)
        assert prog.map_ids == [found.id]
        (again,) = prog.maps()
        assert again.name == "ebee_map"
        again.close()


NETWORK = """
sys.path.insert(0, os.environ["HELPERS"])
from live_objects import *
from ebee.abi import bpf as abi
from ebee.sys import objects
cable()
index = socket.if_nametoindex("left")
first, second = program(XDP, 2), program(XDP, 2, "ebee_other")
link = ebee.Link(Fd(bpf.link_create(first.fd.number, index, abi.BPF_XDP)))
report["xdp"] = [link.type, link.target(), link.fields(), link.prog_id == first.id]
link.update(second, first)
report["updated"] = link.prog_id == second.id
report["not_old"] = refused(link.update, first, first)
other_kind = program(SCHED_CLS)
report["other_kind"] = refused(link.update, other_kind)
link.detach()
report["detached"] = [link.fields(), refused(link.update, first)]
link.close()
tc = [program(SCHED_CLS, 0, f"tc_{n}") for n in range(3)]
links = [ebee.Link(Fd(bpf.link_create(p.fd.number, index, abi.BPF_TCX_INGRESS))) for p in tc]
found = objects.prog_query(index, abi.BPF_TCX_INGRESS, links=True)
report["tcx"] = [[a.prog_id for a in found.programs] == [p.id for p in tc],
                 [a.link_id for a in found.programs] == [l.id for l in links], found.revision, links[0].target()]
look = program(abi.BPF_PROG_TYPE_SK_LOOKUP, 1, "look", abi.BPF_SK_LOOKUP)
netns = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
link = ebee.Link(Fd(bpf.link_create(look.fd.number, netns, abi.BPF_SK_LOOKUP)))
report["netns"] = [link.type, link.target()]
filter = program(abi.BPF_PROG_TYPE_NETFILTER, 1, "nf", abi.BPF_NETFILTER)
link = ebee.Link(Fd(bpf.link_create(filter.fd.number, 0, abi.BPF_NETFILTER, netfilter__pf=2, netfilter__hooknum=1,
                                    netfilter__priority=-5 & 0xffffffff)))
report["netfilter"] = [link.type, link.target(), link.fields()]
skb = program(abi.BPF_PROG_TYPE_CGROUP_SKB, 1, "skb", abi.BPF_CGROUP_INET_EGRESS)
fd = os.open(cgroup, os.O_RDONLY)
link = ebee.Link(Fd(bpf.link_create(skb.fd.number, fd, abi.BPF_CGROUP_INET_EGRESS)))
report["cgroup"] = [link.type, link.target() == f"{cgroup} inet_egress"]
report["query"] = [a.prog_id == skb.id for a in objects.prog_query(fd, abi.BPF_CGROUP_INET_EGRESS).programs]
report["effective"] = skb.id in [a.prog_id for a in objects.prog_query(fd, abi.BPF_CGROUP_INET_EGRESS, 1).programs]
link.detach()
report["cgroup_detached"] = objects.prog_query(fd, abi.BPF_CGROUP_INET_EGRESS).programs
link.close()
os.close(fd)
"""


@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip")
def test_links_of_the_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS", os.path.dirname(__file__))
    report, _ = in_namespace(tmp_path, textwrap.dedent(NETWORK), cgroup=True)
    assert report["xdp"][:2] == ["xdp", "left"]
    assert report["xdp"][2]["devname"] == "left"
    assert report["xdp"][3]
    assert report["updated"]
    assert report["not_old"][0] == "UsageError"
    assert "another program than the one that was to be replaced" in report["not_old"][1]
    assert "of another kind" in report["other_kind"][1]
    assert report["detached"][0] == {"devname": "", "ifindex": 0}
    assert "is detached" in report["detached"][1][1]
    assert report["tcx"][:2] == [True, True]
    assert report["tcx"][2] > 1
    assert report["tcx"][3] == "left ingress"
    assert report["netns"] == ["netns", "this netns sk_lookup"]
    assert report["netfilter"][:2] == ["netfilter", "ip input prio -5"]
    assert report["cgroup"] == ["cgroup", True]
    assert (report["query"], report["effective"], report["cgroup_detached"]) == ([True], True, [])


def test_what_a_file_descriptor_of_a_perf_event_runs():
    from ebee.kernel.perf_events import open_samples

    event = open_samples(1, 2, 1, 1_000_000_000, 0, -1, "page-faults")  # software, disabled, of this thread
    with program(abi.BPF_PROG_TYPE_PERF_EVENT) as prog, event:
        link = ebee.Link(bpf.Fd(bpf.link_create_perf_event(prog.fd.number, event.number, 0x77)))
        with link:
            assert link.type == "perf_event"
            assert link.target() == "software page-faults"
            assert link.fields()["cookie"] in (0x77, 0)  # 0: before Linux 6.9
    with program(RAW_TP) as prog, raw_link(prog) as link:
        found = objects.task_fd_query(os.getpid(), link.fd.number)
        assert (found.prog_id, found.fd_type) == (prog.id, abi.BPF_FD_TYPE_RAW_TRACEPOINT)
        assert found.name == "sched_process_exec"
        assert objects.task_fd_query(os.getpid(), prog.fd.number) is None
