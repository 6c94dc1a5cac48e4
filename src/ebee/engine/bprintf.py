"""The kernel's printf for programs: what bpf_trace_printk() and bpf_snprintf() accept and print.

Source: kernel/bpf/helpers.c, bpf_bprintf_prepare() (Linux 6.18).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_ARGUMENTS = 12  # MAX_BPRINTF_VARARGS
_BITS = {"": 32, "l": 64, "ll": 64}  # length modifier to width
_ENDS = "".join(map(chr, [0, *range(9, 14), *range(32, 48), *range(58, 65), *range(91, 97), *range(123, 127)]))


def bprintf(
    fmt: bytes,
    args: Sequence[int],
    string_at: Callable[[int, str], bytes],
    bytes_at: Callable[[int, int], bytes] | None = None,
) -> bytes | None:
    """Return the formatted text, or None where the kernel says -EINVAL.

    `args` are unsigned 64-bit numbers; `string_at(address, space)` reads the string for %s (space "s"), %pks ("k") and
    %pus ("u"); `bytes_at(address, size)` the address for %pI4, %pi4, %pI6 and %pi6, zeros where it cannot be read.
    Conversions: d i u x X with l or ll, c, s, and p, pK, px, ps, pS, pB, which all show a number; with the flags
    `0+- ` and a width. A precision and `#` are refused.
    """
    if not all(9 <= c <= 13 or 32 <= c < 127 or c > 127 for c in fmt):
        return None
    text = fmt.decode("latin-1") + "\0\0\0"
    out: list[str] = []
    used = pos = 0
    while True:
        at = text.find("%", pos)
        if at < 0:
            out.append(text[pos:-3])
            return "".join(out).encode("latin-1")
        out.append(text[pos:at])
        pos = at + 1
        if text[pos] == "%":
            out.append("%")
            pos += 1
            continue
        if used >= len(args):
            return None
        value, used = args[used], used + 1
        while text[pos] in "0+- ":
            pos += 1
        if text[pos] != "0":
            while text[pos] in "0123456789":
                pos += 1
        layout = text[at + 1 : pos]
        kind = text[pos]
        if kind == "p" and text[pos + 1] in "ku" and text[pos + 2] == "s" or kind == "s":
            space = text[pos + 1] if kind == "p" else "s"
            pos += 3 if kind == "p" else 1
            if text[pos] not in _ENDS:
                return None
            out.append(_layout(layout, "s", string_at(value, space).decode("latin-1")))
        elif kind == "p":
            pos += 1
            if text[pos] in "KxsSB":
                pos += 1
            elif text[pos] in "iI" and text[pos + 1] in "46":
                size = 4 if text[pos + 1] == "4" else 16
                raw = b"" if bytes_at is None else bytes_at(value, size)
                out.append(_ip(raw.ljust(size, b"\0"), text[pos] == "I"))
                pos += 2
                continue
            elif text[pos] not in _ENDS:
                return None
            out.append(f"{value:016x}")
        elif kind == "c":
            pos += 1
            out.append(_layout(layout, "s", chr(value & 0xFF)))
        else:
            length = "ll" if text.startswith("ll", pos) else "l" if kind == "l" else ""
            pos += len(length)
            kind = text[pos]
            if kind not in "diuxX":
                return None
            pos += 1
            bits = _BITS[length]
            value &= (1 << bits) - 1
            if kind in "di":
                out.append(_layout(layout, "d", value - (value >> bits - 1 << bits)))
            else:
                unsigned = layout.replace("+", "").replace(" ", "")
                out.append(_layout(unsigned, "d" if kind == "u" else kind, value))


def _layout(layout: str, kind: str, value: int | str) -> str:
    """Return a value with C's flags and width, which Python's % has too."""
    return f"%{layout}{kind}" % value


def _ip(raw: bytes, is_short: bool) -> str:
    """Return an address as %pI4, %pI6 (short) or %pi4, %pi6 (leading zeros, no colons) show it."""
    if len(raw) == 4:
        return ".".join(f"{b:d}" if is_short else f"{b:03d}" for b in raw)
    groups = [raw[i : i + 2].hex() for i in range(0, 16, 2)]
    return (":" if is_short else "").join(groups)
