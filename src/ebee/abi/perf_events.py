"""Perf events by name.

Source: enum perf_type_id, perf_sw_ids, perf_hw_id and perf_hw_cache_id, include/uapi/linux/perf_event.h.
"""

from __future__ import annotations

PERF_TYPE_HARDWARE, PERF_TYPE_SOFTWARE, PERF_TYPE_HW_CACHE, PERF_TYPE_RAW = 0, 1, 3, 4

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


def find_event(name: str) -> tuple[int, int] | None:
    """Return the type and config of an event, None if there is none of this name.

    Beside `EVENTS` those of caches as perf(1) has them (`LLC-load-misses`, `dTLB-stores`), and the CPU's own by number:
    `r01c2`, in hexadecimal, the event in the low byte and the unit above it, as its manual lists them.
    """
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
