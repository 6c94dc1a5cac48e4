"""How many CPUs per-CPU values are kept for."""

from __future__ import annotations

import os

from .os_seam import current


def possible_cpus() -> int:
    """Return the number of possible CPUs, the highest one's number plus one; without Linux, those that there are."""
    try:
        text = current().read_file("/sys/devices/system/cpu/possible").decode()
    except OSError:
        return os.cpu_count() or 1
    return int(text.strip().replace("-", ",").split(",")[-1]) + 1


def online_cpus() -> list[int]:
    """Return the numbers of the CPUs that run, from `/sys/devices/system/cpu/online`: `0-3,6`."""
    try:
        text = current().read_file("/sys/devices/system/cpu/online").decode().strip()
    except OSError:
        return list(range(os.cpu_count() or 1))
    ranges = [part.partition("-") for part in text.split(",")]
    return [cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1)]
