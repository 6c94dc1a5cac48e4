"""`ebee prog`, `map`, `link`, `cgroup`, `net`, `iter`: what they print is what bpftool prints of the same ids."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap

import pytest
from live_objects import RAW_TP, XDP, BpfFileSystem, bpftool, program
from network_namespace import in_namespace

import ebee
from ebee import Hash, Str, Struct, u32, u64
from ebee.abi import bpf as abi
from ebee.cli import main
from ebee.sys import bpf

pytestmark = pytest.mark.needs_kernel


class Who(Struct):
    pid: u32
    comm: Str(8)


class Total(Struct):
    count: u64
    last: ebee.s32


totals = Hash(Who, Total, max_entries=16)


@ebee.raw_tracepoint("sched_process_exec")
def on_exec(ctx) -> None:
    who = Who(pid=ebee.pid(), comm="probe")
    total = totals.lookup(who)
    if total is None:
        totals[who] = Total(count=1, last=-1)
    else:
        total.count += 1


@pytest.fixture
def cli(capsys):
    """Run a command in this process: its exit code, what it prints, and as what JSON where that was asked for."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return (code, json.loads(out)) if "--json" in words else (code, out + err)

    return run


@pytest.fixture
def attached():
    with ebee.Session(backend="kernel") as session:
        session.attach(on_exec, command=["/bin/true"])
        with session, contextlib.ExitStack() as opened:
            links = [opened.enter_context(link) for link in ebee.Link.all()]
            mine = [link for link in links if os.getpid() in held_by("link", link.id) and link.prog_id]
            names = {link.id: opened.enter_context(link.program()).name for link in mine}
            yield next(link for link in mine if names[link.id] == "on_exec")


def held_by(kind, id):
    from ebee.sys.objects import holders

    return holders().get((kind, id), [])


def known_to_bpftool(mine, said):
    """Return what both say; bpftool of an older make says less, and counts what runs meanwhile."""
    names = said.keys() & mine.keys() - {"run_time_ns", "run_cnt", "loaded_at"}
    return {name: mine[name] for name in names}, {name: said[name] for name in names}


@pytest.mark.needs_tool("bpftool")
def test_json_is_bpftools(cli, attached):
    prog_id = attached.prog_id
    for words in (("prog", prog_id), ("link", attached.id), ("map", attached.program().map_ids[0])):
        code, mine = cli(words[0], "show", words[1], "--json")
        assert code == 0
        ours, theirs = known_to_bpftool(mine, bpftool(words[0], "show", "id", words[1]))
        assert ours == theirs
        assert {"id", "type"} <= ours.keys()
        assert os.getpid() in [row["pid"] for row in mine["pids"]]


@pytest.mark.needs_tool("bpftool")
def test_dumps_of_programs_are_bpftools(cli, attached):
    code, mine = cli("prog", "dump", attached.prog_id, "--json")
    assert code == 0
    theirs = [row for row in bpftool("prog", "dump", "xlated", "id", attached.prog_id, "opcodes") if "disasm" in row]
    assert len(mine) == len(theirs)
    for ours, other in zip(mine, theirs):
        codes = other["opcodes"]
        assert int(ours["opcodes"].split()[0], 16) == int(codes["code"], 16)
    plain = [(o["disasm"], t["disasm"].split(") ", 1)[1]) for o, t in zip(mine, theirs)]
    same = [o == t for o, t in plain]
    assert sum(same) > 0.6 * len(same), [pair for pair, is_same in zip(plain, same) if not is_same]
    assert any("totals" in row.get("src", "") for row in mine)
    calls = [row["disasm"] for row in mine if "call" in row["disasm"]]
    assert any("bpf_map" in call or "htab_map" in call for call in calls), calls


def test_dumps_in_words(cli, attached):
    code, text = cli("prog", "dump", attached.prog_id)
    assert code == 0
    assert "on_exec:" in text
    line = next(line for line in text.splitlines() if 'Who(pid=ebee.pid(), comm="probe")' in line)
    assert line.startswith(";")
    assert os.path.basename(__file__) in line
    code, hexed = cli("prog", "dump", attached.prog_id, "--hex", "--no-source")
    assert code == 0
    assert ";" not in hexed
    assert "95 00 00 00 00 00 00 00" in hexed


def test_machine_code(cli, attached):
    code, (function, *_) = cli("prog", "dump", attached.prog_id, "--jited", "--json")
    assert code == 0
    assert function["insns"][0]["pc"] == function["address"]
    whole = b"".join(bytes.fromhex(row["opcodes"]) for f in [function, *_] for row in f["insns"])
    assert whole == attached.program().jited()
    assert any(row.get("line_num") for row in function["insns"])
    code, text = cli("prog", "dump", attached.prog_id, "--jited")
    assert code == 0
    assert f"{int(function['address'], 16):016x}:" in text


def test_entries_by_their_types(cli, attached):
    found = next(m for m in attached.program().maps() if m.name == "totals")
    key, value = '{"pid": 5, "comm": "me"}', '{"count": 7, "last": -3}'
    assert cli("map", "update", found.id, key, value) == (0, "")
    code, text = cli("map", "dump", found.id)
    assert code == 0
    assert '{"pid": 5, "comm": "me"}: {"count": 7, "last": -3}' in text
    code, entries = cli("map", "dump", found.id, "--json")
    assert {"pid": 5, "comm": "me"} in [entry["formatted"]["key"] for entry in entries]
    code, entry = cli("map", "lookup", found.id, key, "--json")
    assert entry["formatted"]["value"] == {"count": 7, "last": -3}
    assert entry["key"][:2] == ["0x05", "0x00"]
    assert cli("map", "update", found.id, key, value, "--if", "noexist")[0] == 8
    assert cli("map", "delete", found.id, key)[0] == 0
    assert cli("map", "delete", found.id, key) == (1, f"ebee: map {found.id} has no such key\n")
    assert cli("map", "lookup", found.id, key)[0] == 1
    code, text = cli("map", "update", found.id, '{"pids": 5}', value)
    assert (code, "has no member 'pids'" in text) == (7, True)


def test_maps_without_types(cli):
    with ebee.Map(bpf.map_create(abi.BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0, "ebee_plain")) as found:
        assert cli("map", "update", found.id, "1", "hex:0102030405060708")[0] == 0
        assert "hex:01000000: hex:0102030405060708\n(2 entries)" in cli("map", "dump", "ebee_plain")[1]
        code, text = cli("map", "update", found.id, "1", "words")
        assert (code, "has no types" in text) == (2, True)
        assert cli("map", "freeze", found.id)[0] == 0
        assert "yes: user space can no longer write" in cli("map", "show", found.id)[1]
        assert cli("map", "update", found.id, "1", "1")[0] == 8


def test_queues_and_stacks(cli):
    for kind, order in ((abi.BPF_MAP_TYPE_QUEUE, [1, 2]), (abi.BPF_MAP_TYPE_STACK, [2, 1])):
        with ebee.Map(bpf.map_create(kind, 0, 4, 2, 0, "ebee_queue")) as found:
            assert [cli("map", "push", found.id, f"hex:{number:02}000000")[0] for number in (1, 2)] == [0, 0]
            assert cli("map", "push", found.id, "hex:03000000")[0] == 8
            assert cli("map", "peek", found.id) == (0, f"hex:{order[0]:02}000000\n")
            assert cli("map", "pop", found.id, "--json")[1]["value"] == [f"{order[0]:#04x}", "0x00", "0x00", "0x00"]
            assert found.pop() == order[1].to_bytes(4, "little")
            assert cli("map", "pop", found.id) == (1, f"ebee: map {found.id} is empty\n")
            for number in (1, 2, 3):
                found.push(number.to_bytes(4, "little"), replace=True)
            assert cli("map", "push", found.id, "hex:04000000", "--replace")[0] == 0


def test_lists(cli, attached):
    for kind in ("prog", "map", "link"):
        code, text = cli(kind, "list", "--pids")
        assert code == 0
        assert text.splitlines()[0].split()[:2] == ["ID", "TYPE"]
    (line,) = [line for line in text.splitlines() if line.split()[0] == str(attached.id)]
    assert "on_exec  sched_process_exec" in " ".join(line.split()).replace(" ", "  ")
    assert f"({os.getpid()})" in line


def test_names_of_several_and_of_none(cli):
    with program(XDP, name="ebee_twice"), program(XDP, name="ebee_twice") as second:
        code, text = cli("prog", "dump", "ebee_twice")
        assert (code, "2 programs are called 'ebee_twice'" in text, f"{second.id}" in text) == (2, True, True)
        assert len(cli("prog", "show", "ebee_twice", "--json")[1]) == 2
    code, text = cli("prog", "show", "ebee_twice")
    assert (code, "there is no program called 'ebee_twice'" in text) == (2, True)


@pytest.mark.needs_root
def test_pins(cli, tmp_path):
    with BpfFileSystem(tmp_path / "bpf") as root, program(RAW_TP) as prog:
        link = ebee.Link(bpf.raw_tracepoint_open("sched_process_exec", prog.fd.number))
        with link, ebee.Map(bpf.map_create(abi.BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, "m")) as found:
            for kind, one in (("prog", prog), ("link", link), ("map", found)):
                path = f"{root}/{kind}"
                assert cli(kind, "pin", one.id, path) == (0, "")
                assert cli(kind, "show", path, "--json")[1]["pinned"] == [path]
                (row,) = [r for r in cli(kind, "list", "--pinned", "--json")[1] if r["id"] == one.id]
                assert row["pinned"] == [path]
                assert cli("map" if kind != "map" else "prog", "unpin", path)[0] == 2
                assert cli(kind, "unpin", path) == (0, "")
                assert not os.path.exists(path)


def test_stats_and_test_runs(cli, tmp_path):
    with program(XDP, 2, "ebee_pass") as prog:
        out = tmp_path / "out"
        code, ran = cli("prog", "test-run", prog.id, "--data", "00" * 20, "--repeat", 3, "--data-out", out, "--json")
        assert (code, ran["retval"], ran["data_out"], out.read_bytes()) == (0, 2, "00" * 20, bytes(20))
        code, text = cli("prog", "test-run", prog.id, "--data", "xyz")
        assert (code, "is not hexadecimal" in text) == (2, True)
        code, rows = cli("prog", "stats", prog.id, "-d", "0.01", "--json")
        assert (code, rows[0]["id"], rows[0]["run_cnt"]) == (0, prog.id, 0)


def test_links_take_other_programs(cli):
    with program(RAW_TP) as prog, ebee.Link(bpf.raw_tracepoint_open("sched_process_exec", prog.fd.number)) as link:
        code, text = cli("link", "detach", link.id)
        assert (code, "a raw_tracepoint link: detaching" in text) == (6, True)


NETWORK = """
sys.path.insert(0, os.environ["HELPERS"])
from live_objects import *
import contextlib, io
from ebee.abi import bpf as abi
from ebee.cli import main
from ebee.sys.netlink import ClsactFilter
def cli(*words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main([str(word) for word in words])
    return [code, out.getvalue()]
cable()
index = socket.if_nametoindex("left")
xdp, other = program(XDP, 2, "ebee_xdp"), program(XDP, 2, "ebee_other")
link = ebee.Link(Fd(bpf.link_create(xdp.fd.number, index, abi.BPF_XDP)))
first, second, classic = (program(SCHED_CLS, 0, name) for name in ("ebee_first", "ebee_second", "ebee_classic"))
tcx = [Fd(bpf.link_create(p.fd.number, index, abi.BPF_TCX_INGRESS)) for p in (first, second)]
filter = ClsactFilter(index, classic.fd.number, "ebee_classic", is_egress=True)
look = program(abi.BPF_PROG_TYPE_SK_LOOKUP, 1, "ebee_look", abi.BPF_SK_LOOKUP)
netns = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
looks = Fd(bpf.link_create(look.fd.number, netns, abi.BPF_SK_LOOKUP))
ids = {p.id: p.name for p in (xdp, first, second, classic, look)}
code, text = cli("net", "list", "left", "--json")
report["net"] = json.loads(text)
report["bpftool"] = bpftool("net", "list", "dev", "left")
report["ids"] = ids
report["words"] = cli("net", "list")[1]
report["none"] = cli("net", "list", "nowhere")
report["update"] = cli("link", "update", link.id, other.id, "--old", xdp.id)
report["updated"] = link.prog_id == other.id
report["not_old"] = cli("link", "update", link.id, other.id, "--old", xdp.id)
report["detach"] = cli("link", "detach", link.id)
filter.close()
egress = abi.BPF_CGROUP_INET_EGRESS
skb = [program(abi.BPF_PROG_TYPE_CGROUP_SKB, 1, name, egress) for name in ("ebee_skb", "ebee_more")]
report["attach"] = [cli("cgroup", "attach", cgroup, "cgroup_inet_egress", p.id) for p in skb]
report["again"] = cli("cgroup", "attach", cgroup, "cgroup_inet_egress", skb[0].id)
report["unlike"] = cli("cgroup", "attach", cgroup, "cgroup_inet_egress", skb[0].id, "--allow", "override")
report["cgroup"] = json.loads(cli("cgroup", "show", cgroup, "--json")[1])
report["cgroup_bpftool"] = bpftool("cgroup", "show", cgroup)
report["list"] = json.loads(cli("cgroup", "list", cgroup, "--json")[1])
report["effective"] = [row["name"] for row in json.loads(cli("cgroup", "show", cgroup, "--effective", "--json")[1])]
report["unknown"] = cli("cgroup", "attach", cgroup, "egress", skb[0].id)
report["detached"] = [cli("cgroup", "detach", cgroup, "cgroup_inet_egress", p.id) for p in skb]
report["gone"] = cli("cgroup", "detach", cgroup, "cgroup_inet_egress", skb[0].id)
"""


@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip", "bpftool")
def test_networks_and_control_groups(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS", os.path.dirname(__file__))
    report, _ = in_namespace(tmp_path, textwrap.dedent(NETWORK), cgroup=True)
    names = report["ids"]
    ((mine,), (theirs,)) = report["net"], report["bpftool"]
    assert mine["xdp"] == theirs["xdp"]
    assert [names[str(row["prog_id"])] for row in mine["tc"]] == ["ebee_first", "ebee_second", "ebee_classic"]
    assert [row["kind"] for row in mine["tc"]] == ["tcx/ingress", "tcx/ingress", "clsact/egress"]
    ours, others = ([row for row in said["tc"] if row["kind"].startswith("clsact")] for said in (mine, theirs))
    # Newer ones call it prog_id, and list tcx as well.
    assert [row.get("id", row.get("prog_id")) for row in others] == [row["prog_id"] for row in ours]
    for words in ("left", "xdp/driver", "ebee_xdp", "sk_lookup", "ebee_look", "clsact/egress"):
        assert words in report["words"]
    assert report["none"][0] == 2
    assert report["update"] == [0, ""]
    assert report["updated"]
    assert (report["not_old"][0], "holds another program" in report["not_old"][1]) == (2, True)
    assert report["detach"] == [0, ""]
    assert report["attach"] == [[0, ""], [0, ""]]
    assert (report["again"][0], "is there already" in report["again"][1]) == (2, True)
    assert (report["unlike"][0], "takes no such program" in report["unlike"][1]) == (2, True)
    keys = ("id", "attach_type", "attach_flags", "name")
    ours, theirs = ([[row[k] for k in keys] for row in report[name]] for name in ("cgroup", "cgroup_bpftool"))
    assert ours == theirs
    assert [row["order"] for row in report["cgroup"]] == [0, 1]
    assert report["list"][0]["programs"] == report["cgroup"]
    assert {"ebee_skb", "ebee_more"} <= set(report["effective"])
    assert (report["unknown"][0], "there is no attach type 'egress'" in report["unknown"][1]) == (2, True)
    assert report["detached"] == [[0, ""], [0, ""]]
    assert (report["gone"][0], "has no such program without a link" in report["gone"][1]) == (2, True)


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o nosort"), ("zsh", "#compdef ebee"), ("fish", "complete --no")]
)
def test_completion(cli, shell, word):
    code, text = cli("completion", shell)
    assert (code, word in text) == (0, True)


def completed(*words):
    env = {**os.environ, "_EBEE_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["ebee", *words]),
           "COMP_CWORD": str(len(words))}  # fmt: skip
    argv = [sys.executable, "-m", "ebee"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=True)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_shells_complete_commands_and_names():
    assert {"prog", "map", "link", "cgroup", "net", "iter"} <= set(completed(""))
    assert "test-run" in completed("prog", "te")
    with program(XDP, name="ebee_to_complete") as prog:
        assert "ebee_to_complet" in completed("prog", "show", "ebee_to")
        assert str(prog.id) in completed("prog", "dump", str(prog.id)[:2])


def test_ordinary_users_are_told_what_is_missing(as_user):
    text = "import ebee\ntry: list(ebee.Program.all())\nexcept ebee.PermissionMissing as e: print(e)"
    done = subprocess.run(as_user([sys.executable, "-c", text]), capture_output=True, text=True, timeout=30)
    assert done.stdout == "listing programs needs CAP_SYS_ADMIN\n", done.stderr
