"""The kernel's printf for programs: what bpf_trace_printk() accepts and prints.

Source: kernel/bpf/helpers.c, bpf_bprintf_prepare() (Linux 6.18).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Length modifier to width in bits.
_BITS = {"": 32, "l": 64, "ll": 64}


def bprintf(fmt: bytes, args: Sequence[int], string_at: Callable[[int], str]) -> str | None:
    """Return the formatted text, or None where the kernel says -EINVAL.

    `args` are unsigned 64-bit numbers; `string_at` reads the string for %s, %pks and %pus. Conversions: d i u
    x X with l or ll, c, s, p and px (shown as a number), with flags, width and precision.
    """
    if not all(9 <= c <= 13 or 32 <= c < 127 for c in fmt):
        return None
    text = fmt.decode("ascii")
    out: list[str] = []
    used = pos = 0
    while True:
        at = text.find("%", pos)
        if at < 0:
            out.append(text[pos:])
            return "".join(out)
        out.append(text[pos:at])
        pos = at + 1
        if text[pos : pos + 1] == "%":
            out.append("%")
            pos += 1
            continue
        while text[pos : pos + 1] and text[pos] in "0+- #.123456789":
            pos += 1
        layout = text[at + 1 : pos]
        if used >= len(args):
            return None
        value, used = args[used], used + 1
        rest = text[pos:]
        if rest.startswith(("pks", "pus")):
            pos += 3
            out.append(_layout(layout, "s", string_at(value)))
        elif rest.startswith("p"):
            pos += 2 if rest.startswith("px") else 1
            out.append(f"{value:016x}")
        elif rest.startswith("s"):
            pos += 1
            out.append(_layout(layout, "s", string_at(value)))
        elif rest.startswith("c"):
            pos += 1
            out.append(_layout(layout, "s", chr(value & 0xFF)))
        else:
            length = "ll" if rest.startswith("ll") else "l" if rest.startswith("l") else ""
            kind = rest[len(length) : len(length) + 1]
            if not kind or kind not in "diuxX":
                return None
            pos += len(length) + 1
            bits = _BITS[length]
            value &= (1 << bits) - 1
            if kind in "di" and value >> (bits - 1):
                value -= 1 << bits
            out.append(_layout(layout, "d" if kind in "diu" else kind, value))


def _layout(layout: str, kind: str, value: int | str) -> str:
    """Return a value with C's flags, width and precision, which Python's % has too."""
    try:
        return f"%{layout}{kind}" % value
    except ValueError:
        return str(value)
