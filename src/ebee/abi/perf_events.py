"""Perf events by name.

Source: enum perf_type_id, perf_sw_ids, perf_hw_id and perf_hw_cache_id, include/uapi/linux/perf_event.h.
"""

from __future__ import annotations

PERF_TYPE_HARDWARE, PERF_TYPE_SOFTWARE, PERF_TYPE_HW_CACHE, PERF_TYPE_RAW, PERF_TYPE_BREAKPOINT = 0, 1, 3, 4, 5

_SOFTWARE = {
    "cpu-clock": 0, "task-clock": 1, "page-faults": 2, "context-switches": 3, "cpu-migrations": 4, "minor-faults": 5,
    "major-faults": 6, "alignment-faults": 7, "emulation-faults": 8, "cgroup-switches": 11,
}  # fmt: skip
_HARDWARE = {
    "cycles": 0, "instructions": 1, "cache-references": 2, "cache-misses": 3, "branches": 4, "branch-misses": 5,
    "bus-cycles": 6, "stalled-cycles-frontend": 7, "stalled-cycles-backend": 8, "ref-cycles": 9,
}  # fmt: skip
# Name: (type, config).
EVENTS = {name: (PERF_TYPE_SOFTWARE, config) for name, config in _SOFTWARE.items()}
EVENTS |= {name: (PERF_TYPE_HARDWARE, config) for name, config in _HARDWARE.items()}

_CACHES = ("L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node")
_CACHE_EVENTS = {"loads": 0, "stores": 1, "prefetches": 2, "load-misses": 0, "store-misses": 1, "prefetch-misses": 2}


# What a breakpoint waits for. Source: HW_BREAKPOINT_*, include/uapi/linux/hw_breakpoint.h.
BREAKPOINT_ON = {"r": 1, "w": 2, "rw": 3, "x": 4}
_LONG_BYTES = 8


def find_breakpoint(name: str) -> tuple[str, int, int, int] | None:
    """Return a breakpoint's symbol ("" if it has none), offset or address, length, and bits of `BREAKPOINT_ON`.

    None for what is not of the form `mem:ADDRESS[/LENGTH][:ON]`, as perf(1) has it; ADDRESS is a number, or a symbol of
    the kernel with or without `+OFFSET`. Length and ON are 4 and `rw` if they are not given; that of `x` is 8.
    """
    if not name.startswith("mem:"):
        return None
    place, _, on = name[4:].partition(":")
    place, _, length = place.partition("/")
    symbol, plus, off = place.partition("+")
    if symbol[:1].isdigit():
        symbol, off = "", place
    bits = BREAKPOINT_ON.get("".join(sorted(on)) if on else "rw", 0)
    try:
        size, number = int(length or "4", 0), int(off, 0) if off or plus or not symbol else 0
    except ValueError:
        return None
    size = _LONG_BYTES if bits == BREAKPOINT_ON["x"] and not length else size
    if not bits or size not in (1, 2, 4, 8) or not 0 <= number < 1 << 64:
        return None
    return symbol, number, size, bits


def find_event(name: str) -> tuple[int, int] | None:
    """Return the type and config of an event, None if there is none of this name.

    Beside `EVENTS` those of caches as perf(1) has them (`LLC-load-misses`, `dTLB-stores`), and the CPU's own by number:
    `r01c2`, in hexadecimal, the event in the low byte and the unit above it, as its manual lists them. For
    breakpoints see `find_breakpoint`.
    """
    if find_breakpoint(name) is not None:
        return PERF_TYPE_BREAKPOINT, 0
    if name in EVENTS:
        return EVENTS[name]
    for number, cache in enumerate(_CACHES):
        what = name.removeprefix(f"{cache}-")
        if what != name and what in _CACHE_EVENTS:
            return PERF_TYPE_HW_CACHE, number | _CACHE_EVENTS[what] << 8 | what.endswith("misses") << 16
    digits = name[1:]
    if name[:1] == "r" and digits and len(digits) <= 16 and set(digits.lower()) <= set("0123456789abcdef"):
        return PERF_TYPE_RAW, int(digits, 16)
    return None
