"""bpf(2), one function per command. File descriptors come back as `Fd`; the kernel makes them close-on-exec.

Older kernels accept a `union bpf_attr` that is longer than theirs as long as the rest is zero.
"""

from __future__ import annotations

import ctypes
import struct
import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import PermissionMissing, SyscallError
from .os_seam import Fd, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterator, Sequence

    from .os_seam import Buffer

EPERM, ENOENT, E2BIG, EINVAL, ENOSPC, EOPNOTSUPP, ENOTSUPP = 1, 2, 7, 22, 28, 95, 524
BPF_OBJ_NAME_LEN = 16

FUNC_INFO = struct.Struct("=II")  # struct bpf_func_info: insn_off in slots, type_id
LINE_INFO = struct.Struct("=IIII")  # struct bpf_line_info: insn_off, file_name_off, line_off, line << 10 | column

_LOG_FIRST_BYTES, _LOG_MOST_BYTES = 1 << 16, 1 << 28

_memlock_raised = False


def object_name(name: str) -> bytes:
    """Return a name as the kernel takes it for maps and programs: 15 characters of [A-Za-z0-9_.]."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
    return kept.encode()[: BPF_OBJ_NAME_LEN - 1]


def call(cmd: int, attr: Buffer, detail: str = "") -> int:
    """Run a command; return the kernel's result. Raises: SyscallError, with the command's name and `detail`."""
    result = current().bpf(cmd, attr)
    if result < 0:
        raise error(cmd, -result, detail)
    return result


def error(cmd: int, errno: int, detail: str = "") -> SyscallError:
    """Return the exception for a command that failed."""
    return SyscallError(abi.CMD_NAMES.get(cmd, f"bpf command {cmd}"), errno, detail)


def make_attr(layout: layouts.Layout, fields: dict[str, int | bytes]) -> Buffer:
    """Return the `union bpf_attr` of a command with these fields set, and all others zero."""
    data = bytearray(max(off + size for off, size in layout.values()))
    for name, value in fields.items():
        off, size = layout[name]
        raw = value if isinstance(value, bytes) else value.to_bytes(size, sys.byteorder)
        data[off : off + len(raw)] = raw
    return ctypes.create_string_buffer(bytes(data), len(data))


def attr_field(attr: Buffer, layout: layouts.Layout, name: str) -> int:
    """Return a field of a `union bpf_attr` that the kernel has written to."""
    off, size = layout[name]
    return int.from_bytes(attr.raw[off : off + size], sys.byteorder)


def map_shared(fd: int, length_bytes: int, off_bytes: int, *, writable: bool, what: str) -> mmap.mmap:
    """Map what a map or an event shares. Raises: SyscallError, EPERM for a map that is frozen or not to be written."""
    try:
        return current().map_shared(fd, length_bytes, off_bytes, writable)
    except OSError as e:
        raise SyscallError("mmap", e.errno or 0, what) from None


def map_shared_at(fd: int, length_bytes: int, address: int, *, what: str) -> memoryview:
    """Map what an arena shares, at the address that it was created for. Raises: SyscallError, EEXIST if it is taken."""
    try:
        return current().map_shared_at(fd, length_bytes, address)
    except OSError as e:
        raise SyscallError("mmap", e.errno or 0, f"{what} at {address:#x}") from None


def bytes_buffer(data: bytes) -> Buffer:
    return ctypes.create_string_buffer(data, len(data))


def text_buffer(text: str) -> Buffer:
    """Return a NUL-terminated string."""
    return bytes_buffer(text.encode() + b"\0")


def address(buffer: Buffer | None) -> int:
    return 0 if buffer is None else ctypes.addressof(buffer)


def _call_charged(cmd: int, attr: Buffer) -> int:
    """Run a command that kernels before 5.11 charge to RLIMIT_MEMLOCK, and answer EPERM when that is used up."""
    result = current().bpf(cmd, attr)
    return current().bpf(cmd, attr) if result == -EPERM and _raise_memlock() else result


def _raise_memlock() -> bool:
    """Lift the limit, once, on kernels that have it; whether it changed."""
    global _memlock_raised
    import os

    major, minor = (int("".join(c for c in p if c.isdigit()) or 0) for p in os.uname().release.split(".")[:2])
    if _memlock_raised or (major, minor) >= (5, 11):
        return False
    _memlock_raised = True
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return False
    return True


# -- maps ----------------------------------------------------------------------------------------------------


def map_create(
    map_type: int,
    key_size: int,
    value_size: int,
    max_entries: int,
    map_flags: int = 0,
    name: str = "",
    btf_fd: int = 0,
    btf_key_type_id: int = 0,
    btf_value_type_id: int = 0,
    *,
    inner_map_fd: int = 0,
    map_extra: int = 0,
    vmlinux_value_type_id: int = 0,
    numa_node: int = 0,
) -> Fd:
    """BPF_MAP_CREATE. Raises: SyscallError; PermissionMissing for EPERM."""
    attr = make_attr(
        layouts.MAP_CREATE,
        {
            "map_type": map_type,
            "key_size": key_size,
            "value_size": value_size,
            "max_entries": max_entries,
            "map_flags": map_flags,
            "map_name": object_name(name),
            "btf_fd": btf_fd,
            "btf_key_type_id": btf_key_type_id,
            "btf_value_type_id": btf_value_type_id,
            "inner_map_fd": inner_map_fd,
            "numa_node": numa_node,
            "map_extra": map_extra,
            "btf_vmlinux_value_type_id": vmlinux_value_type_id,
        },
    )
    fd = _call_charged(abi.BPF_MAP_CREATE, attr)
    if fd == -EPERM:
        raise PermissionMissing("creating a map", ["CAP_BPF"])
    if fd < 0:
        raise error(abi.BPF_MAP_CREATE, -fd, f"map {name!r}")
    return Fd(fd)


def map_freeze(fd: int) -> None:
    """BPF_MAP_FREEZE: no more writes from user space. Raises: SyscallError."""
    call(abi.BPF_MAP_FREEZE, make_attr(layouts.MAP_ELEM, {"map_fd": fd}))


def obj_pin(path: str, fd: int) -> None:
    """BPF_OBJ_PIN: give a map, program or link a name in a bpffs. Raises: SyscallError."""
    text = text_buffer(path)
    call(abi.BPF_OBJ_PIN, make_attr(layouts.OBJ, {"pathname": address(text), "bpf_fd": fd}), path)


def obj_get(path: str) -> Fd | None:
    """BPF_OBJ_GET: what has a name in a bpffs, or None. Raises: SyscallError."""
    text = text_buffer(path)
    attr = make_attr(layouts.OBJ, {"pathname": address(text)})
    fd = current().bpf(abi.BPF_OBJ_GET, attr)
    if fd == -ENOENT:
        return None
    if fd < 0:
        raise error(abi.BPF_OBJ_GET, -fd, path)
    return Fd(fd)


# -- programs and their types --------------------------------------------------------------------------------


class ProgLoad:
    """What BPF_PROG_LOAD is given; `load` may be called again with a log.

    `btf_fds` are the types of kernel modules; a call of a module's function has its place among them, from 1, in `off`.
    `attach_btf_id` is the type that a hook has in the BTF of vmlinux, or of what `attach_btf` is: a module's BTF, or a
    program. What it `holds` stays open as long as it is there: maps that nobody else has.
    """

    def __init__(
        self,
        prog_type: int,
        insns: bytes,
        name: str,
        license: str,
        *,
        expected_attach_type: int = 0,
        prog_flags: int = 0,
        btf_fd: int = 0,
        func_info: bytes = b"",
        line_info: bytes = b"",
        btf_fds: Sequence[int] = (),
        attach_btf_id: int = 0,
        attach_btf: Fd | None = None,
        holds: Sequence[Fd] = (),
    ) -> None:
        self._holds = holds
        self._insns, self._license = bytes_buffer(insns), text_buffer(license)
        self._func_info, self._line_info = bytes_buffer(func_info), bytes_buffer(line_info)
        self._fds = bytes_buffer(struct.pack(f"={1 + len(btf_fds)}i", 0, *btf_fds)) if btf_fds else None
        self._name, self._prog_type, self._prog_flags = object_name(name), prog_type, prog_flags
        self._expected_attach_type, self._btf_fd = expected_attach_type, btf_fd
        self._attach_btf_id, self._attach_btf = attach_btf_id, attach_btf

    def _attr(self, log: Buffer | None, log_level: int = 1) -> Buffer:
        fields: dict[str, int | bytes] = {
            "prog_type": self._prog_type,
            "insn_cnt": len(self._insns) // 8,
            "insns": address(self._insns),
            "license": address(self._license),
            "prog_flags": self._prog_flags,
            "prog_name": self._name,
            "expected_attach_type": self._expected_attach_type,
            "fd_array": address(self._fds),
            "attach_btf_id": self._attach_btf_id,
            "attach_btf_obj_fd": 0 if self._attach_btf is None else self._attach_btf.number,
        }
        if log is not None:
            fields |= {"log_level": log_level, "log_size": len(log), "log_buf": address(log)}
        if self._btf_fd > 0:
            fields |= {
                "prog_btf_fd": self._btf_fd,
                "func_info_rec_size": FUNC_INFO.size,
                "func_info": address(self._func_info),
                "func_info_cnt": len(self._func_info) // FUNC_INFO.size,
                "line_info_rec_size": LINE_INFO.size,
                "line_info": address(self._line_info),
                "line_info_cnt": len(self._line_info) // LINE_INFO.size,
            }
        return make_attr(layouts.PROG_LOAD, fields)

    def load(self) -> int:
        """Load without a log: the new file descriptor, or minus the error number."""
        return _call_charged(abi.BPF_PROG_LOAD, self._attr(None))

    def load_with_log(self, log_level: int = 1, most_bytes: int = _LOG_MOST_BYTES) -> tuple[int, str]:
        """Load with a log, in a buffer that grows until all of it fits: the result as `load`, and the log.

        `log_level` is made of 1 (the path that is refused), 2 (every path) and 4 (statistics). If it needs more than
        `most_bytes` the result is -ENOSPC and the log its end (before Linux 6.4: its beginning).
        Source: BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 and BPF_LOG_STATS in include/linux/bpf_verifier.h (Linux 6.18).
        """
        return _with_log(
            abi.BPF_PROG_LOAD, lambda log: self._attr(log, log_level), layouts.PROG_LOAD, "log_true_size", most_bytes
        )


def _with_log(
    cmd: int, attr_for: Callable[[Buffer | None], Buffer], layout: layouts.Layout, true_size: str,
    most_bytes: int = _LOG_MOST_BYTES,
) -> tuple[int, str]:
    size_bytes = min(_LOG_FIRST_BYTES, most_bytes)
    while True:
        log = ctypes.create_string_buffer(size_bytes)
        attr = attr_for(log)
        result = current().bpf(cmd, attr)
        if result != -ENOSPC or size_bytes >= most_bytes:
            return result, log.value.decode("utf-8", "replace")
        # Kernels before 6.4 do not say how much it would have been.
        size_bytes = min(max(attr_field(attr, layout, true_size), size_bytes * 4), most_bytes)


def btf_load(data: bytes) -> int:
    """BPF_BTF_LOAD without a log: the new file descriptor, or minus the error number."""
    blob = bytes_buffer(data)
    attr = make_attr(layouts.BTF_LOAD, {"btf": address(blob), "btf_size": len(data)})
    return _call_charged(abi.BPF_BTF_LOAD, attr)


def btf_load_log(data: bytes) -> str:
    """Return what the kernel says about type information that it refuses (empty if it does not)."""
    blob = bytes_buffer(data)

    def attr(log: Buffer | None) -> Buffer:
        fields: dict[str, int | bytes] = {"btf": address(blob), "btf_size": len(data)}
        if log is not None:
            fields |= {"btf_log_buf": address(log), "btf_log_size": len(log), "btf_log_level": 1}
        return make_attr(layouts.BTF_LOAD, fields)

    result, text = _with_log(abi.BPF_BTF_LOAD, attr, layouts.BTF_LOAD, "btf_log_true_size")
    if result >= 0:
        Fd(result).close()
        return ""
    return text


# -- attaching -----------------------------------------------------------------------------------------------


def raw_tracepoint_open(name: str, prog_fd: int, cookie: int = 0) -> Fd:
    """BPF_RAW_TRACEPOINT_OPEN: attach to a tracepoint by its own name (`sys_enter`). Raises: SyscallError.

    Without a name: attach to what the program was loaded for. A cookie needs Linux 6.10.
    """
    text = text_buffer(name)
    fields: dict[str, int | bytes] = {"name": address(text) if name else 0, "prog_fd": prog_fd, "cookie": cookie}
    attr = make_attr(layouts.RAW_TRACEPOINT_OPEN, fields)
    return Fd(call(abi.BPF_RAW_TRACEPOINT_OPEN, attr, f"raw tracepoint {name!r}" if name else ""))


def link_create_perf_event(prog_fd: int, perf_fd: int, cookie: int = 0) -> int:
    """BPF_LINK_CREATE on a perf event: the link's file descriptor, or minus the error number (5.15 and newer)."""
    attr = make_attr(
        layouts.LINK_CREATE,
        {
            "prog_fd": prog_fd,
            "target_fd": perf_fd,
            "attach_type": abi.BPF_PERF_EVENT,
            "perf_event.bpf_cookie": cookie,
        },
    )
    return current().bpf(abi.BPF_LINK_CREATE, attr)


def link_create(prog_fd: int, target: int, attach_type: int, **fields: int) -> int:
    """BPF_LINK_CREATE: the link's file descriptor, or minus the error number (EINVAL before Linux 5.7).

    `target` is what the attach type asks for: an interface's number, or the file descriptor of a control group, a
    network namespace or a map. `fields` are named as in `layouts.LINK_CREATE`, with `__` for the dot.
    """
    places: dict[str, int | bytes] = {"prog_fd": prog_fd, "target_fd": target, "attach_type": attach_type}
    places |= {name.replace("__", "."): value for name, value in fields.items()}
    return current().bpf(abi.BPF_LINK_CREATE, make_attr(layouts.LINK_CREATE, places))


def prog_attach(prog_fd: int, target_fd: int, attach_type: int, flags: int = 0) -> int:
    """BPF_PROG_ATTACH: 0, or minus the error number. It stays until `prog_detach`, whoever has ended."""
    fields: dict[str, int | bytes] = {
        "target_fd": target_fd, "attach_bpf_fd": prog_fd, "attach_type": attach_type, "attach_flags": flags
    }  # fmt: skip
    return current().bpf(abi.BPF_PROG_ATTACH, make_attr(layouts.PROG_ATTACH, fields))


def prog_detach(prog_fd: int, target_fd: int, attach_type: int) -> int:
    """BPF_PROG_DETACH: 0, or minus the error number."""
    fields: dict[str, int | bytes] = {"target_fd": target_fd, "attach_bpf_fd": prog_fd, "attach_type": attach_type}
    return current().bpf(abi.BPF_PROG_DETACH, make_attr(layouts.PROG_ATTACH, fields))


def link_create_kprobe_multi(
    prog_fd: int, names: Sequence[str], attach_type: int, flags: int, cookies: Sequence[int] = ()
) -> int:
    """BPF_LINK_CREATE on functions of the kernel: the link's file descriptor, or minus the error number (5.18).

    The kernel sorts the functions by address, and the cookies, one for each, with them.
    """
    numbers = (ctypes.c_uint64 * len(cookies))(*cookies)
    texts = [text_buffer(name) for name in names]
    pointers = (ctypes.c_uint64 * len(texts))(*map(address, texts))
    fields: dict[str, int | bytes] = {
        "prog_fd": prog_fd,
        "attach_type": attach_type,
        "kprobe_multi.flags": flags,
        "kprobe_multi.cnt": len(texts),
        "kprobe_multi.syms": ctypes.addressof(pointers),
        "kprobe_multi.cookies": ctypes.addressof(numbers) if cookies else 0,
    }
    return current().bpf(abi.BPF_LINK_CREATE, make_attr(layouts.LINK_CREATE, fields))


def link_create_uprobe_multi(
    prog_fd: int, path: str, offs: Sequence[int], attach_type: int, flags: int = 0, counters: Sequence[int] = (),
    cookies: Sequence[int] = (), pid: int = 0,
) -> int:
    """BPF_LINK_CREATE on places of a program's file: the link's file descriptor, or minus the error number (6.6).

    `counters` are the offsets of counters of users, 0 for none; `pid` 0 means every process.
    """
    text, count = text_buffer(path), len(offs)
    arrays = {"offsets": offs, "ref_ctr_offsets": counters if any(counters) else (), "cookies": cookies}
    kept = {name: (ctypes.c_uint64 * count)(*numbers) for name, numbers in arrays.items() if numbers}
    fields: dict[str, int | bytes] = {
        "prog_fd": prog_fd,
        "attach_type": attach_type,
        "uprobe_multi.path": address(text),
        "uprobe_multi.cnt": count,
        "uprobe_multi.flags": flags,
        "uprobe_multi.pid": pid,
    }
    fields |= {f"uprobe_multi.{name}": ctypes.addressof(array) for name, array in kept.items()}
    return current().bpf(abi.BPF_LINK_CREATE, make_attr(layouts.LINK_CREATE, fields))


def link_create_iter(prog_fd: int, info: bytes = b"") -> Fd:
    """BPF_LINK_CREATE of an iterator (5.8); `info` is the `union bpf_iter_link_info` that bounds it.

    Raises: SyscallError.
    """
    data = bytes_buffer(info)
    fields: dict[str, int | bytes] = {"prog_fd": prog_fd, "attach_type": abi.BPF_TRACE_ITER}
    if info:
        fields |= {"iter_info": address(data), "iter_info_len": len(info)}
    return Fd(call(abi.BPF_LINK_CREATE, make_attr(layouts.LINK_CREATE, fields)))


def iter_create(link_fd: int) -> Fd:
    """BPF_ITER_CREATE: a file whose reading runs an iterator's program. Raises: SyscallError."""
    return Fd(call(abi.BPF_ITER_CREATE, make_attr(layouts.ITER_CREATE, {"link_fd": link_fd})))


# -- running and asking --------------------------------------------------------------------------------------


def prog_test_run(
    prog_fd: int, ctx: bytes = b"", data: bytes = b"", repeat: int = 1, data_room_bytes: int = 0, **more: int
) -> tuple[int, bytes, bytes, int]:
    """BPF_PROG_TEST_RUN: return value, packet data afterwards, context afterwards, mean duration in ns.

    The context of a program without a packet is changed where it is given. `more` are `flags`, `cpu`, `batch_size`.

    Raises: SyscallError, ENOTSUPP for program types that cannot be run so.
    """
    ctx_in, data_in = bytes_buffer(ctx), bytes_buffer(data)
    data_out = ctypes.create_string_buffer(data_room_bytes) if data_room_bytes else None
    is_live = more.get("flags", 0) & abi.BPF_F_TEST_XDP_LIVE_FRAMES  # the kernel gives nothing back
    ctx_out = ctypes.create_string_buffer(len(ctx)) if ctx and data and not is_live else None
    fields: dict[str, int | bytes] = {"prog_fd": prog_fd, **more}
    if data:
        fields |= {"data_in": address(data_in), "data_size_in": len(data), "repeat": repeat}
    elif repeat > 1:
        fields["repeat"] = repeat
    if data_out is not None:
        fields |= {"data_out": address(data_out), "data_size_out": data_room_bytes}
    if ctx:
        fields |= {"ctx_in": address(ctx_in), "ctx_size_in": len(ctx)}
    if ctx_out is not None:
        fields |= {"ctx_out": address(ctx_out), "ctx_size_out": len(ctx)}
    attr = make_attr(layouts.PROG_TEST_RUN, fields)
    call(abi.BPF_PROG_TEST_RUN, attr)

    def field(name: str) -> int:
        return attr_field(attr, layouts.PROG_TEST_RUN, name)

    return (
        field("retval"),
        data_out.raw[: field("data_size_out")] if data_out is not None else b"",
        ctx_out.raw[: field("ctx_size_out")] if ctx_out is not None else ctx_in.raw[: len(ctx)],
        field("duration"),
    )


def info_by_fd(fd: int, size_bytes: int) -> bytes:
    """BPF_OBJ_GET_INFO_BY_FD: the leading bytes of `struct bpf_prog_info`, `bpf_map_info` or `bpf_link_info`."""
    info = ctypes.create_string_buffer(size_bytes)
    attr = make_attr(
        layouts.OBJ_GET_INFO_BY_FD, {"bpf_fd": fd, "info_len": size_bytes, "info": address(info)}
    )
    call(abi.BPF_OBJ_GET_INFO_BY_FD, attr)
    return info.raw[: attr_field(attr, layouts.OBJ_GET_INFO_BY_FD, "info_len")]


def ids(cmd: int, after: int = 0) -> Iterator[int]:
    """Iterate over the ids of objects, from `after` on: `cmd` is BPF_PROG_GET_NEXT_ID or that of maps, links or BTF.

    Raises: SyscallError, EPERM without CAP_SYS_ADMIN.
    """
    at = after
    while True:
        attr = make_attr(layouts.GET_ID, {"start_id": at})
        result = current().bpf(cmd, attr)
        if result == -ENOENT:
            return
        if result < 0:
            raise error(cmd, -result)
        at = attr_field(attr, layouts.GET_ID, "next_id")
        yield at


def fd_by_id(cmd: int, id: int) -> Fd:
    """BPF_PROG_GET_FD_BY_ID, BPF_MAP_…, BPF_LINK_… or BPF_BTF_…. Raises: SyscallError, ENOENT when it is gone."""
    return Fd(call(cmd, make_attr(layouts.GET_ID, {"start_id": id})))


def btf_data(fd: int) -> bytes:
    """Return the types that a BTF file descriptor stands for, as `btf_load` took them. Raises: SyscallError."""
    size, off = 0, layouts.BTF_INFO["btf_size"][0]
    while True:
        data = ctypes.create_string_buffer(max(size, 1))
        info = make_attr(layouts.BTF_INFO, {"btf": address(data), "btf_size": size})
        fields: dict[str, int | bytes] = {
            "bpf_fd": fd, "info_len": layouts.BTF_INFO_SIZE_BYTES, "info": address(info)
        }  # fmt: skip
        call(abi.BPF_OBJ_GET_INFO_BY_FD, make_attr(layouts.OBJ_GET_INFO_BY_FD, fields))
        needed = int.from_bytes(info.raw[off : off + 4], sys.byteorder)
        if needed <= size:
            return data.raw[:needed]
        size = needed


def kernel_btf_name(fd: int) -> str:
    """Return the module that types of the kernel belong to (`vmlinux`: none), empty for those of a program."""
    name = ctypes.create_string_buffer(64)
    info = make_attr(layouts.BTF_INFO, {"name": address(name), "name_len": len(name)})
    attr = make_attr(
        layouts.OBJ_GET_INFO_BY_FD, {"bpf_fd": fd, "info_len": layouts.BTF_INFO_SIZE_BYTES, "info": address(info)}
    )
    call(abi.BPF_OBJ_GET_INFO_BY_FD, attr)
    is_kernel = attr_field(info, layouts.BTF_INFO, "kernel_btf")
    return name.value.decode("utf-8", "replace") if is_kernel else ""
