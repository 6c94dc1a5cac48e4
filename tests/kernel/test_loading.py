"""`ebee.load`: objects of clang in the kernel and in the engine, with the same results."""

from __future__ import annotations

import enum
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
import kernel_features
from clang_objects import compile_text, compiled
from ebee.engine.backend import EngineBackend
from ebee.errors import ExecutionError

KERNEL = pytest.param("kernel", marks=pytest.mark.needs_kernel)
BOTH = pytest.mark.parametrize("backend", ["engine", KERNEL])
HEAD = '#include "ebpf.h"\nchar LICENSE[] SEC("license") = "GPL";\n'
CONFIG = {"CONFIG_BPF": "y", "LINUX_KERNEL_VERSION": 0x060C00}
PACKET = bytes(64)


@pytest.fixture
def many():
    with ebee.read(compiled("many")) as obj:
        yield obj


@BOTH
def test_an_object_runs(many, backend):
    seen = dict(many.globals.items())
    point = many.globals.type("origin")
    assert seen.pop("origin") == point(x=3, y=-4) and seen.pop("zeros") == [0, 0, 0, 0]
    assert seen == {
        "CONFIG_BPF": False, "CONFIG_NOT_THERE": 0, "LINUX_KERNEL_VERSION": 0, "limit": 7, "big": 40, "own": 9,
        "counter": 0, "hidden_counter": 0,
    }  # fmt: skip
    many.globals.limit = 9
    many.globals.origin = {"x": 1, "y": -1}
    many.globals["counter"] = 100
    assert many.load(backend=backend, kconfig=CONFIG) is many and many.is_loaded
    entry = many.programs["entry"]
    assert entry.run(packet=PACKET).retval == sum(range(5)) * 3 + 101 + (1 + 41) + 1
    values = many.maps["values"]
    value = values[1, 2]
    assert values[{"x": 1, "y": 2}] == value and list(values) == [point(x=1, y=2)]
    assert (value.count, value.comm, value.raw, value.on, value.a, value.b) == (10, "hello", bytes(4), True, 5, 9)
    assert isinstance(value.color, enum.IntEnum) and value.color.name == "GREEN"
    assert (value.u, value.s, value.at[1].y, value.ptr) == (0xFFFFFFFF, -1, -8, 0)
    value.s, value.at[0].x, value.b = 7, 3, 31
    values[1, 2] = value
    again = values[1, 2]
    assert again == value and (again.u, again.at[0].x, again.b, again.a) == (7, 3, 31, 5)
    assert many.maps["inner_a"][2] == 123 == many.maps["outer"][1][2] and many.maps["inner_b"][2] == 0
    (event,) = many.maps["events"].drain()
    assert (event.pid, event.at.y, event.text) == (42, 2, "abc")
    assert (many.globals.counter, many.globals.own, many.globals.zeros[1], many.globals.big) == (101, 12, 5, 41)
    many.globals.counter = -5
    entry.run(packet=PACKET)
    assert many.globals.counter == -4 and many.globals.hidden_counter == 4


@BOTH
def test_tail_calls_that_are_there_from_the_start(many, backend):
    many.load(backend=backend, kconfig=CONFIG)
    jumper, jumps = many.programs["jumper"], many.maps["jumps"]
    assert jumper.run(packet=PACKET).retval == 77
    del jumps[2]
    assert 2 not in jumps and jumper.run(packet=PACKET).retval == 1
    jumps[2] = many.programs["called"]
    assert 2 in jumps and jumper.run(packet=PACKET).retval == 77
    with pytest.raises(ebee.UsageError, match="takes loaded programs"):
        jumps[2] = "called"


@BOTH
def test_what_is_not_to_be_loaded(many, backend):
    assert [p.name for p in many.programs.values() if not p.autoload] == ["not_loaded"]
    many.programs["on_open"].autoload = False
    many.programs["not_loaded"].autoload = True
    many.load(backend=backend, kconfig=CONFIG)
    assert many.programs["not_loaded"].run(packet=PACKET).retval == 2
    with pytest.raises(ebee.UsageError, match="on_open is not loaded") as caught:
        many.programs["on_open"].attach()
    assert "autoload = True" in caught.value.hint


@BOTH
def test_specs_are_changed_before(many, backend):
    many.spec.maps["values"].max_entries = 2
    many.load(backend=backend, kconfig=CONFIG)
    values = many.maps["values"]
    values[1, 1], values[1, 3] = values.value.zero(), values.value.zero()
    with pytest.raises(ebee.SyscallError, match="Argument list too long"):
        values[1, 4] = values.value.zero()


@pytest.mark.needs_kernel
def test_the_kernel_fills_in_what_it_is(many):
    release = [int(n) for n in os.uname().release.partition("-")[0].split(".")[:2]]
    try:
        many.load()
    except ebee.NotSupported as e:
        pytest.skip(str(e))
    many.programs["entry"].run(packet=PACKET)
    version = many.globals.LINUX_KERNEL_VERSION
    assert [version >> 16, version >> 8 & 0xFF] == release
    assert many.globals.CONFIG_BPF is True and many.globals.CONFIG_NOT_THERE == 0
    assert many.globals.zeros[2] == (" vfs_read\n" in Path("/proc/kallsyms").read_text()) and many.globals.zeros[3] == 0


KCONFIG = HEAD + """
enum libbpf_tristate { TRI_NO, TRI_YES, TRI_MODULE };
extern char CONFIG_NAME[8] __kconfig;
extern enum libbpf_tristate CONFIG_THREE __kconfig;
extern int CONFIG_NUMBER __kconfig __weak;
extern char CONFIG_LETTER __kconfig __weak;
extern bool CONFIG_YES __kconfig __weak;
SEC("tc") int f(void *ctx) { return CONFIG_THREE * 100 + CONFIG_NUMBER + CONFIG_NAME[1] + CONFIG_LETTER + CONFIG_YES; }
"""


def test_the_kernels_configuration():
    wanted = {"CONFIG_NAME": '"abcdefghij"', "CONFIG_THREE": "m", "CONFIG_NUMBER": "-0x10", "CONFIG_LETTER": "y"}
    with ebee.read(compile_text(KCONFIG)) as obj:
        obj.load(backend="engine", kconfig=wanted)
        assert obj.programs["f"].run(packet=PACKET).retval == 200 - 16 + ord("b") + ord("y")
        assert obj.globals.CONFIG_NAME == "abcdefg" and obj.globals.CONFIG_YES is False
    for name, value, message in (
        ("CONFIG_NUMBER", "soon", "CONFIG_NUMBER=soon is no number"),
        ("CONFIG_NUMBER", 1 << 40, "does not fit into the 4 bytes"),
        *(("CONFIG_NAME", text, "is no text") for text in ("y", "", '"', '"open', "plain")),
        ("CONFIG_YES", "m", "the object's variable is a bool"),
    ):
        with pytest.raises(ebee.UsageError, match=message):
            ebee.load(compile_text(KCONFIG), backend="engine", kconfig=wanted | {name: value})
    with pytest.raises(ebee.NotSupported, match="CONFIG_THREE: this kernel's configuration does not have it"):
        ebee.load(compile_text(KCONFIG), backend="engine", kconfig={"CONFIG_NAME": '"x"'})


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
@pytest.mark.parametrize(("size", "text", "found"), [
    (8, '"hello"', b"hello\0\0\0"), (6, '"hello"', b"hello\0"), (5, '"hello"', b"hell\0"), (1, '"x"', b"\0"),
    (4, '""', b"\0\0\0\0"), (4, '"""', b'"\0\0\0'),
])  # fmt: skip
def test_texts_of_the_configuration_are_cut_and_filled_up(backend, size, text, found):
    code = f"extern const char CONFIG_TEXT[{size}] __kconfig;"
    code += 'SEC("tc") int f(void *ctx) { const volatile char *t = CONFIG_TEXT; return t[0] + t[AT]; }'
    with ebee.load(compile_text(HEAD + code, f"-DAT={size - 1}"), backend=backend, kconfig={"CONFIG_TEXT": text}) as obj:
        assert obj.programs["f"].run(packet=PACKET).retval == found[0] + found[-1] and found[-1] == 0
        assert found.rstrip(b"\0").decode() == obj.globals.CONFIG_TEXT


@pytest.mark.parametrize("declared", [
    "char CONFIG_X[]", "int CONFIG_X[4]", "char CONFIG_X[2][4]", "bool CONFIG_X[4]", "char *CONFIG_X",
    "struct { int a; } CONFIG_X", "enum { A, B } CONFIG_X", "__int128 CONFIG_X",
])  # fmt: skip
def test_types_that_no_configuration_has(declared):
    code = f'extern {declared} __kconfig; SEC("tc") int f(void *ctx) {{ return *(volatile char *)&CONFIG_X; }}'
    with pytest.raises(ebee.UsageError, match="CONFIG_X: no configuration fills in a variable of its type"):
        ebee.load(compile_text(HEAD + code), backend="engine", kconfig={"CONFIG_X": '"hello"'})


JUDGED = HEAD + """
struct __sk_buff { int fields[19], data; };
extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_NUMBER __kconfig __weak;
SEC("tc") int f(struct __sk_buff *ctx) {
    if (CONFIG_NUMBER == 7 || LINUX_KERNEL_VERSION >= 7 << 16)
        return *(char *)(long)ctx->data; /* without a look at data_end */
    return 0;
}
"""


def test_the_verifier_judges_by_the_kernels_configuration():
    made = compile_text(JUDGED)
    for kernel, number, accepted in (("6.1", 6, True), ("6.18", 7, False), ("7.3", 6, False)):
        (verdict,) = ebee.verify(made, kernel=kernel, kconfig={"CONFIG_NUMBER": number})
        assert verdict.accepted is accepted, (kernel, number)
    with ebee.read(made) as obj:
        (verdict,) = ebee.verify(obj, kconfig={"CONFIG_NUMBER": 7})
        assert not verdict.accepted and not obj.spec.maps[".kconfig"].initial  # the object itself stays as it was
    command = [sys.executable, "-m", "ebee", "verify", made, "--kconfig"]
    done = subprocess.run([*command, "CONFIG_NUMBER=7"], capture_output=True, text=True)
    assert done.returncode == 4 and "data_end" in done.stdout
    assert subprocess.run([*command, "CONFIG_NUMBER=8"], stdout=subprocess.DEVNULL).returncode == 0
    done = subprocess.run([*command, "CONFIG_NUMBER"], capture_output=True, text=True)
    assert done.returncode and "write --kconfig CONFIG_HZ=250" in done.stderr


FLAVOURED = HEAD + """
struct task_struct;
extern struct task_struct *bpf_task_from_pid___ours(int pid) __ksym __weak;
extern void bpf_task_release___ours(struct task_struct *task) __ksym __weak;
extern void bpf_not_there(void) __ksym __weak;
SEC("tc") int f(void *ctx) {
    if (bpf_not_there)
        bpf_not_there();
    if (!bpf_task_from_pid___ours)
        return 0;
    struct task_struct *task = bpf_task_from_pid___ours(1);
    if (task)
        bpf_task_release___ours(task);
    return 1;
}
"""


@pytest.mark.needs_kernel
def test_the_verifier_knows_functions_by_flavoured_names():
    made = compile_text(FLAVOURED)
    (now,), (before,) = ebee.verify(made), ebee.verify(made, kernel="6.1")  # which does not have it, nor calls it
    assert now.accepted and before.accepted and before.processed < now.processed


@BOTH
def test_maps_of_before_and_without_types(backend):
    for debug in (True, False):
        with ebee.load(compiled("legacy", debug=debug), backend=backend) as obj:
            assert obj.programs["f"].run(packet=PACKET).retval == 3
            expected = {5: 6} if debug else {b"\5\0\0\0": b"\6\0\0\0\0\0\0\0"}
            assert dict(obj.maps["counts"].items()) == expected and obj.maps["slots"][1] == b"\1\0\0\0"


@pytest.mark.needs_kernel
def test_an_arena_with_variables():
    if missing := kernel_features.missing("arena"):
        pytest.skip(missing)
    with ebee.load(compiled("arena", "-mcpu=v4")) as obj:
        assert obj.programs["bump"].run(ctx=b"").retval == 42
        assert obj.maps["arena"].memory[0] == 42 and obj.maps["arena"][16] == 42


@pytest.mark.needs_kernel("tracefs")
def test_attaching_by_section():
    """A program at a tracepoint and one at a raw one, for this process only."""
    with ebee.load(compiled("counting"), globals={"own": os.getpid()}) as obj:
        with obj.attach() as attachment:
            assert len(attachment.links) == 2
            os.getpgid(0)
            os.getpgid(0)
        events = obj.maps["events"].drain()
        assert [e.number for e in events][:1] == [1] and len(events) == 2
        assert events[0].pid == os.getpid() and events[0].comm == Path("/proc/self/comm").read_text().strip()
        assert obj.maps["counts"][os.getpid()] == 2
        assert obj.maps["buffers"].drain()[0][:4] == os.getpid().to_bytes(4, "little")
        os.getpgid(0)
        assert obj.maps["counts"][os.getpid()] == 2
        with obj.programs["on_getpgid"].attach():
            os.getpgid(0)
        assert obj.maps["counts"][os.getpid()] == 3
        with obj.programs["on_getpgid"].attach("syscalls/sys_enter_getsid"):
            os.getsid(0)
            os.getpgid(0)
        assert obj.maps["counts"][os.getpid()] == 4


def test_the_engine_attaches_to_a_command():
    obj = ebee.read(compiled("counting"))
    obj.programs["on_enter"].autoload = False
    with obj.load(backend="engine"):
        script = "import os; os.getpgid(0)"
        with obj.attach(command=[sys.executable, "-c", script]) as attachment:
            events = list(obj.maps["events"])
        assert attachment.returncode == 0 and len(events) == 1
        assert list(obj.maps["counts"].items()) == [(events[0].pid, 1)]


def test_refusals(tmp_path, many):
    path = tmp_path / "x.o"
    with pytest.raises(ebee.SyscallError, match=r"x\.o: No such file"):
        ebee.load(path)
    path.write_bytes(b"#!/bin/sh\n")
    with pytest.raises(ebee.FormatError, match=r"x\.o: offset 0: this is no ELF file"):
        ebee.load(path)
    with pytest.raises(ebee.NotSupported, match="it is for big-endian machines"):
        ebee.load(compiled("many", big=True), backend="engine")
    with pytest.raises(ebee.FormatError, match="'strange' is no section name of programs"):
        ebee.load(compile_text(HEAD + 'SEC("strange") int f(void *ctx) { return 0; }'), backend="engine")
    with pytest.raises(ebee.UsageError, match="there is no global variable 'limits'") as caught:
        many.globals.limits = 4
    assert "limit" in caught.value.hint
    with pytest.raises(ValueError, match="global variable limit: 4294967296 does not fit"):
        many.globals.limit = 1 << 32
    with pytest.raises(ebee.UsageError, match="is not loaded"):
        many.attach()
    with pytest.raises(ebee.UsageError, match="not bound to a live map"):
        many.maps["values"][1, 2]
    with pytest.raises(ebee.UsageError, match="no backend 'moon'"):
        many.load(backend="moon")
    many.load(backend="engine", kconfig=CONFIG)
    with pytest.raises(ebee.UsageError, match="limit is constant"):
        many.globals.limit = 4
    with pytest.raises(ebee.UsageError, match="is loaded already"):
        many.load()
    with pytest.raises(ebee.UsageError, match="interfaces= means nothing to the programs"):
        many.attach(interfaces="lo")
    with pytest.raises(ebee.UsageError, match="no argument interfaces="):
        many.programs["entry"].attach(interfaces="lo")
    many.close()
    with pytest.raises(ebee.UsageError, match="is not loaded"):
        many.programs["entry"].run(packet=PACKET)


def test_nothing_to_attach():
    path = compile_text(HEAD + 'SEC("tc") int f(void *ctx) { return 0; }')
    with (
        ebee.load(path, backend="engine") as obj,
        pytest.raises(ebee.UsageError, match="no section of made says where to attach it: tc"),
    ):
        obj.attach()


@pytest.mark.needs_kernel
def test_the_kernels_verifier_names_the_line_of_the_c_source():
    text = HEAD + 'SEC("tc") int f(void *ctx) {\n    return *(int *)0;\n}'
    with pytest.raises(ebee.VerifierError) as caught:
        ebee.load(compile_text(text))
    assert caught.value.span.line == 4 and "return *(int *)0;" in caught.value.span.text


@BOTH
def test_objects_of_python_are_loaded_again(tmp_path, backend):
    source = tmp_path / "probes.py"
    source.write_text(
        "import ebee\nfrom ebee import Array, Global, u32, u64\n"
        "hits = Array(u64, max_entries=2)\nlimit = Global(u32, 5, constant=True)\n"
        "class E(ebee.Struct):\n    n: u64\n    name: str = ebee.Str(16)\nring = ebee.RingBuf(E)\n"
        "@ebee.tc('ingress')\ndef f(pkt):\n    hits[1] += limit.value\n    print('hello', 7)\n"
        "    with ring.reserve() as e:\n        e.n = 5\n        e.name = 'me'\n    return ebee.TC_ACT_OK\n"
    )
    done = subprocess.run([sys.executable, "-m", "ebee", "compile", source], capture_output=True, text=True, cwd=tmp_path)
    if done.returncode and "No module named ebee.__main__" in done.stderr:
        code = "import sys; from ebee.cli import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run([sys.executable, "-c", code, "compile", source], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = []
    with ebee.load(tmp_path / "probes.bpf.o", backend=backend, globals={"limit": 9}) as obj:
        obj.session.show_prints(lambda text, stream: shown.append(text))
        assert obj.programs["f"].run(packet=PACKET).retval == 0
        assert obj.maps["hits"][1] == 9
        assert [(e.n, e.name) for e in obj.maps["ring"].drain()] == [(5, "me")]
    assert shown == ["hello 7\n"]


CORE = HEAD + """
struct task_struct { int tgid; struct task_struct *real_parent; } __attribute__((preserve_access_index));
struct task_struct___gone { int nope; } __attribute__((preserve_access_index));
static void *(*bpf_get_current_task_btf)(void) = (void *)158;
static long (*bpf_probe_read_kernel)(void *, __u32, const void *) = (void *)113;
int tgid, parent, has_nope = 7, nope;
SEC("raw_tp/sys_enter") int f(void *ctx) {
    struct task_struct *task = bpf_get_current_task_btf();
    tgid = task->tgid;
    bpf_probe_read_kernel(&parent, sizeof(parent), &task->real_parent->tgid);
    has_nope = __builtin_preserve_field_info(((struct task_struct___gone *)task)->nope, 2);
    if (has_nope) nope = ((struct task_struct___gone *)task)->nope;
    return 0;
}
"""


@pytest.mark.needs_kernel
def test_types_of_the_kernel(tmp_path):
    """Relocated as libbpf does it, also when the object was written again, and against types from a file."""
    path = compile_text(CORE)
    again = tmp_path / "again.bpf.o"
    ebee.read(path).save(again)
    for made, btf in ((path, None), (again, None), (again, "/sys/kernel/btf/vmlinux")):
        with ebee.load(made, btf=btf) as obj:
            obj.programs["f"].run(ctx=bytes(64))
            assert obj.globals.tgid == os.getpid() or os.readlink("/proc/self/ns/pid") != "pid:[4026531836]"
            assert obj.globals.parent != 0 and (obj.globals.has_nope, obj.globals.nope) == (0, 0)
            report = obj.core_report
            assert len(report.results) == 5 and [r.kind for r in report.poisoned] == ["core_field"]
            assert "poisoned" in str(report)
    with pytest.raises(ebee.UsageError, match=r"there are no types '.*gone'"):
        ebee.load(path, btf=tmp_path / "gone")


CONTEXT = HEAD + """
struct trace_event_raw_sys_enter { unsigned long args[6]; long id; } __attribute__((preserve_access_index));
struct trace_event_raw_sys_enter___gone { int nope; } __attribute__((preserve_access_index));
enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 77, BPF_MAP_TYPE_NONE = 5 };
struct sk_buff { unsigned len; };
long id, third; int has_nope = 7, nope = 8, has_args, array, none = 9, same = 9; long size;
SEC("tracepoint/syscalls/sys_enter_openat") int f(struct trace_event_raw_sys_enter *ctx) {
    id = ctx->id; third = ctx->args[2];
    has_args = __builtin_preserve_field_info(ctx->args, 2);
    has_nope = __builtin_preserve_field_info(((struct trace_event_raw_sys_enter___gone *)ctx)->nope, 2);
    if (has_nope) nope = ((struct trace_event_raw_sys_enter___gone *)ctx)->nope;
    size = __builtin_preserve_type_info(*(struct sk_buff *)0, 1);
    same = __builtin_preserve_type_info(*(struct sk_buff *)0, 2);
    array = __builtin_preserve_enum_value(*(typeof(enum bpf_map_type) *)BPF_MAP_TYPE_ARRAY, 1);
    none = __builtin_preserve_enum_value(*(typeof(enum bpf_map_type) *)BPF_MAP_TYPE_NONE, 0);
    return 0;
}
SEC("tracepoint/syscalls/sys_enter_openat") int g(struct trace_event_raw_sys_enter *ctx) {
    return ((struct trace_event_raw_sys_enter___gone *)ctx)->nope;
}
"""


@pytest.mark.needs_kernel
def test_types_of_the_context():
    """The engine has no memory of a kernel's, but contexts, and answers to questions."""
    path = compile_text(CONTEXT)
    with ebee.load(path, backend="engine") as obj, pytest.raises(ExecutionError, match="has no 'nope'"):
        obj.programs["g"].run(ctx=bytes(64))
    with ebee.load(path, backend="engine", btf="/sys/kernel/btf/vmlinux") as obj:
        obj.programs["f"].run(ctx=struct.pack("<8q", 0, 257, 0, 0, 1234, 0, 0, 0))
        values = obj.globals
        assert (values.id, values.third, values.has_args, values.array, values.none) == (257, 1234, 1, 2, 0)
        assert (values.has_nope, values.nope, values.same) == (0, 8, 1) and values.size > 100
        report = obj.core_report
        assert [r.local for r in report.poisoned] == ["struct trace_event_raw_sys_enter___gone.nope"] * 2
    with pytest.raises(ebee.NotSupported, match="without a kernel's types"):
        EngineBackend().load_program(ebee.read(path).spec.programs["g"], ebee.read(path).spec, {})
