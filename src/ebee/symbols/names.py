"""Names for addresses: functions, files and lines, in the kernel and in processes, also in those that have ended."""

from __future__ import annotations

from ..errors import EbeeError, SyscallError, UsageError
from ..sys.os_seam import current
from ..types.call_stacks import FileOffset, Frame, fold
from .binaries import root_of
from .binary import Binary
from .debug_files import by_build_id
from .demangle import demangle
from .elf_file import ElfFile, open_elf
from .kernel import NO_ADDRESSES, find_kernel_function, kernel_table
from .process import DELETED, AddressSpace, JitMap, Mapping, check_pid, read_maps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    FileKey = tuple[int, int, int, int]

_MOST_KEPT = 1 << 17  # frames of a process that are kept
_VDSO, _JIT = "[vdso]", "[jit]"
_JIT_BYTES = 1 << 26


class Symbols:
    """Names for addresses. It remembers what was mapped in the processes that it has seen, and opens those files once.

    `remember(pid)` looks at a process now; a process that was not looked at is at the first question for it, if it
    still runs. `lines` and `inlined` look for lines and inlined functions, which takes a moment in large files;
    `demangle=False` leaves names of C++ and Rust as the linker has them.
    `notes` says what could not be used, each once; `tell` is given the same.
    """

    def __init__(
        self, *, lines: bool = True, inlined: bool = True, demangle: bool = True,
        tell: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.notes: list[str] = []
        self._lines, self._inlined, self._demangle, self._tell_too = lines, inlined, demangle, tell
        self._spaces: dict[int, AddressSpace] = {}
        self._binaries: dict[FileKey | str, Binary | None] = {}
        self._frames: dict[int, dict[tuple[int, bool], list[Frame]]] = {}
        self._kernel: dict[tuple[int, bool], Frame] = {}
        self._build_ids: dict[bytes, Binary] = {}
        self._jit: dict[int, tuple[FileKey, JitMap]] = {}

    def _tell(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            if self._tell_too is not None:
                self._tell_too(text)

    # Processes

    def remember(self, pid: int) -> None:
        """Look at what a process has mapped, now. Nothing happens when it is gone."""
        check_pid(pid)
        space = self._spaces.setdefault(pid, AddressSpace())
        for mapping in read_maps(pid) or []:
            if not space.has(mapping):
                self.mapped(pid, mapping)

    def mapped(self, pid: int, mapping: Mapping) -> None:
        """A process has mapped something; its file is opened at once, as it may be gone when someone asks."""
        mapping.binary = self._open(pid, mapping)
        self._spaces.setdefault(pid, AddressSpace()).add(mapping)
        self._frames.pop(pid, None)

    def forked(self, pid: int, parent: int) -> None:
        """A process has begun as a copy of another one."""
        space = self._spaces.get(parent)
        if space is not None and pid != parent:
            self._spaces[pid] = space.copy()
            self._frames.pop(pid, None)

    # Names

    def frames(self, addresses: Sequence[int], pid: int = 0) -> list[Frame]:
        """Return the frames of a stack, innermost first, with those of inlined functions; zeros are left out.

        `pid` is the process whose addresses they are; without it only the kernel's have names. All but the innermost
        are addresses that a call returns to: it is the call's line that is named.
        """
        found: list[Frame] = []
        seen = [False, False]
        for address in addresses:
            if isinstance(address, FileOffset):
                is_return, seen[False] = seen[False], True
                found += self._file_frames(address, is_return)
                continue
            if not address:
                continue
            is_kernel = address >> 63 == 1
            is_return, seen[is_kernel] = seen[is_kernel], True
            if is_kernel:
                found.append(self._kernel_frame(address, is_return))
            elif pid:
                found += self._user_frames(pid, address, is_return)
            else:
                found.append(Frame("", 0, "", 0, "", address))
        return found

    def folded(self, addresses: Sequence[int], pid: int = 0) -> str:
        """Return the names of a stack, outermost first, with `;` between: what tools for flame graphs read."""
        return fold(self.frames(addresses, pid))

    def kernel(self, address: int) -> Frame:
        """Return the function of the kernel that an address lies in."""
        return self._kernel_frame(address, False)

    def user(self, pid: int, address: int) -> Frame:
        """Return the function of a process that an address lies in, the innermost one where some were inlined."""
        check_pid(pid)
        return self._user_frames(pid, address, False)[0]

    def file(self, path: str, address: int) -> Frame:
        """Return the function of a program or library that an address lies in, as its own tables count addresses.

        Raises: FormatError for what is neither, SyscallError.
        """
        key = self._key_of(path)
        if key is None or self._binaries.get(key) is None:
            self._binaries[key or path] = Binary(open_elf(path, any_width=True), path, "", self._tell)
        binary = self._binaries[key or path]
        return self._place(binary, address, address, False, path)[0] if binary else Frame("", 0, "", 0, path, address)

    def _kernel_frame(self, address: int, is_return: bool) -> Frame:
        key = (address, is_return)
        frame = self._kernel.get(key)
        if frame is not None:
            return frame
        found = None
        try:
            found = find_kernel_function(address - is_return)
            if not kernel_table().has_addresses:
                self._tell(NO_ADDRESSES)
        except SyscallError as e:
            self._tell(f"functions of the kernel have no names: {e}")
        if found is None:
            frame = Frame("", address, "", 0, "", address, True)
        else:
            name, start, module = found
            name = self._source_name(name)
            frame = Frame(name, address - start, "", 0, f"[{module or 'kernel'}]", address, True)
        if len(self._kernel) >= _MOST_KEPT:
            self._kernel.clear()
        self._kernel[key] = frame
        return frame

    def _user_frames(self, pid: int, address: int, is_return: bool) -> list[Frame]:
        kept = self._frames.get(pid)
        if kept is None:
            kept = self._frames[pid] = {}
        key = (address, is_return)
        frames = kept.get(key)
        if frames is None:
            frames = self._resolve(pid, address, is_return)
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            self._frames.setdefault(pid, kept)[key] = frames
        return frames

    def _resolve(self, pid: int, address: int, is_return: bool) -> list[Frame]:
        wanted = address - is_return
        space = self._spaces.get(pid)
        mapping = space.find(wanted) if space is not None else None
        if mapping is None:
            self.remember(pid)
            mapping = self._spaces[pid].find(wanted)
        if mapping is None and not self._spaces[pid].mappings:
            self._tell(f"process {pid} ended before anybody looked at what it had mapped: its functions have no names")
        if mapping is not None and mapping.binary is not None:
            off = wanted - mapping.start + mapping.off
            place = mapping.binary.elf.address_at(off)
            if place is not None:
                return self._place(mapping.binary, place, address, is_return, mapping.path.removesuffix(DELETED))
        path = mapping.path.removesuffix(DELETED) if mapping is not None else ""
        if not path.startswith("/") or path.startswith(("/memfd:", "/dev/zero", "//anon")):
            jit = self._jit_function(pid, wanted)
            if jit is not None:
                return [Frame(jit[0], address - jit[1], "", 0, _JIT, address)]
        if mapping is not None and path.startswith("/"):
            return [Frame("", address - mapping.start + mapping.off, "", 0, path, address)]
        return [Frame("", 0, "", 0, "", address)]

    def _place(self, binary: Binary, place: int, address: int, is_return: bool, module: str) -> list[Frame]:
        """Return the frames at an address of a file."""
        found = binary.function(place)
        name, start = found if found is not None else ("", 0)
        name, off = self._source_name(name), place + is_return - start
        file, line = (binary.line(place) if self._lines else None) or ("", 0)
        frames = []
        for inlined, call_file, call_line in binary.inlined(place) if self._inlined and file else ():
            frames.append(Frame(inlined, off, file, line, module, address, False, True))
            file, line = call_file, call_line
        return [*frames, Frame(name, off, file, line, module, address)]

    def _source_name(self, name: str) -> str:
        return demangle(name) if self._demangle else name

    def _file_frames(self, place: FileOffset, is_return: bool) -> list[Frame]:
        """Return the frames at a place that is given by a build id: of a file that was mapped, or a debug file."""
        kept = self._frames.setdefault(0, {})
        if (place, is_return) in kept:
            return kept[place, is_return]
        binary = self._by_build_id(place.build_id)
        address = binary.elf.address_at(place - is_return) if binary is not None else None
        if binary is None or address is None:
            return [Frame("", int(place), "", 0, f"[{place.build_id.hex()}]", int(place))]
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        frames = kept[place, is_return] = self._place(binary, address, int(place), is_return, binary.path)
        return frames

    # Files

    def _by_build_id(self, build_id: bytes) -> Binary | None:
        if build_id not in self._build_ids:
            known = [b for b in self._binaries.values() if b is not None and b.elf.build_id() == build_id]
            for path in by_build_id(build_id) if not known else ():
                key = self._key_of(path)
                binary = self._opened(path, path, "") if key is not None and key[3] else None
                known += [binary] if binary is not None and binary.elf.build_id() == build_id else []
            if not known:  # it may be mapped later
                return None
            self._build_ids[build_id] = known[0]
        return self._build_ids[build_id]

    def _key_of(self, path: str) -> FileKey | None:
        try:
            return current().file_key(path)
        except OSError:
            return None

    def _open(self, pid: int, mapping: Mapping) -> Binary | None:
        """Open the file of a mapping, whatever its name is now, as long as the process or the file is there."""
        path = mapping.path
        if path == _VDSO and mapping.end <= 1 << 32:  # of a program of 32 bits: not as this one's
            return None
        if path == _VDSO:
            if _VDSO not in self._binaries:
                self._binaries[_VDSO] = self._vdso()
            return self._binaries[_VDSO]
        if not path.startswith("/") or path.startswith(("//anon", "/dev/zero", "/SYSV", "/[aio]", "/anon_hugepage")):
            return None
        try:
            root = root_of(pid)
        except UsageError:  # it has ended
            root = ""
        mapped = f"/proc/{pid}/map_files/{mapping.start:x}-{mapping.end:x}"
        there = "" if path.endswith(DELETED) else f"/proc/{pid}/root{path}"
        for candidate in (mapped, there, "" if path.endswith(DELETED) else path):
            key = self._key_of(candidate) if candidate else None
            if key is None or not key[3] or candidate == path and mapping.inode and key[1] != mapping.inode:
                continue
            if key not in self._binaries:
                self._binaries[key] = self._opened(candidate, root + path.removesuffix(DELETED), root)
            return self._binaries[key]
        return None

    def _opened(self, candidate: str, path: str, root: str) -> Binary | None:
        try:
            return Binary(ElfFile(current().map_file(candidate), path), path, root, self._tell)
        except (EbeeError, OSError):  # data that somebody mapped as code, or no longer there
            return None

    def _vdso(self) -> Binary | None:
        """The code that the kernel gives every process: this one's is the same."""
        import os

        for mapping in read_maps(os.getpid()) or []:
            if mapping.path == _VDSO:
                data = current().own_memory(mapping.start, mapping.end - mapping.start)
                try:
                    return Binary(ElfFile(data, _VDSO), _VDSO, "", self._tell)
                except EbeeError:
                    return None
        return None

    def _jit_function(self, pid: int, address: int) -> tuple[str, int] | None:
        """Return what a process says that code is which it made."""
        for number, path in ((pid, f"/proc/{pid}/root/tmp/perf-{pid}.map"), (pid, f"/tmp/perf-{pid}.map")):
            key = self._key_of(path)
            if key is None or not 0 < key[3] <= _JIT_BYTES:  # empty are also pipes, which nobody may ever write to
                continue
            known = self._jit.get(number)
            if known is None or known[0] != key:
                try:
                    known = self._jit[number] = key, JitMap(current().read_file(path))
                except OSError:
                    continue
            return known[1].table.find(address)
        return None


_default: list[Symbols] = []


def _common() -> Symbols:
    if not _default:
        _default.append(Symbols())
    return _default[0]


def user_symbol(pid: int, address: int) -> Frame:
    """Return the function, file and line of an address in a process, as it is mapped now.

    Raises: UsageError for what is no process's number.
    """
    symbols = _common()
    check_pid(pid)
    symbols.remember(pid)
    return symbols.user(pid, address)


def file_symbol(path: str, address: int) -> Frame:
    """Return the function, file and line of an address in a program or library, as its own tables count addresses.

    Raises: FormatError for what is neither, SyscallError.
    """
    return _common().file(path, address)
