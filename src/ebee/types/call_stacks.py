"""Stacks as a program outside sees them: addresses, and what they are called."""

from __future__ import annotations

from ..errors import UsageError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Frame(Record):
    """A place in code: the function that `address` lies in, and how far from its beginning.

    `function` and `file` are "" and `line` is 0 where they are not known. `module` is the file that the code was loaded
    from, `[kernel]`, the name of a kernel module in brackets, `[vdso]`, `[jit]`, or "" for memory that is no file's.
    `is_inlined`: the compiler put the function into the one that follows, which has the same address.
    """

    function: str
    offset_bytes: int
    file: str
    line: int
    module: str
    address: int
    is_kernel: bool = False
    is_inlined: bool = False

    @property
    def name(self) -> str:
        """The function, or where the address lies in its module, or the address."""
        if self.function:
            return self.function
        if self.module:
            return f"[{self.module.rpartition('/')[2].strip('[]')}+{self.offset_bytes:#x}]"
        return f"{self.address:#x}"

    def __str__(self) -> str:
        off = f"+{self.offset_bytes:#x}" if self.function and self.offset_bytes and not self.is_inlined else ""
        where = f" at {self.file}:{self.line}" if self.file else ""
        module = f" [{self.module.rpartition('/')[2].strip('[]')}]" if self.module and self.function else ""
        return f"{self.name}{off}{' (inlined)' if self.is_inlined else ''}{where}{module}"


class FileOffset(int):
    """A place in a file, in the place of an address: an offset in bytes in the file that has a build id."""

    build_id: bytes

    def __new__(cls, off: int, build_id: bytes) -> FileOffset:
        made = super().__new__(cls, off)
        made.build_id = build_id
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileOffset) and (int(self), self.build_id) == (int(other), other.build_id)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((int(self), self.build_id))

    def __repr__(self) -> str:
        return f"{self.build_id.hex()}+{int(self):#x}"


def fold(frames: Sequence[Frame]) -> str:
    """Return a stack as one line, outermost first, as tools for flame graphs read it; `_[k]` marks the kernel's."""
    names = (frame.name.replace(";", ":") + ("_[k]" if frame.is_kernel else "") for frame in reversed(frames))
    return ";".join(names)


class CallStack(list[int]):
    """The addresses of a stack, innermost first, with what they are called. As text: a line for each.

    Addresses of a process have names when it is said which process: its number, as `ebee.pid()` gave it.
    """

    __slots__ = ("_namer",)

    def __init__(
        self, addresses: Iterable[int] = (), namer: Callable[[Sequence[int], int], list[Frame]] | None = None
    ) -> None:
        super().__init__(addresses)
        self._namer = namer

    def symbols(self, pid: int = 0) -> list[Frame]:
        """Return the frames, innermost first, with those of inlined functions. Without `pid` only the kernel's have
        names.

        Raises: UsageError for a stack that came out of no session.
        """
        if self._namer is None:
            raise UsageError("this stack belongs to no session", hint="ebee.Symbols().frames(addresses, pid)")
        return self._namer(self, pid)

    def folded(self, pid: int = 0) -> str:
        """Return the names, outermost first, with `;` between: a line of what tools for flame graphs read."""
        return fold(self.symbols(pid))

    def text(self, pid: int = 0) -> str:
        """Return the frames, a line for each."""
        return "\n".join(map(str, self.symbols(pid)))

    def __str__(self) -> str:
        return self.text() if self._namer is not None else super().__str__()

    def __reduce__(self) -> tuple[type[list[int]], tuple[list[int]]]:
        return list, (list(self),)
