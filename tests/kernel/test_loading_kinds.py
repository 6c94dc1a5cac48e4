"""Objects of clang with every kind of map and of section: loaded where this kernel can, said why where not."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

import ebee
from clang_objects import compile_text, compiled
from ebee.abi import bpf
from ebee.spec.default_target import default_target
from ebee.spec.sections import SECTIONS

pytestmark = pytest.mark.needs_kernel
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
HEAD = '#include "ebpf.h"\nchar LICENSE[] SEC("license") = "GPL";\n'
MAPS = """
struct k8 { __u32 prefixlen; __u8 data[4]; };
struct k16 { __u64 inode; __u32 attach_type; };
"""
KEYS = {0: "", 4: "__type(key, int);", 8: "__type(key, struct k8);", 16: "__type(key, struct k16);"}
VALUES = {0: "", 4: "__type(value, int);", 8: "__type(value, __u64);", 80: "__uint(value_size, 80);"}
# type: size of key and value, max_entries, flags; others have 4, 8, 4, 0.
SHAPES = {
    3: (4, 4, 4, 0), 4: (4, 4, 0, 0), 7: (4, 80, 4, 0), 8: (4, 4, 4, 0), 11: (8, 8, 4, 1), 14: (4, 4, 4, 0),
    15: (4, 4, 4, 0), 16: (4, 4, 4, 0), 17: (4, 4, 4, 0), 19: (16, 8, 0, 0), 21: (16, 8, 0, 0), 22: (0, 8, 4, 0),
    23: (0, 8, 4, 0), 24: (4, 8, 0, 1), 25: (4, 4, 4, 0), 27: (0, 0, 4096, 0), 28: (4, 8, 0, 1), 29: (4, 8, 0, 1),
    30: (0, 8, 4, 0), 31: (0, 0, 4096, 0), 32: (4, 8, 0, 1), 33: (0, 0, 2, 1024),
}  # fmt: skip
KINDS = {  # what they are in Python
    1: "Hash s32 u64", 2: "Array u32 u64", 3: "ProgArray s32 s32", 4: "PerfEventArray None bytes", 5: "PerCpuHash s32 u64",
    6: "PerCpuArray u32 u64", 7: "StackTrace u32 stack of 10", 8: "cgroup_array s32 s32", 9: "LruHash s32 u64",
    10: "LruPerCpuHash s32 u64", 11: "LpmTrie k8 u64", 14: "DevMap u32 u32", 15: "SockMap u32 socket",
    16: "CpuMap u32 u32", 17: "XskMap u32 u32", 18: "SockHash s32 socket", 19: "cgroup_storage k16 u64",
    20: "ReuseportSockArray u32 socket", 21: "percpu_cgroup_storage k16 u64", 22: "Queue None u64", 23: "Stack None u64",
    24: "SkStorage owner u64", 25: "DevMapHash s32 u32", 27: "RingBuf None bytes", 28: "InodeStorage owner u64",
    29: "TaskStorage owner u64", 30: "BloomFilter None u64", 31: "UserRingBuf None bytes", 32: "CgroupStorage owner u64",
    33: "Arena None u8",
}  # fmt: skip
# Not on this kernel, perhaps: what the refusal is then.
MAY_BE_MISSING = {8, 17, 19, 21, 28, 32, 33, 31, 24, 15, 18, 20}


@pytest.mark.parametrize("number", KINDS)
def test_a_map_of_each_kind(number):
    key, value, entries, flags = SHAPES.get(number, (4, 8, 4, 0))
    text = f"struct {{ __uint(type, {number}); __uint(max_entries, {entries}); __uint(map_flags, {flags});"
    path = compile_text(f'{HEAD}{MAPS}{text} {KEYS[key]} {VALUES[value]} }} m SEC(".maps");')
    obj = ebee.read(path)
    decl = obj.maps["m"]
    assert f"{decl.kind} {decl.key} {decl.value}" == KINDS[number]
    try:
        with obj.load():
            assert repr(decl) == f"<{decl.kind} m>"
            if number in (1, 9):
                decl[-1] = 1 << 40
                assert dict(decl.items()) == {-1: 1 << 40}
            elif number == 11:
                decl[24, b"\x0a\1\2\0"] = 5
                decl[{"prefixlen": 8, "data": b"\x0a\0\0\0"}] = 3
                assert decl[32, b"\x0a\1\2\3"] == 5 and decl[32, b"\x0a\2\2\3"] == 3
            elif number in (22, 23):
                decl.push(7)
                assert decl.pop() == 7
            elif number == 5:
                decl[3] = list(range(len(decl[3])))
                assert decl.sum(3) == sum(range(len(decl[3])))
        assert repr(decl) == f"<{decl.kind} m, not bound>"
    except ebee.NotSupported:
        assert number in MAY_BE_MISSING
    except ebee.SyscallError as e:
        assert number in MAY_BE_MISSING, e
    assert bpf.MAP_TYPE_NAMES[number]


def test_programs_of_each_section_are_loaded_or_refused_in_words():
    """One program each, which does nothing; the refusals are of kinds that this kernel or machine does not have."""
    loaded, refused = [], {}
    for kind, (prog_type, *_rest) in SECTIONS.items():
        suffix = {"tp": "/syscalls/sys_enter_openat", "tracepoint": "/syscalls/sys_enter_openat"}.get(kind.split(".")[0], "")
        suffix = {"tp_btf": "/sys_enter", "iter": "/task", "lsm": "/file_open", "lsm_cgroup": "/socket_bind"}.get(
            kind.removesuffix(".s"), suffix
        )
        obj = ebee.read(compile_text(HEAD + 'SEC("tc") int f(void *ctx) { return 0; }'))
        program = obj.spec.programs["f"]
        from ebee.spec.sections import parse_section

        section = parse_section(kind + suffix)
        program.section, program.prog_type, program.attach_to = kind + suffix, prog_type, section.attach_to
        program.expected_attach_type, program.prog_flags = section.expected_attach_type, section.prog_flags
        try:
            with obj.load():
                loaded.append(kind)
        except (ebee.EbeeError, OSError) as e:
            refused[kind] = str(e)
    assert {"socket", "tc", "xdp", "tp", "raw_tp", "cgroup/dev", "sk_lookup", "syscall", "sockops"} <= set(loaded)
    assert len(loaded) >= 50, refused
    assert all(len(words) > 20 for words in refused.values())


@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount", "sh")
@pytest.mark.parametrize("name", ["many", "counting", "legacy"])
def test_bpftool_loads_what_is_written_again(name, tmp_path):
    obj = ebee.read(compiled(name, "-DOLD"))
    obj.spec.programs.pop("not_loaded", None)  # which bpftool cannot pin
    (tmp_path / "again.bpf.o").write_bytes(obj.to_bytes())
    (tmp_path / "bpffs").mkdir()
    tool = shlex.join(BPFTOOL)
    script = f"mount -t bpf bpffs bpffs && {tool} prog loadall again.bpf.o bpffs/p pinmaps bpffs/m && ls bpffs/p bpffs/m"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    wanted = {p.name for p in obj.programs.values() if p.autoload} | set(obj.maps)
    assert wanted <= set(done.stdout.split())


def test_targets_of_objects_are_the_default():
    obj = ebee.read(compiled("many"))
    assert obj.to_bytes() == ebee.Object(obj.spec, default_target()).to_bytes()


def test_an_iterator_writes_lines():
    text = HEAD + """
static long (*bpf_seq_write)(void *m, const void *data, __u32 len) = (void *)127;
struct meta { void *seq; __u64 session_id; __u64 seq_num; };
struct ctx { struct meta *meta; void *task; };
SEC("iter/task") int dump(struct ctx *ctx) {
    char line[] = "a task\\n";
    if (ctx->task && ctx->meta->seq_num < 3) bpf_seq_write(ctx->meta->seq, line, sizeof(line) - 1);
    return 0;
}
"""
    with ebee.load(compile_text(text)) as obj:
        assert set(obj.programs["dump"].lines()) == {"a task"}
        with pytest.raises(ebee.UsageError, match="says where to attach it: iter/task"):
            obj.attach()


def test_functions_of_programs(tmp_path):
    """On a copy of the C library of this test's own, as libbpf names them; one whose section names none is left alone."""
    import ctypes
    import shutil

    lines = Path("/proc/self/maps").read_text().splitlines()
    own = tmp_path / "libc_copy.so"
    shutil.copy(next(line.split()[-1] for line in lines if "libc.so" in line or "libc-" in line), own)
    library = ctypes.CDLL(str(own))
    text = f"""
int n;
SEC("uprobe/{own}:getppid") int entered(void *ctx) {{ n += 1; return 0; }}
SEC("uretprobe/{own}:getppid") int left(void *ctx) {{ n += 10; return 0; }}
SEC("uprobe") int nowhere(void *ctx) {{ n += 100; return 0; }}
"""
    with ebee.load(compile_text(HEAD + text)) as obj:
        with obj.attach(pid=os.getpid()) as attachment:
            assert len(attachment.links) == 2
            library.getppid()
        assert obj.globals.n == 11
        with obj.programs["nowhere"].attach(f"{own}:getppid", pid=os.getpid()):
            library.getppid()
        assert obj.globals.n == 111
        with pytest.raises(ebee.UsageError, match="which function of which program"):
            obj.programs["nowhere"].attach()


def test_samples():
    text = HEAD + 'int n; SEC("perf_event") int sample(void *ctx) { n++; return 0; }'
    with ebee.load(compile_text(text)) as obj:
        with obj.programs["sample"].attach(event="cpu-clock", sample_freq=200, pid=os.getpid()):
            for _ in range(2_000_000):
                pass
        assert obj.globals.n > 0
