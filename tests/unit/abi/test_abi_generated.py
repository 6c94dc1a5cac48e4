"""The generated tables: up to date where their source is here, and right where something else can tell."""

from __future__ import annotations

import ctypes
import itertools
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ebee.abi import attr, bpf
from ebee.abi.helper_signatures import HELPER_SIGNATURES
from ebee.abi.helpers import BPF_FUNC, HELPER_IDS, HELPER_NAMES
from ebee.abi.pt_regs import PT_REGS
from ebee.abi.syscalls import SYSCALLS
from ebee.btf.kinds import BTF_KIND_STRUCT
from ebee.btf.read import Btf

ROOT = Path(__file__).resolve().parents[3]
VMLINUX = Path("/sys/kernel/btf/vmlinux")


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "tools" / "gen").glob("abi_*.py")))
def test_files_are_what_the_generators_make(script):
    argv = [sys.executable, str(ROOT / "tools" / "gen" / script), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    if "not checked" in done.stdout:
        pytest.skip(done.stdout.strip())


def test_a_changed_file_is_noticed(tmp_path):
    """A generator in a copy of the tree, whose file was edited by hand."""
    for part in ("tools/gen/emit.py", "tools/gen/abi_helpers.py", "src/ebee/abi/helpers.py"):
        copy = tmp_path / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / part).read_bytes())
    edited = tmp_path / "src/ebee/abi/helpers.py"
    edited.write_text(edited.read_text().replace("map_lookup_elem = 1", "map_lookup_elem = 2"))
    argv = [sys.executable, str(tmp_path / "tools/gen/abi_helpers.py"), "--check"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    # The package of the copy holds the one file only: what the script imports comes from the real tree.
    text = (tmp_path / "tools/gen/emit.py").read_text()
    (tmp_path / "tools/gen/emit.py").write_text(text.replace('ROOT / "src"', f'"{ROOT / "src"}"'))
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)
    if "not checked" in done.stdout:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 1
    assert "map_lookup_elem = 2" in done.stdout


def test_well_known_numbers():
    assert (bpf.BPF_MAP_CREATE, bpf.BPF_PROG_LOAD, bpf.BPF_LINK_CREATE) == (0, 5, 28)
    assert (bpf.BPF_MAP_TYPE_HASH, bpf.BPF_MAP_TYPE_RINGBUF) == (1, 27)
    assert (bpf.BPF_PROG_TYPE_TRACEPOINT, bpf.BPF_TRACE_RAW_TP, bpf.BPF_PERF_EVENT) == (5, 23, 41)
    assert (bpf.BPF_ANY, bpf.BPF_NOEXIST, bpf.BPF_EXIST) == (0, 1, 2)
    assert bpf.BPF_F_CURRENT_CPU == 0xFFFFFFFF
    assert bpf.BPF_RINGBUF_BUSY_BIT == 1 << 31
    assert bpf.MAP_TYPE_NAMES[19] == "BPF_MAP_TYPE_CGROUP_STORAGE"
    assert bpf.CMD_NAMES[10] == "BPF_PROG_TEST_RUN"


@pytest.mark.parametrize("name", ["CMD", "MAP_TYPE", "PROG_TYPE", "ATTACH_TYPE", "LINK_TYPE"])
def test_names_of_numbers(name):
    names = getattr(bpf, f"{name}_NAMES")
    assert sorted(names) == list(range(len(names)))
    assert all(getattr(bpf, constant) == number for number, constant in names.items())


def test_helpers():
    assert BPF_FUNC.map_lookup_elem == 1 and BPF_FUNC.ringbuf_reserve == 131
    assert sorted(HELPER_NAMES) == list(range(1, 212))
    assert HELPER_IDS["get_current_pid_tgid"] == 14
    assert HELPER_SIGNATURES[1] == "void *bpf_map_lookup_elem(struct bpf_map *map, const void *key)"
    for number, text in HELPER_SIGNATURES.items():
        assert f"bpf_{HELPER_NAMES[number]}(" in text and text.endswith(")")
        assert text.count(",") <= 4  # five arguments
    assert sorted(HELPER_SIGNATURES) == sorted(HELPER_NAMES)


def test_attributes_do_not_overlap_where_they_should_not():
    for layout in (attr.MAP_CREATE, attr.PROG_LOAD, attr.BTF_LOAD, attr.MAP_BATCH, attr.PROG_TEST_RUN):
        places = sorted(set(layout.values()))
        assert all(a + size <= b for (a, size), (b, _) in itertools.pairwise(places))
        assert places[-1][0] + places[-1][1] <= attr.ATTR_SIZE_BYTES
    assert attr.LINK_CREATE["perf_event.bpf_cookie"] == (16, 8)
    assert attr.LINK_CREATE["tracing.cookie"] == (24, 8)


@pytest.mark.needs_kernel
def test_a_map_is_made_by_these_tables():
    values = {"map_type": bpf.BPF_MAP_TYPE_HASH, "key_size": 4, "value_size": 8, "max_entries": 16}
    blob = bytearray(attr.ATTR_SIZE_BYTES)
    for name, value in values.items():
        off, size = attr.MAP_CREATE[name]
        blob[off : off + size] = value.to_bytes(size, "little")
    libc = ctypes.CDLL(None, use_errno=True)
    number = SYSCALLS[{"aarch64": "arm64"}.get(platform.machine(), platform.machine())]["bpf"]
    fd = libc.syscall(number, bpf.BPF_MAP_CREATE, ctypes.c_char_p(bytes(blob)), len(blob))
    assert fd >= 0, os.strerror(ctypes.get_errno())
    try:
        info = ctypes.create_string_buffer(attr.MAP_INFO_SIZE_BYTES)
        blob = bytearray(attr.ATTR_SIZE_BYTES)
        asks = {"bpf_fd": fd, "info_len": len(info), "info": ctypes.addressof(info)}
        for name, value in asks.items():
            off, size = attr.OBJ_GET_INFO_BY_FD[name]
            blob[off : off + size] = value.to_bytes(size, "little")
        cmd = bpf.BPF_OBJ_GET_INFO_BY_FD
        assert libc.syscall(number, cmd, ctypes.c_char_p(bytes(blob)), len(blob)) == 0
        off, size = attr.MAP_INFO["max_entries"]
        assert int.from_bytes(info.raw[off : off + size], "little") == 16
    finally:
        os.close(fd)


def test_system_calls():
    x86_64, arm64 = SYSCALLS["x86_64"], SYSCALLS["arm64"]
    assert (x86_64["openat"], x86_64["execve"], x86_64["bpf"], x86_64["uretprobe"]) == (257, 59, 321, 335)
    assert (arm64["openat"], arm64["execve"], arm64["bpf"], arm64["fstat"], arm64["mmap"]) == (56, 221, 280, 80, 222)
    assert x86_64["file_setattr"] == arm64["file_setattr"] == 469
    assert "open" not in arm64 and "arch_prctl" not in arm64
    for table in (x86_64, arm64):
        assert len(set(table.values())) == len(table)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the running kernel")
def test_getpid_has_the_running_kernels_number():
    arch = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if arch not in SYSCALLS:
        pytest.skip(f"there is no table for {arch}")
    libc = ctypes.CDLL(None)
    assert libc.syscall(SYSCALLS[arch]["getpid"]) == os.getpid()
    assert libc.syscall(SYSCALLS[arch]["getppid"]) == os.getppid()


@pytest.mark.skipif(platform.machine() != "x86_64" or not VMLINUX.exists(), reason="needs x86-64 and kernel BTF")
def test_pt_regs():
    btf = Btf(VMLINUX.read_bytes())
    regs = PT_REGS["x86_64"]
    assert btf.by_name("pt_regs", BTF_KIND_STRUCT).size_bytes == regs.size_bytes

    def offsets(names):
        return tuple(btf.field("pt_regs", name).off_bytes for name in names.split())

    assert regs.syscall_args == offsets("di si dx r10 r8 r9")
    assert regs.args == offsets("di si dx cx r8 r9")
    assert (regs.syscall_nr, regs.ret, regs.ip, regs.sp, regs.fp) == offsets("orig_ax ax ip sp bp")
