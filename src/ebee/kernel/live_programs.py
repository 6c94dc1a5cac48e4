"""Programs that are in the kernel, whoever loaded them: what they are, what they cost, their code; test runs."""

from __future__ import annotations

import struct
import sys

from ..abi import bpf as abi
from ..btf.read import Btf
from ..errors import PermissionMissing, SyscallError
from ..isa.encode import decode
from ..record import Record
from ..spec.backend import TestResult
from ..sys import bpf, objects
from .objects import LiveObject, Map, btf_of_id, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..isa.insn import Insn
    from ..sys.os_seam import Fd

_GPL_OFF = 84  # struct bpf_prog_info: a bit field behind `ifindex`
_NAME_BYTES = bpf.BPF_OBJ_NAME_LEN - 1


class SourceLine(Record):
    """A line of source, and the instruction (by slot of 8 bytes) or the address that its code begins at."""

    at: int
    file: str
    line: int
    column: int
    text: str


class Function(Record):
    """A function of a program: its slot, its name; where the machine code is and how many bytes it has, 0 if hidden."""

    at: int
    name: str
    address: int = 0
    size_bytes: int = 0


class Program(LiveObject):
    """A program in the kernel, whoever loaded it."""

    kind = "prog"
    _next_id, _fd_by_id = abi.BPF_PROG_GET_NEXT_ID, abi.BPF_PROG_GET_FD_BY_ID

    def info(self) -> objects.Info:
        """Return what the kernel says of it now. Raises: SyscallError."""
        return objects.prog_info(self.fd.number)

    def __init__(self, fd: Fd) -> None:
        super().__init__(fd)
        self._types: list[Btf | None] = []

    @property
    def type(self) -> str:
        """The kind of program, as libbpf has it: `xdp`, `sched_cls`, `raw_tracepoint`."""
        number = self.cached()["type"]
        return names_of("BPF_PROG_TYPE_").get(number, f"type {number}")

    @property
    def name(self) -> str:
        """Its whole name where its types tell it, else the first 15 characters that the kernel keeps."""
        short = self.cached().text("name")
        if len(short) < _NAME_BYTES:
            return short
        functions = self.functions()
        return functions[0].name if functions and functions[0].name.startswith(short) else short

    @property
    def tag(self) -> str:
        """A hash of its instructions, in hexadecimal."""
        return self.cached().raw("tag").hex()

    @property
    def is_gpl(self) -> bool:
        """Whether its license is compatible with the GPL."""
        return self.cached().bit(_GPL_OFF)

    @property
    def loaded_at(self) -> float:
        """When it was loaded, in seconds since 1970."""
        import time

        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return time.time() - (now_ns - self.cached()["load_time"]) / 1e9

    @property
    def uid(self) -> int:
        """The user who loaded it."""
        return self.cached()["created_by_uid"]

    @property
    def map_ids(self) -> list[int]:
        """The maps that it uses or keeps."""
        return objects.prog_info(self.fd.number, "map_ids").numbers("map_ids", 4)

    @property
    def btf_id(self) -> int:
        """The id of its types, 0 if it has none."""
        return self.cached()["btf_id"]

    @property
    def btf(self) -> Btf | None:
        """Its types. Raises: SyscallError, PermissionMissing."""
        if not self._types:
            self._types.append(btf_of_id(self.btf_id))
        return self._types[0]

    @property
    def run_time_ns(self) -> int:
        """How long it has run so far, while statistics were on (`ebee.run_stats`), in ns."""
        return self.info()["run_time_ns"]

    @property
    def run_cnt(self) -> int:
        """How often it has run so far, while statistics were on."""
        return self.info()["run_cnt"]

    @property
    def recursion_misses(self) -> int:
        """How often it did not run because it was running already."""
        return self.info()["recursion_misses"]

    @property
    def verified_insns(self) -> int:
        """How many instructions the verifier looked at."""
        return self.cached()["verified_insns"]

    @property
    def is_orphaned(self) -> bool:
        """Whether what it was attached to is gone: an interface that it was loaded for."""
        try:
            self.info()
        except SyscallError as e:
            return e.errno == 19  # ENODEV
        return False

    def xlated(self) -> list[Insn]:
        """Return its instructions as the kernel runs them, after its own changes; none without CAP_PERFMON."""
        data = objects.prog_info(self.fd.number, "xlated_prog_insns").arrays.get("xlated_prog_insns", b"")
        return decode(data, sys.byteorder, check=False)

    def jited(self) -> bytes:
        """Return its machine code, function after function; empty where there is none or addresses are hidden."""
        return objects.prog_info(self.fd.number, "jited_prog_insns").arrays.get("jited_prog_insns", b"")

    def functions(self) -> list[Function]:
        """Return its functions in the order of their code; without types they have no names."""
        info = objects.prog_info(self.fd.number, "func_info", "jited_ksyms", "jited_func_lens")
        rec_size, data = info["func_info_rec_size"], info.arrays.get("func_info", b"")
        addresses, sizes = info.numbers("jited_ksyms", 8), info.numbers("jited_func_lens", 4)
        btf = self.btf if data else None
        starts: list[tuple[int, str]] = []
        if btf is not None and rec_size:
            starts = [(at, btf.by_id(id).name) for at, id in
                      (struct.unpack_from("=II", data, off) for off in range(0, len(data), rec_size))]  # fmt: skip
        count = max(len(starts), len(addresses))
        starts += [(0, "")] * (count - len(starts))
        addresses += [0] * (count - len(addresses))
        sizes += [0] * (count - len(sizes))
        return [Function(*start, address, size) for start, address, size in zip(starts, addresses, sizes)]

    def lines(self) -> list[SourceLine]:
        """Return the lines of source that its instructions come from, by slot; none without types."""
        info = objects.prog_info(self.fd.number, "line_info")
        return self._lines(info.arrays.get("line_info", b""), info["line_info_rec_size"], [])

    def jited_lines(self) -> list[SourceLine]:
        """Return the lines of source that its machine code comes from, by address."""
        info = objects.prog_info(self.fd.number, "line_info", "jited_line_info")
        addresses = info.numbers("jited_line_info", 8)
        lines = self._lines(info.arrays.get("line_info", b""), info["line_info_rec_size"], addresses)
        return lines if addresses else []

    def _lines(self, data: bytes, rec_size: int, addresses: list[int]) -> list[SourceLine]:
        btf = self.btf if data and rec_size else None
        if btf is None:
            return []
        rows = [struct.unpack_from("=IIII", data, off) for off in range(0, len(data), rec_size)]
        return [
            SourceLine(at, btf.string(file), where >> 10, where & 0x3FF, btf.string(text))
            for at, (_, file, text, where) in zip(addresses or [row[0] for row in rows], rows)
        ]

    def maps(self) -> list[Map]:
        """Open the maps that it uses or keeps. Raises: PermissionMissing."""
        return [Map.from_id(id) for id in self.map_ids]

    def bind_map(self, map: Map) -> None:
        """Have it keep a map that its code does not use (Linux 5.10). Raises: SyscallError."""
        objects.prog_bind_map(self.fd.number, map.fd.number)

    def test_run(
        self, *, data: bytes = b"", ctx: bytes = b"", repeat: int = 1, data_room: int | None = None, flags: int = 0,
        cpu: int | None = None, batch_size: int = 0,
    ) -> TestResult:
        """Run it now, without attaching it: BPF_PROG_TEST_RUN.

        `data` is a packet, of which `data_room` bytes come back (256 more than were given); `ctx` the context.
        `cpu` runs it there (raw tracepoints). With BPF_F_TEST_XDP_LIVE_FRAMES in `flags` packets are sent for what it
        returns, in batches of `batch_size`, and none come back. The duration is the mean of `repeat` runs, in ns.

        Raises: SyscallError, ENOTSUPP for kinds of programs that cannot be run so.
        """
        more = {"flags": flags, "batch_size": batch_size}
        if cpu is not None:
            more |= {"flags": flags | abi.BPF_F_TEST_RUN_ON_CPU, "cpu": cpu}
        room = len(data) + 256 if data_room is None else data_room
        if not data or flags & abi.BPF_F_TEST_XDP_LIVE_FRAMES:
            room = 0
        retval, out, ctx_out, duration_ns = bpf.prog_test_run(
            self.fd.number, ctx, data, repeat, room, **{name: n for name, n in more.items() if n}
        )
        return TestResult(retval, out, duration_ns, ctx_out)


class RunStats:
    """Counts and times the runs of all programs as long as it is open; a `with` block. Costs 10 ns or so a run.

    Raises: PermissionMissing, SyscallError before Linux 5.8.
    """

    def __init__(self) -> None:
        try:
            self._fd = objects.enable_stats()
        except SyscallError as e:
            if e.errno == bpf.EPERM:
                raise PermissionMissing("counting the runs of programs", ["CAP_SYS_ADMIN"]) from None
            raise

    def close(self) -> None:
        """Stop counting. Closing twice is allowed."""
        self._fd.close()

    def __enter__(self) -> RunStats:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

