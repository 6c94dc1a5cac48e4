"""Helpers over text: comparing, formatting, printing, reading numbers.

Source: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EINVAL, ERANGE

from ...errors import FaultError
from ..bprintf import MAX_ARGUMENTS, bprintf
from .common import U32, U64, is_of_kernel, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..interpreter import Machine

_MAX_LINE = 1024  # MAX_BPRINTF_BUF
_MAX_NUMBER = 63  # characters that a number is looked for in
_SPACES = b"\t\n\v\f\r \xa0"
_DIGITS = b"0123456789abcdef"


def strncmp(vm: Machine, s1: int, size: int, s2: int) -> int:
    a, b = vm.memory.read(s1, size & U32), vm.memory.readable(s2)
    a = a.partition(b"\0")[0]
    b, nul, _ = b[: size & U32].partition(b"\0")
    if not nul and len(b) < size & U32 and a[: len(b)] == b:
        raise vm.memory.fault(s2 + len(b), 1)
    return (a > b) - (a < b)


# Formatting.


def _string(vm: Machine, address: int, space: str) -> bytes:
    """Return the string at an address of the engine or the user, b'' when it faults."""
    if space == "k" or space == "s" and is_of_kernel(vm, address):
        data = vm.memory.readable(address)
    else:
        data = vm.task.read_user(address, 512)
    return data[:511].partition(b"\0")[0]


def _bytes(vm: Machine, address: int, size: int) -> bytes:
    try:
        return vm.memory.read(address, size)
    except FaultError:
        return bytes(size)


def _format(vm: Machine, fmt: bytes, args: Sequence[int]) -> bytes | None:
    return bprintf(fmt, args, lambda a, space: _string(vm, a, space), lambda a, n: _bytes(vm, a, n))


def _arguments(vm: Machine, data: int, size: int) -> list[int] | None:
    size &= U32
    if size % 8 or size > 8 * MAX_ARGUMENTS or size and not data:
        return None
    raw = vm.memory.read(data, size) if size else b""
    return [int.from_bytes(raw[i : i + 8], "little") for i in range(0, size, 8)]


def _print(vm: Machine, fmt: int, size: int, args: Sequence[int] | None) -> int:
    """Hand a line to `vm.trace`; return its length, or -EINVAL."""
    text = vm.memory.read(fmt, size & U32)
    if args is None or text[-1:] != b"\0":
        return -EINVAL
    line = _format(vm, text.partition(b"\0")[0], args)
    if line is None:
        return -EINVAL
    if vm.trace is not None:
        vm.trace(line[: _MAX_LINE - 1].decode("utf-8", "backslashreplace"))
    return len(line)


def trace_printk(vm: Machine, fmt: int, size: int, arg1: int, arg2: int, arg3: int) -> int:
    return _print(vm, fmt, size, (arg1, arg2, arg3))


def trace_vprintk(vm: Machine, fmt: int, size: int, data: int, data_size: int) -> int:
    return _print(vm, fmt, size, _arguments(vm, data, data_size))


def snprintf(vm: Machine, out: int, size: int, fmt: int, data: int, data_size: int) -> int:
    """Format into a buffer, cut off with its NUL; return what all of it takes with a NUL, or -EINVAL."""
    window = vm.memory.window(out, size & U32) if size & U32 else None
    args = _arguments(vm, data, data_size)
    line = None if args is None else _format(vm, vm.memory.readable(fmt).partition(b"\0")[0], args)
    if line is None:
        return -EINVAL
    if window is not None:
        cut = line[: len(window) - 1] + b"\0"
        window[: len(cut)] = cut
    return len(line) + 1


# Numbers.


def _number(text: bytes, flags: int) -> tuple[int, int] | int:
    """Return the number at the start of a text and how many bytes it took, or a negative errno."""
    base = flags & 0x1F
    if not text or base not in (0, 8, 10, 16) or flags & ~0x1F:
        return -EINVAL
    digits = text.lstrip(_SPACES)
    is_negative = digits[:1] == b"-"
    digits = digits[is_negative:]
    start = len(text) - len(digits)
    digits = digits[:_MAX_NUMBER].partition(b"\0")[0].lower()
    has_prefix = digits[:2] == b"0x"
    if base == 0:
        base = 16 if has_prefix and digits[2:3] and digits[2] in _DIGITS else 8 if digits[:1] == b"0" else 10
    if base == 16 and has_prefix:
        start, digits = start + 2, digits[2:]
    end = 0
    while end < len(digits) and digits[end] in _DIGITS[:base]:
        end += 1
    if not end:
        return -EINVAL
    value = int(digits[:end], base)
    if value > U64:
        return -ERANGE
    return -value if is_negative else value, start + end


def strtol(vm: Machine, buf: int, size: int, flags: int, out: int) -> int:
    """Read a signed number of 64 bits; return how many bytes it took."""
    found = _number(vm.memory.read(buf, size), flags)
    place = vm.memory.window(out, 8)
    place[:] = bytes(8)
    if isinstance(found, int):
        return found
    value, length = found
    if signed(value, 64) != value:
        return -ERANGE
    place[:] = (value & U64).to_bytes(8, "little")
    return length


def strtoul(vm: Machine, buf: int, size: int, flags: int, out: int) -> int:
    """Read an unsigned number of 64 bits; return how many bytes it took."""
    text = vm.memory.read(buf, size)
    found = _number(text, flags)
    place = vm.memory.window(out, 8)
    place[:] = bytes(8)
    if isinstance(found, int):
        return found
    value, length = found
    if text.lstrip(_SPACES)[:1] == b"-":
        return -EINVAL
    place[:] = value.to_bytes(8, "little")
    return length
