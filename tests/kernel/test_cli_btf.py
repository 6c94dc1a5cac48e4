"""`ebee btf`: types of the kernel, of programs and of files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from core_objects import DATA, compile_c

from ebee.btf.read import Btf
from ebee.cli import main

VMLINUX = Path("/sys/kernel/btf/vmlinux")
pytestmark = pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")


@pytest.fixture
def cli(capsys):
    def run(*words):
        capsys.readouterr()
        code = main(["btf", *map(str, words)])
        out, err = capsys.readouterr()
        return (code, json.loads(out)) if "--json" in words else (code, out + err)

    return run


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """The object with every kind of relocation, for machines of both byte orders."""
    folder = tmp_path_factory.mktemp("btf")
    for name, big in (("little", False), ("big", True)):
        compile_c(DATA / "core_kinds.bpf.c", folder / f"{name}.bpf.o", big_endian=big)
    return folder


def bpftool(*args):
    done = subprocess.run(["bpftool", *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs_tool("bpftool")
@pytest.mark.parametrize("is_json", [False, True])
def test_all_types_are_listed_as_bpftool_lists_them(cli, objects, is_json):
    path = objects / "little.bpf.o"
    if is_json:
        theirs = json.loads(bpftool("-j", "btf", "dump", "file", path))["types"]
        for type in theirs:
            for variable in type.get("vars", ()):
                variable.pop("type", None), variable.pop("name", None)
        assert cli("dump", path, "--json")[1]["types"] == theirs
    else:
        assert cli("dump", path)[1] == bpftool("btf", "dump", "file", path)


def test_a_type_with_offsets_and_holes(cli):
    code, text = cli("show", "list_head")
    assert (code, text.splitlines()[1]) == (0, "\tstruct list_head *next; /*     0     8 */")
    data = cli("show", "struct task_struct", "--json")[1]
    members = {m["name"]: m for m in data["members"]}
    field = Btf(VMLINUX.read_bytes()).field("task_struct", "pid")
    assert members["pid"] == {"name": "pid", "type": "pid_t pid", "off": field.off_bytes, "size": 4}
    assert cli("show", "pid_t")[1].startswith("typedef ")
    assert "a hole of " in cli("show", "task_struct")[1]


def test_what_is_not_there_is_said_with_close_names(cli):
    code, text = cli("show", "task_structs")
    assert code and "there is no type 'task_structs'" in text and "did you mean task_struct" in text
    assert "there are no types 'nothing'" in cli("dump", "nothing")[1]
    assert "begins with" in cli("dump", __file__)[1] or "no ELF" in cli("dump", __file__)[1]


@pytest.mark.parametrize("order", ["little", "big"])
def test_c_with_all_that_a_type_needs(cli, objects, order):
    code, text = cli("dump", objects / f"{order}.bpf.o", "struct task_struct", "--c")
    assert code == 0
    assert text.index("struct list_head {") < text.index("struct task_struct {")
    assert "struct pid {" not in text


def test_differences(cli, tmp_path):
    (tmp_path / "old.c").write_text("struct t { int gone; int a; int b; short c; unsigned f : 3; } v;")
    (tmp_path / "new.c").write_text("struct t { int a; int b; int c; long d; unsigned f : 3; } v;")
    for name in ("old", "new"):
        compile_c(tmp_path / f"{name}.c", tmp_path / f"{name}.o")
    code, text = cli("diff", tmp_path / "old.o", tmp_path / "new.o", "t")
    assert code == 1
    assert text.splitlines() == [
        "resized  t: 16 -> 32", "removed  gone: int gone at 0, 4 bytes -> -",
        "moved    a: int a at 4, 4 bytes -> int a at 0, 4 bytes", "moved    b: int b at 8, 4 bytes -> int b at 4, 4 bytes",
        "retyped  c: short c at 12, 2 bytes -> int c at 8, 4 bytes",
        "moved    f: unsigned int f : 3 at 14, 3 bits -> unsigned int f : 3 at 24, 3 bits",
        "added    d: - -> long d at 16, 8 bytes",
    ]  # fmt: skip
    assert cli("diff", "vmlinux", "vmlinux", "file", "--json") == (0, [])


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_loaded_types_by_id(cli):
    found = cli("list", "--json")[1]
    (kernel,) = [b for b in found if b["name"] == "vmlinux"]
    assert kernel["kernel"] and kernel["size"] == len(VMLINUX.read_bytes())
    assert cli("show", "list_head", "--in", kernel["id"]) == cli("show", "list_head")
    assert "there are no types of id 4294967" in cli("dump", "4294967")[1]


def test_the_report_and_the_least_types(cli, objects, tmp_path):
    path = objects / "little.bpf.o"
    text = cli("core", path)[1]
    assert text.startswith("CO-RE: 86 relocations against vmlinux, 4 poisoned\n")
    rows = cli("core", path, "--json")[1]["relocations"]
    assert "vmlinux has no enum absent_enum" in [r["why"] for r in rows if r["is_poisoned"]]
    code, said = cli("min", path, "-o", tmp_path / "min.btf")
    assert code == 0 and said.endswith(f" of {len(VMLINUX.read_bytes())}\n")
    again = cli("core", path, "--target", tmp_path / "min.btf", "--json")[1]["relocations"]
    assert [r["new"] for r in again if r["kind"] != "core_type_id"] == [
        r["new"] for r in rows if r["kind"] != "core_type_id"
    ]
    assert cli("dedup", path, "-o", tmp_path / "once.btf")[0] == 0
    assert Btf((tmp_path / "once.btf").read_bytes()).type_count == 81
