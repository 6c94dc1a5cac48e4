"""CO-RE against other real kernels: least BTFs of Debian's 6.1, 6.12 and 7.3, made by tools/gen/core_kernels.py."""

from __future__ import annotations

import json
import os
import shlex
import subprocess

import pytest
from core_objects import DATA, compile_c, read_programs

from ebee.btf.read import Btf
from ebee.errors import NotSupported
from ebee.spec.core_relo import CoreTarget, Relocator
from ebee.spec.object import CoreRelo

KERNELS = json.loads((DATA / "kernels.json").read_text())
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))


def types(name, version, base=None):
    return Btf((DATA / f"{name}-{version}.btf").read_bytes(), base=base)


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    return {name: (folder / f"{name}.o", compile_c(DATA / f"{name}.bpf.c", folder / f"{name}.o")) for name in ("kernels", "modules")}


def results(data, target):
    spec = read_programs(data)
    relocator = Relocator(Btf(spec.btf), target)
    return [relocator.calculate(p.name, relo) for p in spec.programs.values() for relo in p.core_relos]


def rows(found):
    return [[r.kind, r.local, r.new, r.new_size, r.is_poisoned] for r in found]


@pytest.mark.parametrize("version", KERNELS)
def test_values_are_those_of_the_whole_kernel(version, objects):
    assert rows(results(objects["kernels"][1], CoreTarget("vmlinux", types("vmlinux", version)))) == KERNELS[version]["kernels"]


def test_what_became_of_fields_and_enumerators(objects):
    """As the kernels' sources have it: 6.2, 6.6, 6.13 and 6.15 renamed what is asked for, and 6.7 brought netkit."""
    found = {v: results(objects["kernels"][1], CoreTarget("vmlinux", types("vmlinux", v))) for v in KERNELS}

    def values(local, kind="core_field_exists"):
        return [next(r.new for r in found[v] if r.kind == kind and r.local == local) for v in ("6.1", "6.12", "7.3")]

    assert values("struct mm_struct___before.rss_stat.count[2].counter") == [1, 0, 0]
    assert values("struct mm_struct___after.rss_stat[2].count") == [0, 1, 1]
    assert values("struct inode___before.i_ctime.tv_sec") == [1, 0, 0]
    assert values("struct inode___after.i_ctime_sec") == [0, 1, 1]
    assert values("struct file___before.f_count.counter") == [1, 1, 0]
    assert values("struct file___after.f_ref.refcnt.counter") == [0, 0, 1]
    assert values("struct kernfs_node.parent") == [1, 1, 0]
    assert values("struct kernfs_node___new.__parent") == [0, 0, 1]
    assert values("struct sk_buff___before.mono_delivery_time") == [1, 0, 0]
    assert values("struct sk_buff___after.tstamp_type", "core_field_rshift")[1:] == [62, 62]  # two bits
    assert values("enum bpf_link_type.BPF_LINK_TYPE_NETKIT", "core_enum_exists") == [0, 1, 1]
    assert values("enum bpf_link_type.BPF_LINK_TYPE_XDP", "core_enum_value") == [6, 6, 6]
    assert len(set(values("enum cpuhp_state.CPUHP_AP_ONLINE", "core_enum_value"))) == 3
    assert len(set(values("struct task_struct.pid", "core_field"))) == 3
    for version, version_results in found.items():
        for r in version_results:
            assert not r.is_poisoned or r.why, (version, r.local)


@pytest.mark.parametrize("version", KERNELS)
def test_types_of_modules_continue_the_kernel_s(version, objects):
    """What the kernel has is looked for there; a module's own types have members of the kernel's."""
    base = types("overlay-base", version)
    overlay = types("overlay", version, base)
    found = results(objects["modules"][1], CoreTarget("vmlinux", base, lambda: [("overlay", overlay)]))
    assert rows(found) == KERNELS[version]["modules"]
    assert {r.source for r in found if r.local.startswith("struct ovl_") and r.source} == {"overlay"}
    assert {r.source for r in found if r.local.startswith("struct task_struct")} == {"vmlinux"}
    assert overlay.first_id == base.type_count and all(t.id >= base.type_count for t in overlay.types())
    assert rows(results(objects["modules"][1], CoreTarget("overlay", overlay))) == KERNELS[version]["modules"]
    alone = results(objects["modules"][1], CoreTarget("vmlinux", base))
    assert [r.is_poisoned for r in alone if r.kind == "core_field"] == [True, True, True, False]


@pytest.mark.parametrize("version", KERNELS)
@pytest.mark.needs_tool(BPFTOOL[0])
def test_libbpf_finds_the_same(version, objects, tmp_path):
    """bpftool keeps of a kernel's types what libbpf relocates to: no less does, and no value is another."""
    kept = tmp_path / "kept.btf"
    command = [*BPFTOOL, "gen", "min_core_btf", DATA / f"vmlinux-{version}.btf", kept, objects["kernels"][0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(objects["kernels"][1], CoreTarget("vmlinux", Btf(kept.read_bytes())))
    assert rows(found) == KERNELS[version]["kernels"]


def test_exact_relocations_refuse_what_another_kernel_has_otherwise():
    """`task_struct.pid` as a program has it that counts on 8 bytes, and one that some kernels do not have."""
    from ebee.btf.build import BtfBuilder
    from ebee.spec.core_types import CoreTypes

    builder = BtfBuilder()
    symbols = ["task_struct.pid:s64", "kernfs_node.parent:struct kernfs_node *", "task_struct.pid:s32"]
    made = CoreTypes([("core_field", s) for s in symbols], builder, lambda: Btf(builder.encode()))
    relos = [CoreRelo(0, "core_field", *made.local("core_field", s)[:2], is_exact=True) for s in symbols]
    own = Btf(builder.encode())
    found = {
        v: [Relocator(own, CoreTarget("vmlinux", types("vmlinux", v))).calculate("", r) for r in relos]
        for v in KERNELS
    }  # fmt: skip
    assert all("it is 's32', not 's64'" in found[v][0].why and found[v][0].is_poisoned for v in KERNELS)
    assert found["7.3"][1].is_poisoned and "no 'parent'" in found["7.3"][1].why
    assert [found[v][2].new for v in KERNELS] == [
        next(r[2] for r in KERNELS[v]["kernels"] if r[:2] == ["core_field", "struct task_struct.pid"]) for v in KERNELS
    ]


def test_an_ambiguous_split_is_refused(objects):
    """Two modules that have the type otherwise: which one a program means nobody knows."""
    pairs = [(v, types("overlay", v, types("overlay-base", v))) for v in ("6.1", "6.12")]
    with pytest.raises(NotSupported, match="ambiguous"):
        results(objects["modules"][1], CoreTarget("vmlinux", types("overlay-base", "6.1"), lambda: pairs))
