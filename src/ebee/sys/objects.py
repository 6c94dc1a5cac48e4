"""bpf(2) on objects that are there: what they are, who is attached where, programs of links replaced, statistics.

Source: bpf_prog_get_info_by_fd, bpf_link_get_info_by_fd, bpf_task_fd_query, bpf_prog_query in kernel/bpf/syscall.c,
bpf_mprog_query in kernel/bpf/mprog.c (Linux 6.18).
"""

from __future__ import annotations

import ctypes
import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import SyscallError
from ..record import Record
from .bpf import (
    EINVAL,
    ENOENT,
    ENOSPC,
    address,
    attr_field,
    call,
    error,
    make_attr,
)
from .os_seam import Fd, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .os_seam import Buffer

_TEXT_BYTES = 4096  # PATH_MAX
_MOST_PROGRAMS = 1 << 16


class Info:
    """What the kernel says of an object: the fields of its info struct that this kernel has, others are 0.

    `arrays` are the bytes that pointers among the fields lead to, by the pointer's name.
    """

    def __init__(self, layout: layouts.Layout, data: bytes, arrays: dict[str, bytes] | None = None) -> None:
        self._layout, self._data, self.arrays = layout, data, arrays or {}

    def __getitem__(self, name: str) -> int:
        """Return a field as an unsigned number in the machine's byte order."""
        return int.from_bytes(self.raw(name), sys.byteorder)

    def raw(self, name: str) -> bytes:
        """Return the bytes of a field."""
        off, size = self._layout[name]
        return self._data[off : off + size]

    def bit(self, off_bytes: int) -> bool:
        """Return the first bit field of a word, by the word's place."""
        return bool(self._data[off_bytes] & 1 if sys.byteorder == "little" else self._data[off_bytes] >> 7)

    def text(self, name: str) -> str:
        """Return a string: a field of characters, or what a pointer leads to."""
        data = self.arrays.get(name, b"") if name in self.arrays else self.raw(name)
        return data.partition(b"\0")[0].decode("utf-8", "replace")

    def numbers(self, name: str, size_bytes: int) -> list[int]:
        """Return the unsigned numbers that a pointer leads to."""
        data = self.arrays.get(name, b"")
        return [int.from_bytes(data[at : at + size_bytes], sys.byteorder) for at in range(0, len(data), size_bytes)]


def get_info(fd: int, layout: layouts.Layout, size_bytes: int, wanted: dict[str, int] | None = None) -> Info:
    """BPF_OBJ_GET_INFO_BY_FD. Raises: SyscallError.

    `wanted` are fields to set before: sizes and counts, and for pointers the room in bytes that they are to have.
    """
    given: dict[str, int | bytes] = {}
    rooms: dict[str, Buffer] = {}
    for name, number in (wanted or {}).items():
        if name in _POINTERS:
            rooms[name] = ctypes.create_string_buffer(max(number, 1))
            given[name] = address(rooms[name])
        else:
            given[name] = number
    info = make_attr({**layout, "": (size_bytes, 0)}, given)
    fields: dict[str, int | bytes] = {"bpf_fd": fd, "info_len": size_bytes, "info": address(info)}
    call(abi.BPF_OBJ_GET_INFO_BY_FD, make_attr(layouts.OBJ_GET_INFO_BY_FD, fields))
    arrays = {name: room.raw[: (wanted or {})[name]] for name, room in rooms.items()}
    return Info(layout, info.raw, arrays)


# Pointers of struct bpf_prog_info: the field that counts what they lead to, its size in bytes or the field with that.
PROG_ARRAYS: dict[str, tuple[str, int | str]] = {
    "jited_prog_insns": ("jited_prog_len", 1),
    "xlated_prog_insns": ("xlated_prog_len", 1),
    "map_ids": ("nr_map_ids", 4),
    "jited_ksyms": ("nr_jited_ksyms", 8),
    "jited_func_lens": ("nr_jited_func_lens", 4),
    "func_info": ("nr_func_info", "func_info_rec_size"),
    "line_info": ("nr_line_info", "line_info_rec_size"),
    "jited_line_info": ("nr_jited_line_info", "jited_line_info_rec_size"),
    "prog_tags": ("nr_prog_tags", 8),
}

# Pointers of struct bpf_link_info to text of at most PATH_MAX: the field with the room in bytes.
_LINK_TEXTS = {
    "raw_tracepoint.tp_name": "raw_tracepoint.tp_name_len",
    "iter.target_name": "iter.target_name_len",
    "uprobe_multi.path": "uprobe_multi.path_size",
    "perf_event.uprobe.file_name": "perf_event.uprobe.name_len",
    "perf_event.kprobe.func_name": "perf_event.kprobe.name_len",
    "perf_event.tracepoint.tp_name": "perf_event.tracepoint.name_len",
}
# Pointers to a number of 64 bits for each of the places that a link has.
_LINK_PLACES = {
    "kprobe_multi": ("kprobe_multi.addrs", "kprobe_multi.cookies"),
    "uprobe_multi": ("uprobe_multi.offsets", "uprobe_multi.ref_ctr_offsets", "uprobe_multi.cookies"),
}
_POINTERS = frozenset((*PROG_ARRAYS, *_LINK_TEXTS, *(name for names in _LINK_PLACES.values() for name in names)))
_EVENT_TEXTS = {
    abi.BPF_PERF_EVENT_UPROBE: "uprobe.file_name", abi.BPF_PERF_EVENT_URETPROBE: "uprobe.file_name",
    abi.BPF_PERF_EVENT_KPROBE: "kprobe.func_name", abi.BPF_PERF_EVENT_KRETPROBE: "kprobe.func_name",
    abi.BPF_PERF_EVENT_TRACEPOINT: "tracepoint.tp_name",
}  # fmt: skip


def prog_info(fd: int, *arrays: str) -> Info:
    """Return `struct bpf_prog_info`, with the arrays named as in `PROG_ARRAYS` (all where none is wanted: none).

    Without CAP_PERFMON, or where addresses of the kernel are hidden, instructions are left out. Raises: SyscallError.
    """
    layout, size_bytes = layouts.PROG_INFO, layouts.PROG_INFO_SIZE_BYTES
    info = get_info(fd, layout, size_bytes)
    if not arrays:
        return info
    wanted: dict[str, int] = {}
    for name in arrays:
        count_name, size = PROG_ARRAYS[name]
        each_bytes = size if isinstance(size, int) else info[size]
        if not info[count_name]:
            continue
        wanted |= {count_name: info[count_name], name: info[count_name] * each_bytes}
        if isinstance(size, str):
            wanted[size] = each_bytes
    found = get_info(fd, layout, size_bytes, wanted)
    for name, data in found.arrays.items():  # there may be fewer by now
        count_name, size = PROG_ARRAYS[name]
        found.arrays[name] = data[: found[count_name] * (size if isinstance(size, int) else found[size])]
    return found


def map_info(fd: int) -> Info:
    """Return `struct bpf_map_info`. Raises: SyscallError."""
    return get_info(fd, layouts.MAP_INFO, layouts.MAP_INFO_SIZE_BYTES)


def link_info(fd: int) -> Info:
    """Return `struct bpf_link_info`, with its texts and places. Raises: SyscallError."""
    layout, size_bytes = layouts.LINK_INFO, layouts.LINK_INFO_SIZE_BYTES
    info = get_info(fd, layout, size_bytes)
    kind, wanted = info["type"], dict[str, int]()
    text = {
        abi.BPF_LINK_TYPE_RAW_TRACEPOINT: "raw_tracepoint.tp_name",
        abi.BPF_LINK_TYPE_ITER: "iter.target_name",
        abi.BPF_LINK_TYPE_UPROBE_MULTI: "uprobe_multi.path",
    }.get(kind, "")
    places = {abi.BPF_LINK_TYPE_KPROBE_MULTI: "kprobe_multi", abi.BPF_LINK_TYPE_UPROBE_MULTI: "uprobe_multi"}.get(kind)
    if kind == abi.BPF_LINK_TYPE_PERF_EVENT and info["perf_event.type"] in _EVENT_TEXTS:
        text = f"perf_event.{_EVENT_TEXTS[info['perf_event.type']]}"
    if text:
        wanted |= {text: _TEXT_BYTES, _LINK_TEXTS[text]: _TEXT_BYTES}
    if places is not None and info[f"{places}.count"]:
        count = info[f"{places}.count"]
        wanted |= {f"{places}.count": count, **dict.fromkeys(_LINK_PLACES[places], 8 * count)}
    if not wanted:
        return info
    try:
        return get_info(fd, layout, size_bytes, wanted)
    except SyscallError as e:
        if e.errno != EINVAL or places is None:
            raise
    # Before Linux 6.9 there are no cookies: the kernel would take them for a mistake.
    return get_info(fd, layout, size_bytes, {n: v for n, v in wanted.items() if not n.endswith(".cookies")})


class Attached(Record):
    """A program that is attached to something: its id, its flags, and the id of its link, 0 if it has none."""

    prog_id: int
    attach_flags: int = 0
    link_id: int = 0


class Attachments(Record):
    """What is attached to one hook of a target, in the order in which it runs.

    `revision` changes with each change (Linux 6.6), `attach_flags` are a control group's.
    """

    programs: list[Attached]
    attach_flags: int = 0
    revision: int = 0


def prog_query(target: int, attach_type: int, flags: int = 0, *, links: bool = False) -> Attachments:
    """BPF_PROG_QUERY: `target` as with `link_create`; `links`: with links (tcx and netkit). Raises: SyscallError.

    BPF_F_QUERY_EFFECTIVE asks for what runs in a control group, those of its ancestors included.
    """
    room = 64
    per_program = {"prog_ids": 4}
    if not flags:
        per_program["prog_attach_flags"] = 4
    if links:
        per_program |= {"link_ids": 4, "link_attach_flags": 4}
    while True:
        rooms = {name: ctypes.create_string_buffer(size * room) for name, size in per_program.items()}
        fields: dict[str, int | bytes] = {
            "target_fd": target, "attach_type": attach_type, "query_flags": flags, "prog_cnt": room,
            **{name: address(buffer) for name, buffer in rooms.items()},
        }  # fmt: skip
        attr = make_attr(layouts.PROG_QUERY, fields)
        result = current().bpf(abi.BPF_PROG_QUERY, attr)
        if result == -EINVAL and len(per_program) > 1:  # kernels that give no flags for each refuse to be asked
            per_program = {"prog_ids": 4}
        elif result == -ENOSPC and room < _MOST_PROGRAMS:
            room *= 8
        elif result < 0:
            raise error(abi.BPF_PROG_QUERY, -result)
        else:
            break
    count = attr_field(attr, layouts.PROG_QUERY, "prog_cnt")
    columns = {name: memoryview(rooms[name].raw).cast("I") if name in rooms else [0] * count
               for name in ("prog_ids", "prog_attach_flags", "link_ids")}  # fmt: skip
    return Attachments(
        [Attached(*row) for row in zip(*(list(column[:count]) for column in columns.values()))],
        attr_field(attr, layouts.PROG_QUERY, "attach_flags"),
        attr_field(attr, layouts.PROG_QUERY, "revision"),
    )


class TaskFd(Record):
    """What a process's file descriptor of a perf event runs: a program, and where. `name` is as the kernel has it."""

    prog_id: int
    fd_type: int
    name: str = ""
    probe_offset: int = 0
    probe_addr: int = 0


def task_fd_query(pid: int, fd: int) -> TaskFd | None:
    """BPF_TASK_FD_QUERY: None where it is no perf event or raw tracepoint with a program. Raises: SyscallError."""
    text = ctypes.create_string_buffer(_TEXT_BYTES)
    fields: dict[str, int | bytes] = {"pid": pid, "fd": fd, "buf_len": _TEXT_BYTES, "buf": address(text)}
    attr = make_attr(layouts.TASK_FD_QUERY, fields)
    result = current().bpf(abi.BPF_TASK_FD_QUERY, attr)
    if result in (-ENOENT, -_ENOTSUPP, -_EBADF, -_EOPNOTSUPP):
        return None
    if result < 0:
        raise error(abi.BPF_TASK_FD_QUERY, -result, f"file descriptor {fd} of process {pid}")
    names = ("prog_id", "fd_type", "probe_offset", "probe_addr")
    prog_id, fd_type, off, at = (attr_field(attr, layouts.TASK_FD_QUERY, name) for name in names)
    return TaskFd(prog_id, fd_type, text.value.decode("utf-8", "replace"), off, at)


_ENOTSUPP, _EBADF, _EOPNOTSUPP = 524, 9, 95


def link_update(link_fd: int, prog_fd: int, old_prog_fd: int | None = None) -> None:
    """BPF_LINK_UPDATE: put another program in place, at once, only of the old one if named. Raises: SyscallError."""
    fields: dict[str, int | bytes] = {"link_fd": link_fd, "new_prog_fd": prog_fd}
    if old_prog_fd is not None:
        fields |= {"flags": abi.BPF_F_REPLACE, "old_prog_fd": old_prog_fd}
    call(abi.BPF_LINK_UPDATE, make_attr(layouts.LINK_UPDATE, fields))


def link_detach(link_fd: int) -> None:
    """BPF_LINK_DETACH: the link stays, and does nothing any more. Raises: SyscallError, EOPNOTSUPP for most kinds."""
    call(abi.BPF_LINK_DETACH, make_attr(layouts.LINK_DETACH, {"link_fd": link_fd}))


def prog_bind_map(prog_fd: int, map_fd: int) -> None:
    """BPF_PROG_BIND_MAP: have a program keep a map that its code does not use. Raises: SyscallError."""
    call(abi.BPF_PROG_BIND_MAP, make_attr(layouts.PROG_BIND_MAP, {"prog_fd": prog_fd, "map_fd": map_fd}))


def enable_stats(kind: int = abi.BPF_STATS_RUN_TIME) -> Fd:
    """BPF_ENABLE_STATS: runs are counted and timed as long as this is open. Raises: SyscallError."""
    return Fd(call(abi.BPF_ENABLE_STATS, make_attr(layouts.ENABLE_STATS, {"type": kind})))


def fdinfo(fd: int, pid: int | None = None) -> dict[str, str]:
    """Return the lines `name:\\tvalue` of /proc/PID/fdinfo/FD; of this process if none is named. Raises: OSError."""
    text = current().read_file(f"/proc/{'self' if pid is None else pid}/fdinfo/{fd}").decode("utf-8", "replace")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def kind_of(lines: dict[str, str]) -> str:
    """Return what a file is whose fdinfo has these lines: `link`, `prog`, `map`, or empty. Links name programs, too."""
    return next((kind for kind in ("link", "prog", "map") if f"{kind}_id" in lines), "")


def holders() -> dict[tuple[str, int], list[int]]:
    """Return the processes that hold objects open, by what it is (`prog`, `map`, `link`) and its id.

    Processes that this user may not look into are left out.
    """
    found: dict[tuple[str, int], list[int]] = {}
    for pid in _numbers_in("/proc"):
        for fd in _numbers_in(f"/proc/{pid}/fdinfo"):
            try:
                lines = fdinfo(fd, pid)
            except OSError:
                continue
            kind = kind_of(lines)
            if kind:
                pids = found.setdefault((kind, int(lines[f"{kind}_id"])), [])
                if pid not in pids:
                    pids.append(pid)
    return found


def _numbers_in(path: str) -> Iterator[int]:
    try:
        names = current().list_directory(path)
    except OSError:
        return
    yield from sorted(int(name) for name in names if name.isdigit())


def command_name(pid: int) -> str:
    """Return the name (comm) of a process, empty if it is gone."""
    try:
        return current().read_file(f"/proc/{pid}/comm").decode("utf-8", "replace").rstrip("\n")
    except OSError:
        return ""


def bpf_file_systems() -> list[str]:
    """Return where file systems of type bpf are mounted."""
    lines = current().read_file("/proc/self/mounts").decode("utf-8", "replace").splitlines()
    return [path for _, path, kind, *_ in (line.split(" ") for line in lines) if kind == "bpf"]
