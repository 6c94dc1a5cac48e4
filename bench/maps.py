"""Maps from outside, beside the system calls themselves: single look-ups, and whole maps into numpy arrays.

The peers are what a careful user writes with ctypes: attributes and buffers made once for BPF_MAP_LOOKUP_ELEM; one
BPF_MAP_LOOKUP_BATCH into two numpy arrays that are large enough. All are measured in turns, in CPU time.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import statistics
import struct
import sys
import time

import numpy as np

import ebee
from ebee import Array, Hash, Struct, u32, u64
from ebee.sys.os_seam import Os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LOOKUP_ELEM, _LOOKUP_BATCH, _ENOENT = 1, 24, 2
_ENTRIES = 100_000


class Stat(Struct):
    count: u64
    last_ns: u64
    cpu: u32


counts = Hash(u32, u64, max_entries=_ENTRIES)
stats = Hash(u32, Stat, max_entries=_ENTRIES)
slots = Array(u64, max_entries=_ENTRIES)
shared = Array(u64, max_entries=_ENTRIES, mmapable=True)


@ebee.syscall_program
def use(ctx: Stat) -> None:
    counts[0] = slots[0] + shared[0]
    stats[0] = Stat(count=1)


def look_up(fd: int, value_bytes: int) -> Callable[[int], int]:
    """Return the prepared system call for u32 keys and values that begin with a u64."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes, call.restype = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_long], ctypes.c_long
    number = Os()._bpf_number
    key, value = ctypes.c_uint32(), ctypes.create_string_buffer(value_bytes)
    first = ctypes.c_uint64.from_buffer(value)
    attr = ctypes.create_string_buffer(
        struct.pack("=IxxxxQQQ", fd, ctypes.addressof(key), ctypes.addressof(value), 0), 32
    )

    def run(k: int) -> int:
        key.value = k
        if call(number, _LOOKUP_ELEM, attr, 32) < 0:
            raise OSError(ctypes.get_errno())
        return first.value

    return run


def read_batch(fd: int, dtype: str, entries: int) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return the system call that reads a whole map with u32 keys into arrays."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    number, cursor = Os()._bpf_number, ctypes.create_string_buffer(8)

    def run() -> tuple[np.ndarray, np.ndarray]:
        keys, values = np.empty(entries, "u4"), np.empty(entries, dtype)
        fields = (0, ctypes.addressof(cursor), keys.ctypes.data, values.ctypes.data, entries, fd, 0, 0)
        attr = ctypes.create_string_buffer(struct.pack("=QQQQIIQQ", *fields), 56)
        result = call(ctypes.c_long(number), ctypes.c_long(_LOOKUP_BATCH), attr, ctypes.c_long(56))
        if result < 0 and ctypes.get_errno() != _ENOENT:
            raise OSError(ctypes.get_errno())
        return keys, values

    return run


def in_turns(ways: dict[str, Callable[[], object]], rounds: int, turns: int) -> dict[str, float]:
    """Return each way's CPU time in ns, the median of all rounds."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time_ns()
            for _ in range(turns):
                way()
            times[name].append((time.process_time_ns() - start) / turns)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="fail above 1.5 times, or below 0.9 of the rate")
    args = parser.parse_args()
    with ebee.Session(backend="kernel") as session:
        session.load(use)
        keys = range(_ENTRIES)
        counts.update((k, 3 * k) for k in keys)
        stats.update((k, Stat(count=k)) for k in keys)
        slots.update((k, k) for k in keys)
        shared.view()[:] = np.arange(_ENTRIES)
        fds = {decl.name: decl._live.map.fd.number for decl in session.maps() if isinstance(decl, Hash | Array)}
        raw, raw_struct = look_up(fds["counts"], 8), look_up(fds["stats"], 24)
        assert raw(7) == counts[7] == 21 and raw_struct(7) == stats[7].count == 7 and shared.view()[7] == 7
        single = in_turns(
            {
                "ctypes, u64": lambda: raw(7), "ebee, u64": lambda: counts[7],
                "ctypes, struct": lambda: raw_struct(7), "ebee, struct": lambda: stats[7],
            },
            args.rounds, 2000,
        )  # fmt: skip
        batch = read_batch(fds["counts"], "u8", _ENTRIES)
        batch_struct = read_batch(fds["stats"], "V24", _ENTRIES)
        batch_array = read_batch(fds["slots"], "u8", _ENTRIES)
        assert dict(zip(*(a.tolist() for a in batch()))) == dict(counts.items())
        assert (counts.to_numpy()["value"] == batch()[1]).all()
        whole = in_turns(
            {
                "raw, Hash u64": batch, "ebee, Hash u64": counts.to_numpy,
                "raw, Hash struct": batch_struct, "ebee, Hash struct": stats.to_numpy,
                "raw, Array u64": batch_array, "ebee, Array u64": slots.to_numpy,
                "ebee, mapped Array u64": lambda: shared.view().copy(),
            },
            max(args.rounds // 3, 3), 1,
        )  # fmt: skip
    ratios = {
        **{f"look-up, {k}": single[f"ebee, {k}"] / single[f"ctypes, {k}"] for k in ("u64", "struct")},
        **{f"rate, {k}": whole[f"raw, {k}"] / whole[f"ebee, {k}"] for k in ("Hash u64", "Hash struct", "Array u64")},
    }
    if args.json:
        print(json.dumps({"look_up_ns": single, "read_ns": whole, "ratios": ratios}))
    else:
        for name, ns in single.items():
            print(f"look-up  {name:24} {ns:8.0f} ns")
        for name, ns in whole.items():
            print(f"read all {name:24} {_ENTRIES / ns * 1e3:8.2f} M entries/s")
        for name, ratio in ratios.items():
            print(f"ratio    {name:24} {ratio:8.2f}")
    bad = [name for name, r in ratios.items() if (r > 1.5 if name.startswith("look-up") else r < 0.9)]
    return int(args.check and bool(bad))


if __name__ == "__main__":
    sys.exit(main())
