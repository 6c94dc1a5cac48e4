"""Stacks: which functions had called each other when a probe ran."""

from __future__ import annotations

import struct

from ..abi import bpf
from ..errors import UsageError
from .call_stacks import CallStack, FileOffset
from .intrinsics import probe_only
from .maps import KeyedDecl
from .scalars import Type, u32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.build import BtfBuilder
    from .scalars import s32

_BUILD_ID = struct.Struct("<i20sQ")  # status, build_id, offset or ip: struct bpf_stack_build_id
_EMPTY, _VALID = 0, 1  # enum bpf_stack_build_id_status
_MOST_FRAMES = 127  # kernel.perf_event_max_stack


class FramesType(Type):
    """Addresses of a stack's frames, innermost first, zeros after the last: C `u64[depth]`. In Python without them."""

    __slots__ = ()

    def __init__(self, depth: int) -> None:
        super().__init__(f"stack of {depth}", 8 * depth, 8)

    def pack(self, value: Any) -> bytes:
        raise TypeError("stacks are recorded by probes only")

    def unpack(self, data: bytes) -> list[int]:
        frames = [int.from_bytes(data[at : at + 8], "little") for at in range(0, self.size, 8)]
        while frames and not frames[-1]:
            frames.pop()
        return frames

    def zero(self) -> list[int]:
        return []

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_array(btf.add_int("unsigned long long", 8), self.size // 8)


class BuildIdFramesType(FramesType):
    """The frames as C `struct bpf_stack_build_id[depth]`: an offset in a file that has a build id, or an address."""

    __slots__ = ()

    def __init__(self, depth: int) -> None:
        Type.__init__(self, f"stack of {depth} build ids", _BUILD_ID.size * depth, 8)

    def unpack(self, data: bytes) -> list[int]:
        frames: list[int] = []
        for status, build_id, place in _BUILD_ID.iter_unpack(data[: self.size]):
            if status == _EMPTY:
                break
            is_file = status == _VALID
            frames.append(FileOffset(place, build_id) if is_file else place)
        return frames


class StackTrace(KeyedDecl[int, CallStack]):
    """Stacks that probes record, each once: BPF_MAP_TYPE_STACK_TRACE.

    Inside a probe `ebee.stack_id(stacks)` records one and gives its number. Outside `stacks[number]` is the list of
    its addresses, innermost first; of a number below zero, or one that is gone, it is empty. Its methods give the
    names: `stacks[number].symbols(pid)`. With `build_ids` frames of processes are offsets in files, named by their
    build ids, where the kernel finds those: the same code has the same stack in every process.
    """

    map_type = bpf.BPF_MAP_TYPE_STACK_TRACE
    kind = "StackTrace"

    def __init__(
        self, *, depth: int = _MOST_FRAMES, max_entries: int = 10_240, build_ids: bool = False, name: str = ""
    ) -> None:
        if not isinstance(depth, int) or not 1 <= depth <= _MOST_FRAMES:
            raise UsageError(f"StackTrace: depth is a number of frames from 1 to {_MOST_FRAMES}, not {depth!r}")
        if build_ids:
            self.map_flags = bpf.BPF_F_STACK_BUILD_ID
        frames = (BuildIdFramesType if build_ids else FramesType)(depth)
        super().__init__(u32, frames, max_entries, name)  # type: ignore[arg-type]

    def __getitem__(self, key: int) -> CallStack:
        return self._missing() if isinstance(key, int) and key < 0 else super().__getitem__(key)

    def _read(self, raw: bytes) -> CallStack:
        return CallStack(self.value.unpack(raw), self._live.name_frames)

    def _missing(self) -> CallStack:
        return CallStack((), self._live.name_frames)

    def clear(self) -> None:
        """Remove every stack."""
        for key, _ in list(self._live.items()):
            self._live.delete(key)


def stack_id(stacks: StackTrace, *, user: bool = False, skip: int = 0) -> s32:
    """Record the kernel's stack, or with `user` the process's, without its first `skip` frames; give its number.

    The number is below zero where there is no such stack: of the kernel while the process computes, of a process in a
    thread of the kernel. A stack whose place another one has is lost, and counted. Source: bpf_get_stackid.
    """
    probe_only("stack_id")


def user_stack(skip: int = 0) -> Any:
    """The addresses of the process's stack, innermost first, for a field `List(u64, n)`: as many as fit, then zeros.

    Found by frame pointers. Source: bpf_get_stack.
    """
    probe_only("user_stack")


def kernel_stack(skip: int = 0) -> Any:
    """The addresses of the kernel's stack, as `user_stack`."""
    probe_only("kernel_stack")
