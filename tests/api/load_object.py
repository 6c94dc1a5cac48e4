"""Run in a mount namespace of its own: load an object as others do, cause events, and say what its maps hold.

    load_object.py LOADER DIRECTORY BPFTOOL...

LOADER is `bpftool` or `libbpf`. DIRECTORY is empty and gets a bpffs, in which everything is pinned: it is gone when the
namespace is. Prints JSON; a reason not to go on is printed as {"skip": …}.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import subprocess
import sys

import ebee

OPENS = 5
HIDDEN = ("seen", "ebee_scratch")  # what holds no entries, or none that mean anything outside
# Counts opens of this very process with an unusual mode, and nothing else.
SOURCE = """\
import ebee
from ebee import Array, Hash, RingBuf, Str, Struct, u32, u64


class Seen(Struct):
    mode: u64


class Path(Struct):  # does not fit on the stack
    length: u64
    text: str = Str(1024)


by_flags = Hash(u64, u64, max_entries=64)
few = Hash(u64, u32, max_entries=1)
seen = RingBuf(Seen, size=4096)
last = Array(Path, max_entries=1)
OWN = {pid}


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    if ebee.pid() == OWN and ctx.mode == 0o621:
        by_flags[u64(ctx.flags)] += 1
        few[ebee.ktime()] = 7
        path = Path(text=ebee.user_str(ctx.filename))
        path.length = len(path.text)
        last[0] = path
        with seen.reserve() as e:
            e.mode = u64(ctx.mode)


@ebee.tracepoint("syscalls:sys_exit_openat")
def on_opened(ctx):
    if ebee.pid() == OWN:
        by_flags[1 << 40] += 1
"""


def skip(why: str) -> None:
    print(json.dumps({"skip": why}))
    sys.exit(0)


def compiled(directory: str) -> str:
    """Compile the probes and return the object's path."""
    source = os.path.join(directory, "own.py")
    with open(source, "w") as file:
        file.write(SOURCE.format(pid=os.getpid()))
    spec = importlib.util.spec_from_file_location("own", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = os.path.join(directory, "own.bpf.o")
    ebee.compile(module.on_open, module.on_opened).save(path)
    return path


def attach_with_bpftool(path: str, bpffs: str, bpftool: list[str]) -> str:
    words = subprocess.run([*bpftool, "prog", "help"], capture_output=True, text=True)
    if "autoattach" not in words.stderr + words.stdout:
        skip("this bpftool has no autoattach")
    argv = [*bpftool, "prog", "loadall", path, f"{bpffs}/links", "autoattach", "pinmaps", f"{bpffs}/maps"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def attach_with_libbpf(path: str, bpffs: str, _bpftool: list[str]) -> str:
    try:
        lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
    except OSError:
        skip("not installed: libbpf.so.1")
    said: list[str] = []
    printer = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    libc = ctypes.CDLL(None)

    @printer
    def on_print(level, format, arguments):
        if level < 2:  # warnings, and what libbpf tells by default
            text = ctypes.create_string_buffer(4096)
            libc.vsnprintf(text, 4096, format, ctypes.c_void_p(arguments))
            said.append(text.value.decode())
        return 0

    lib.libbpf_set_print(on_print)
    pointer = ctypes.c_void_p
    lib.bpf_object__open_file.restype = lib.bpf_object__next_program.restype = pointer
    lib.bpf_program__attach.restype = pointer
    obj = lib.bpf_object__open_file(path.encode(), None)
    assert obj, f"open: {os.strerror(ctypes.get_errno())}: {said}"
    result = lib.bpf_object__load(pointer(obj))
    assert result == 0, f"load: {os.strerror(-result)}: {said}"
    program = lib.bpf_object__next_program(pointer(obj), None)
    while program:
        assert lib.bpf_program__attach(pointer(program)), f"attach: {os.strerror(ctypes.get_errno())}: {said}"
        program = lib.bpf_object__next_program(pointer(obj), pointer(program))
    assert lib.bpf_object__pin_maps(pointer(obj), f"{bpffs}/maps".encode()) == 0
    assert lib.bpf_object__pin_programs(pointer(obj), f"{bpffs}/programs".encode()) == 0
    keep.append(on_print)
    return "".join(said)


keep: list[object] = []


def main() -> None:
    loader, directory, *bpftool = sys.argv[1:]
    bpffs = os.path.join(directory, "bpffs")
    os.mkdir(bpffs)
    subprocess.run(["mount", "-t", "bpf", "bpffs", bpffs], check=True)
    if not os.path.exists("/sys/kernel/tracing/events"):
        mount = subprocess.run(["mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing"], capture_output=True)
        if mount.returncode:
            skip(f"tracefs cannot be mounted: {mount.stderr.decode()}")
    path = compiled(directory)
    said = {"bpftool": attach_with_bpftool, "libbpf": attach_with_libbpf}[loader](path, bpffs, bpftool)

    for i in range(OPENS):
        with contextlib.suppress(OSError):
            os.close(os.open(os.path.join(directory, f"file{i % 2}"), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o621))

    def ask(*words: str) -> str:
        done = subprocess.run([*bpftool, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    names = sorted(os.listdir(f"{bpffs}/maps"))
    maps = {name: json.loads(ask("map", "dump", "pinned", f"{bpffs}/maps/{name}")) for name in names if name not in HIDDEN}
    # Several programs of the machine may have this name: the one that uses the object's map is meant.
    map_id = json.loads(ask("-j", "map", "show", "pinned", f"{bpffs}/maps/few"))["id"]
    programs = json.loads(ask("-j", "prog", "show"))
    (own,) = [p["id"] for p in programs if p.get("name") == "on_open" and map_id in p.get("map_ids", ())]
    xlated = ask("prog", "dump", "xlated", "id", str(own), "linum")
    print(json.dumps({"said": said, "names": names, "maps": maps, "xlated": xlated}))


if __name__ == "__main__":
    main()
