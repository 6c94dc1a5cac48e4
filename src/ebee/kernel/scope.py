"""Following a command and its descendants, in the kernel.

A hash map holds the processes that count, by their number (tgid) in the initial pid namespace. Raw tracepoint
programs keep it: a child of a process in the map is added before it first runs, a process is removed when its last
thread exits. The command's own process adds itself, by running a program on itself after fork and before exec: so no
process number ever crosses a pid namespace. It counts from its exec on; what ebee does between is not the command's.
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import PermissionMissing, UsageError
from ..isa.insn import Insn
from ..isa.opcodes import BPF_JEQ, BPF_JMP, BPF_JNE, BPF_RSH, BPF_X, R0, R1, R2, R3, R4, R6, R7, R10
from ..spec.object import MapSpec
from ..sys import bpf
from .maps import KernelMap
from .stub import (
    BEFORE_EXEC,
    GET_CURRENT_PID_TGID,
    IN_SCOPE,
    MAP_DELETE_ELEM,
    MAP_UPDATE_ELEM,
    Stub,
    add_imm,
    atomic_add,
    call,
    load,
    map_ptr,
    map_value,
    mov,
    mov_imm,
    shift,
    store,
    store_imm,
)
from .task_layout import TaskLayout, task_layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..sys.os_seam import Fd

MAX_PROCESSES = 65536
_BPF_F_NO_PREALLOC = 1

# Where the programs keep things on their stack, from r10.
_TGID, _CHILD, _STATE = -8, -16, -24


def _own_tgid() -> list[Insn]:
    return [call(GET_CURRENT_PID_TGID), shift(BPF_RSH, R0, 32), store(4, R10, _TGID, R0)]


def _update(map_fd: int, key_off: int) -> list[Insn]:
    return [
        map_ptr(R1, map_fd),
        mov(R2, R10), add_imm(R2, key_off),
        mov(R3, R10), add_imm(R3, _STATE),
        mov_imm(R4, abi.BPF_ANY),
        call(MAP_UPDATE_ELEM),
    ]  # fmt: skip


def seed_insns(map_fd: int) -> list[Insn]:
    """Add the process that runs this, as one that has not executed its command yet."""
    stub = Stub(*_own_tgid(), store_imm(1, R10, _STATE, BEFORE_EXEC), *_update(map_fd, _TGID))
    return stub.as_program()


def fork_insns(map_fd: int, lost_fd: int, layout: TaskLayout) -> list[Insn]:
    """sched_process_fork(parent, child): add the child's process if the parent's is in the map."""
    stub = Stub(load(8, R6, R1, 8), *_own_tgid())
    stub.lookup(map_fd, _TGID)
    stub.add(load(1, R7, R0, 0), store(1, R10, _STATE, R7))
    stub.read_kernel(_CHILD, 4, R6, layout.task_tgid)
    same_process = Insn(BPF_JMP | BPF_JNE | BPF_X, R1, R2, 2)
    stub.add(load(4, R1, R10, _CHILD), load(4, R2, R10, _TGID), same_process)
    stub.add(*Stub().as_program())
    stub.add(*_update(map_fd, _CHILD))
    stub.leave_if(BPF_JEQ, R0, 0)
    stub.add(map_value(R1, lost_fd), mov_imm(R2, 1), atomic_add(R1, R2))
    return stub.as_program()


def exec_insns(map_fd: int) -> list[Insn]:
    """sched_process_exec: from here on the command's process counts."""
    stub = Stub(*_own_tgid())
    stub.lookup(map_fd, _TGID)
    stub.add(store_imm(1, R0, 0, IN_SCOPE))
    return stub.as_program()


def exit_insns(map_fd: int, layout: TaskLayout) -> list[Insn]:
    """sched_process_exit(task): remove the process with its last thread."""
    stub = Stub(load(8, R6, R1, 0), *_own_tgid())
    stub.lookup(map_fd, _TGID)
    stub.read_kernel(_STATE, 8, R6, layout.task_signal)
    stub.add(load(8, R7, R10, _STATE))
    stub.read_kernel(_CHILD, 4, R7, layout.signal_live)
    stub.add(load(4, R1, R10, _CHILD))
    stub.leave_if(BPF_JNE, R1, 0)
    stub.add(map_ptr(R1, map_fd), mov(R2, R10), add_imm(R2, _TGID), call(MAP_DELETE_ELEM))
    return stub.as_program()


def load_own(name: str, insns: list[Insn]) -> Fd:
    """Load one of ebee's own raw tracepoint programs. Raises: PermissionMissing, SyscallError with the log."""
    import sys

    from ..isa.encode import encode
    from ..sys.os_seam import Fd

    program = bpf.ProgLoad(abi.BPF_PROG_TYPE_RAW_TRACEPOINT, encode(insns, sys.byteorder), name, "GPL")
    fd = program.load()
    if fd == -bpf.EPERM:
        raise PermissionMissing("loading a tracing program", ["CAP_BPF", "CAP_PERFMON"])
    if fd < 0:
        again, log = program.load_with_log()
        if again < 0:
            raise bpf.error(abi.BPF_PROG_LOAD, -fd, log)
        fd = again  # what was in its way is gone
    return Fd(fd)


class KernelScope:
    """The processes that scoped programs act on. `lost` counts descendants that found no room in the map."""

    def __init__(self) -> None:
        layout = task_layout()
        hash_spec = MapSpec("ebee.scope", abi.BPF_MAP_TYPE_HASH, 4, 1, MAX_PROCESSES, _BPF_F_NO_PREALLOC)
        self._fds: list[Fd] = []
        self._exit: Fd | None = None
        self.map = KernelMap(hash_spec)
        self._lost_map = KernelMap(MapSpec("ebee.scope_lost", abi.BPF_MAP_TYPE_ARRAY, 4, 8, 1))
        try:
            map_fd, lost_fd = self.map.fd.number, self._lost_map.fd.number
            self._seed = load_own("ebee_seed", seed_insns(map_fd))
            self._exit = load_own("ebee_exit", exit_insns(map_fd, layout))
            fork = load_own("ebee_fork", fork_insns(map_fd, lost_fd, layout))
            exec_ = load_own("ebee_exec", exec_insns(map_fd))
            self._fds += [
                bpf.raw_tracepoint_open("sched_process_fork", fork.number),
                bpf.raw_tracepoint_open("sched_process_exec", exec_.number),
            ]
        except BaseException:
            self.close()
            raise

    @property
    def lost(self) -> int:
        """The number of descendants that are not followed because the map was full."""
        import sys

        return int.from_bytes(self._lost_map.lookup(bytes(4)) or b"", sys.byteorder)

    def watch_exits(self) -> None:
        """Begin to remove processes that end.

        This is attached last, when a command is spawned: programs of one tracepoint run in the order in which they
        were attached, and a user's program on sched_process_exit must still find the process in the map.
        """
        if self._exit is not None:
            self._fds.append(bpf.raw_tracepoint_open("sched_process_exit", self._exit.number))
            self._exit.close()
            self._exit = None

    def seed(self) -> None:
        """Add the calling process and, with that, its future children; it counts from its next exec on."""
        if self.map.fd.number < 0:
            raise UsageError("this scope is closed")
        bpf.prog_test_run(self._seed.number)

    def process_count(self) -> int:
        """Return how many processes are followed at the moment."""
        return sum(1 for _ in self.map.items())

    def close(self) -> None:
        """Stop following. Closing twice is allowed."""
        for fd in self._fds:
            fd.close()
        self._fds.clear()
        if self._exit is not None:
            self._exit.close()
        for owned in (getattr(self, "_seed", None), self.map, self._lost_map):
            if owned is not None:
                owned.close()
