"""`ebee net attach` and `detach`, `ebee iter pin`: what stays when the command has ended, until it is taken off."""

from __future__ import annotations

import json
import os
import textwrap

import pytest
from live_objects import BpfFileSystem
from network_namespace import in_namespace

import ebee
from ebee import Hash, u32, u64
from ebee.cli import main

pytestmark = pytest.mark.needs_kernel

NETWORK = """
sys.path.insert(0, os.environ["HELPERS"])
from live_objects import *
import contextlib, io
from ebee.abi import bpf as abi
from ebee.cli import main
def cli(*words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main([str(word) for word in words])
    return [code, json.loads(out.getvalue()) if "--json" in words and not code else out.getvalue()]
def on(kind):
    rows = cli("net", "list", "left", "--json")[1][0][kind]
    return [(row.get("mode", ""), row.get("id") or row.get("prog_id")) for row in rows]
cable()
report["index"] = socket.if_nametoindex("left")
xdp, other = program(XDP, 2, "ebee_xdp"), program(XDP, 2, "ebee_other")
first, second = (program(SCHED_CLS, 0, name) for name in ("ebee_first", "ebee_second"))
report["ids"] = [p.id for p in (xdp, other, first, second)]
report["attach"] = cli("net", "attach", "xdp", "ebee_xdp", "left", "--json")
report["xdp"] = on("xdp")
report["taken"] = cli("net", "attach", "xdp", other.id, "left")
report["overwritten"] = cli("net", "attach", "xdp", other.id, "left", "--overwrite")
report["xdp_other"] = on("xdp")
report["off"] = cli("net", "detach", "xdp", "left")
report["none"] = on("xdp")
report["generic"] = [cli("net", "attach", "xdpgeneric", xdp.id, "lo")[0], shown("ip", "link", "show", "lo").count("xdpgeneric")]
report["generic_off"] = cli("net", "detach", "xdpgeneric", "lo", "--json")
report["driver"] = cli("net", "attach", "xdpdrv", xdp.id, "lo")
report["offload"] = cli("net", "attach", "xdpoffload", xdp.id, "left")
report["nowhere"] = cli("net", "attach", "xdp", xdp.id, "nowhere")
report["other_kind"] = cli("net", "attach", "xdp", first.id, "left")
from ebee.sys import bpf
probe = bpf.prog_attach(first.fd.number, report["index"], abi.BPF_TCX_INGRESS)
if not probe:
    bpf.prog_detach(first.fd.number, report["index"], abi.BPF_TCX_INGRESS)
    report["tcx"] = [cli("net", "attach", "tcx_ingress", p.id, "left")[0] for p in (first, second)]
    report["order"] = on("tc")
    report["which"] = cli("net", "detach", "tcx_ingress", "left")
    report["overwrite"] = cli("net", "attach", "tcx_ingress", first.id, "left", "--overwrite")
    report["tcx_off"] = [cli("net", "detach", "tcx_ingress", "left", p.id)[0] for p in (first, second)]
    report["tcx_gone"] = cli("net", "detach", "tcx_ingress", "left", first.id)
"""


@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip")
def test_programs_of_interfaces(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS", os.path.dirname(__file__))
    report, _ = in_namespace(tmp_path, textwrap.dedent(NETWORK))
    xdp, other, first, second = report["ids"]
    assert report["attach"] == [0, {"done": "attached", "attach_type": "xdp", "devname": "left", "ifindex": report["index"],
                                    "prog_id": xdp, "name": "ebee_xdp"}]  # fmt: skip
    assert report["xdp"] == [["driver", xdp]]
    assert report["taken"][0] == 2 and "has a program there already" in report["taken"][1]
    assert "--overwrite" in report["taken"][1]
    assert report["overwritten"] == [0, f"attached: xdp on left, program {other} ebee_other\n"]
    assert report["xdp_other"] == [["driver", other]]
    assert (report["off"], report["none"]) == ([0, "detached: xdp on left\n"], [])
    assert report["generic"] == [0, 1]
    assert report["generic_off"][1]["done"] == "detached"
    assert report["driver"][0] == 6 and "mode='generic'" in report["driver"][1]
    assert report["offload"][0] != 0 and "xdpoffload on interface left" in report["offload"][1]
    assert report["nowhere"][0] == 2 and "'nowhere'" in report["nowhere"][1]
    assert report["other_kind"][0] == 2 and "of another kind" in report["other_kind"][1]
    if "tcx" in report:  # since Linux 6.6
        assert (report["tcx"], report["tcx_off"]) == ([0, 0], [0, 0])
        assert [prog for _, prog in report["order"]] == [first, second]
        assert report["which"][0] == 2 and "which of the programs" in report["which"][1]
        assert report["overwrite"][0] == 2 and "nothing is overwritten" in report["overwrite"][1]
        assert report["tcx_gone"][0] == 2 and "does not have this program" in report["tcx_gone"][1]


numbers = Hash(u32, u64)


@ebee.iter("bpf_map_elem", map=numbers)
def elements(key, value, ctx):
    if key is not None:
        print("an element", file=ctx.seq)


@ebee.iter("task")
def tasks(task, ctx):
    if task is not None:
        print("a task", file=ctx.seq)


@ebee.raw_tracepoint("sched_process_exec")
def on_exec(ctx):
    return


@pytest.fixture
def cli(capsys):
    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words and not code else out + err

    return run


@pytest.mark.needs_root
def test_iterators_are_pinned(cli, tmp_path):
    def saved(name, *probes):
        (tmp_path / name).write_bytes(ebee.compile(*probes, target="kernel").to_bytes())
        return tmp_path / name

    one, two, none = saved("one.bpf.o", tasks), saved("two.bpf.o", tasks, elements), saved("none.bpf.o", on_exec)
    with BpfFileSystem(tmp_path / "pins") as pins:
        path = os.path.join(pins, "tasks")
        code, row = cli("iter", "pin", one, path, "--json")
        assert (code, row["type"], row["target_name"], row["pinned"]) == (0, "iter", "task", path)
        assert cli("iter", "read", path)[0] == 0
        with open(path) as file:
            assert set(file) == {"a task\n"}
        assert [r["id"] for r in cli("iter", "list", "--json")[1] if r["id"] == row["id"]] == [row["id"]]
        os.unlink(path)
        code, text = cli("iter", "pin", two, path, "--program", "tasks")
        assert code == 0 and text.startswith(f"{path}: link ") and "tasks, goes through task" in text
        os.unlink(path)
        with ebee.Session(backend="kernel") as session:
            session.run(with_numbers, packet=bytes(60))
            numbers[1], numbers[2] = 1, 2
            (id,) = [m.id for m in ebee.Map.all() if m.name == "numbers"]
            code, row = cli("iter", "pin", two, path, "--program", "elements", "--map", id, "--json")
            assert (code, row["map_id"]) == (0, id)
            with open(path) as file:
                assert file.read() == "an element\n" * 2
            os.unlink(path)
            assert cli("iter", "pin", one, path, "--map", id)[0] == 2
        assert "several iterators" in cli("iter", "pin", two, path)[1]
        assert "has no iterator" in cli("iter", "pin", none, path)[1]
        assert "on_exec of" in cli("iter", "pin", two, path, "--program", "on_exec")[1]
        assert not os.path.exists(path)


@ebee.xdp
def with_numbers(pkt):
    numbers[0] = 1
    del numbers[0]
    return ebee.XDP_PASS
