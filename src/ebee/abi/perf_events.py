"""Perf events by name. Source: enum perf_type_id, perf_sw_ids and perf_hw_id in include/uapi/linux/perf_event.h."""

from __future__ import annotations

PERF_TYPE_HARDWARE, PERF_TYPE_SOFTWARE = 0, 1

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
