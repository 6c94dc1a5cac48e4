"""Register states in the logs of the kernel's verifier, in words.

A state is written `R2=scalar(umax=4095,…)`; before Linux 5.18 scalars were called `inv`, before 6.7 each bound was
written for itself. Source: print_verifier_state in kernel/bpf/log.c (Linux 6.18), kernel/bpf/verifier.c (5.10).
"""

from __future__ import annotations

import re

_STATE = re.compile(r"\b[Rr](\d+)(?:_\w+)?=((?:[\w.*+-]+)?(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?)")
_INSN = re.compile(r"\d+: \([0-9a-f]{2}\) ([^;]*)(?:;(.*))?")
_FROM = re.compile(r"from \d+ to \d+(?: \(speculative execution\))?:(.*)")
_ENTRY = re.compile(r"(?:frame\d+: ?|\d+: )(?=R\d)")

# What a pointer's type leads to, in words. First match wins; {0} is what the pattern caught.
_POINTERS: tuple[tuple[str, str], ...] = (
    (r"ctx$", "the program's context"),
    (r"fp$", "an address on the stack"),
    (r"map_ptr$", "a map"),
    (r"map_value$", "an address in a map's value"),
    (r"map_key$", "an address of a map's key"),
    (r"pkt$", "an address in the packet"),
    (r"pkt_meta$", "an address in the packet's metadata"),
    (r"pkt_end$", "the packet's end"),
    (r"(?:ringbuf_|alloc_|dynptr_)?mem$", "an address in memory of the program"),
    (r"buf$", "an address in a buffer"),
    (r"func$", "a function"),
    (r"arena$", "an address in an arena"),
    (r"(?:percpu_)?(?:trusted_|rcu_|user_)*ptr_(\w+?)$", "a pointer to the kernel's struct {0}"),
    (r"untrusted_(?:percpu_)?ptr_(\w+?)$", "an untrusted pointer to the kernel's struct {0}"),
    (r"(?:sock|sock_common|tcp_sock|xdp_sock)$", "a socket"),
)
_SIGNED = 1 << 63


def registers_at_end(log_lines: list[str]) -> tuple[dict[int, str], str]:
    """Return what is known of each register at the last instruction of a log, and that instruction's text."""
    known: dict[int, str] = {}
    insn = ""
    for line in log_lines:
        if found := _INSN.match(line):
            insn, states = found[1].strip(), found[2] or ""
        elif found := _FROM.match(line):
            known, states = {}, found[1]
        elif _ENTRY.match(line) or line[:2] == " R" or line[:7] == " frame1":
            states = line
        else:
            continue
        known.update(read_states(states))
    return known, insn


def read_states(text: str) -> dict[int, str]:
    """Return the registers that a text has states of."""
    return {int(number): state for number, state in _STATE.findall(text) if state}


def explain_registers(log_lines: list[str], message: str) -> list[str]:
    """Return a sentence for each register that a refusal is about: those it names, else those its instruction reads."""
    known, insn = registers_at_end(log_lines)
    named = [int(n) for n in re.findall(r"\b[Rr](\d+)\b", message)]
    read = [int(n) for n in re.findall(r"\br(\d+)\b", re.sub(r"^r\d+ = ", "", insn))]
    wanted = dict.fromkeys(n for n in named or read if n in known)
    return [f"r{n} is {words}" for n in wanted if (words := describe(known[n]))]


def describe(state: str) -> str:
    """Return a register's state in words; empty for one in a form that is not known."""
    kind, _, inside = state.partition("(")
    parts = _parts(inside.removesuffix(")"))
    if re.fullmatch(r"(?:scalar|inv|P)?-?(?:0x[0-9a-f]+|\d*)", kind):
        return _number(kind, parts)
    base = re.match(r"[A-Za-z_]+", kind)
    name = base[0] if base else kind
    may_be_null = name.endswith("_or_null")
    name = name.removesuffix("_or_null")
    words = ""
    for pattern, text in _POINTERS:
        if found := re.match(pattern, name):
            words = text.format(*found.groups())
            break
    if not words:
        return ""
    fixed = kind[len(base[0]) :] if base else ""
    if parts.get("map"):
        words = words.replace("a map's", f"map {parts['map']}'s").replace("a map", f"the map {parts['map']}")
    if parts.get("vs"):
        words += f" of {parts['vs']} bytes"
    off = int(fixed) if re.fullmatch(r"[+-]?\d+", fixed) else _int(parts.get("off", "")) or 0
    if name == "fp" and off:
        words = f"the address {abs(off)} bytes {'below' if off < 0 else 'above'} the top of the stack"
    elif off:
        words += f", at offset {off}"
    bounds = _bounds(parts)
    if bounds and bounds[0] != bounds[1]:
        words += f" plus a number from {bounds[0]} to {bounds[1]}"
    if name == "pkt" and "r" in parts:
        count = parts["r"]
        words += f", of which {count} bytes are known to be there" if count != "0" else ", not compared with its end"
    return f"{words}, or null" if may_be_null else words


def _parts(text: str) -> dict[str, str]:
    """Read `a=b=1,c=(0x0; 0xff)`; names that share a value are written in a chain."""
    found: dict[str, str] = {}
    for item in re.split(r",(?![^()]*\))", text):
        *names, value = item.split("=")
        for name in names:
            found[name.strip().removesuffix("_value")] = value.strip()
    return found


def _int(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _bounds(parts: dict[str, str]) -> tuple[int, int] | None:
    """The range that bounds tell: the unsigned one if it says something, else the signed one."""
    lo, hi = _int(parts.get("umin", "")), _int(parts.get("umax", ""))
    if hi is not None or lo is not None:
        return lo or 0, (1 << 64) - 1 if hi is None else hi
    lo, hi = _int(parts.get("smin", "")), _int(parts.get("smax", ""))
    if lo is not None and lo >= _SIGNED:  # large numbers are in hexadecimal, without a sign
        lo -= 1 << 64
    if lo is not None or hi is not None:
        return -_SIGNED if lo is None else lo, _SIGNED - 1 if hi is None else hi
    mask = re.match(r"\(0x([0-9a-f]+); 0x([0-9a-f]+)\)", parts.get("var_off", ""))
    if mask and int(mask[2], 16) < 1 << 64:
        low = int(mask[1], 16)
        return low, low | int(mask[2], 16)
    return None


def _number(kind: str, parts: dict[str, str]) -> str:
    known = re.search(r"-?(?:0x[0-9a-f]+|\d+)$", kind)
    if known:
        return f"the number {int(known[0], 0)}"
    bounds = _bounds(parts)
    if bounds is None or bounds == (0, (1 << 64) - 1):
        return "a number of which nothing is known"
    if bounds[0] == bounds[1]:
        return f"the number {bounds[0]}"
    return f"a number from {bounds[0]} to {bounds[1]}"
