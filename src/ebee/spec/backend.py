"""The protocol between the public API and the two things that run programs: `kernel` and `engine`.

It speaks bytes and specs; only `ebee.api` speaks types. Both implementations are held to one test-suite.
The order of a session: `create_map`* → `scope` (if a command or process is to be followed) → `load_program`* →
`attach`* → `spawn` or `replay` → `wait` / `drain` / `lookup` … → `close`.
"""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False


class TestRun(Record):
    """What a program is run on, once or `repeat` times: context bytes, or packet data, or neither."""

    ctx: bytes = b""
    data: bytes = b""
    repeat: int = 1


class TestResult(Record):
    """What a run returned: the 32-bit result, the packet or context afterwards, mean duration in ns, the context."""

    retval: int
    data: bytes = b""
    duration_ns: int = 0
    ctx: bytes = b""


class AttachOptions(Record):
    """Where a program is attached, beyond what its section says. A hook takes some of it, and refuses the rest.

    `interface` is a network interface's name, `mode` for XDP `native`, `generic` or `offload`, for tc `classic`.
    `cgroup` is a directory of the cgroup2 file system, by its path or by its path in there, `netns` a network
    namespace: a file, or a name as `ip netns` has them, `route` a new route in the words of ip(8). `map` is a map of
    sockets, `socket` a file descriptor. `hook`, `family`, `priority` and `defrag` are netfilter's, `priority` also
    classic tc's. `pid` is the process whose objects an iterator is run on, or that a probe in user space looks at,
    `tid` the thread; `order` is how an iterator goes through control groups, from `cgroup`. `cookie` is what a probe
    finds in its context, or asks for with bpf_get_attach_cookie(). `event` is a perf event's name in
    `abi.perf_events`, with a period or a frequency (per second); `one_cpu` has it on one CPU only,
    `cpu` on the one of this number.

    Of several programs on one interface, or control group, this one goes `before` or `after`
    another: a loaded one, its id, or "all"; nothing is attached if the hook is no longer at `revision`. `allow`
    attaches to a control group without a link: `none`, `override` or `multi` say what others may attach there.
    """

    interface: str = ""
    mode: str = ""
    cgroup: str = ""
    netns: str = ""
    route: str = ""
    map: BackendMap | None = None
    socket: int | None = None
    hook: str = ""
    family: str = ""
    priority: int = 0
    defrag: bool = False
    pid: int = 0
    cookie: int = 0
    event: str = ""
    sample_period: int = 0
    sample_freq: int = 0
    one_cpu: bool = False
    cpu: int | None = None
    tid: int = 0
    order: str = ""
    before: BackendProgram | int | str | None = None
    after: BackendProgram | int | str | None = None
    revision: int = 0
    allow: str = ""

    def given(self) -> list[str]:
        """Return the names of the options that were given."""
        return [name for name in self.__match_args__ if getattr(self, name) not in ("", None, 0)]


if TYPE_CHECKING:  # nobody needs the protocol to run
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from .core_relo import CoreTarget
    from .core_report import CoreReport
    from .object import MapSpec, ObjectSpec, ProgramSpec
    from .target import Target

    class BackendMap(Protocol):
        """A live map. Keys and values are raw bytes of exactly `key_size` and `value_size`.

        A value of a per-CPU map is that of each of the `cpus` possible CPUs in turn, padded to 8 bytes. Maps without
        keys have the key b"".
        """

        spec: MapSpec

        @property
        def cpus(self) -> int:
            """How many CPUs have a value of their own: 1 where all share one."""

        def lookup(self, key: bytes) -> bytes | None:
            """Return the value, or None if there is none."""

        def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
            """Set a value. Raises: SyscallError with E2BIG (full), EEXIST, ENOENT or EINVAL as the kernel does."""

        def delete(self, key: bytes) -> bool:
            """Remove a key; return whether it was there."""

        def push(self, value: bytes, flags: int = 0) -> None:
            """Queues, stacks and Bloom filters: add a value. Raises: SyscallError with E2BIG (full), EINVAL."""

        def pop(self, key: bytes = b"") -> bytes | None:
            """Take a key's value, of queues and stacks the next one; None if there is none. Raises: SyscallError."""

        def has_value(self, value: bytes) -> bool:
            """Bloom filters: whether a value may have been added. Raises: SyscallError for other maps."""

        def next_key(self, key: bytes | None) -> bytes | None:
            """Return the key after `key` (None: the first), or None at the end."""

        def items(self) -> Iterator[tuple[bytes, bytes]]:
            """Iterate over a live map; entries that vanish meanwhile are left out."""

        def chunks(self, *, take: bool = False) -> Iterator[tuple[bytearray, bytearray, int]]:
            """Read the whole map: keys, values and their number, some at a time; with `take` remove what is read."""

        def update_many(self, keys: bytes, values: bytes, count: int, flags: int = 0) -> None:
            """Set many values; keys and values lie back to back. Raises: SyscallError as `update`."""

        def delete_many(self, keys: bytes, count: int) -> int:
            """Remove many keys, which lie back to back; return how many were there. Raises: SyscallError."""

        def freeze(self) -> None:
            """Refuse all further writes from user space. Raises: SyscallError."""

        @property
        def shared(self) -> memoryview | None:
            """The memory of an arena or of an array with BPF_F_MMAPABLE, None for other maps."""

        def drain(self, limit: int = 0) -> list[bytes]:
            """Ring buffers: take the finished records (all, or up to `limit`) without waiting, oldest first."""

        def drain_packed(self, size: int, limit: int = 0) -> bytearray:
            """As `drain`, laid out as `types.records` says: records of one size, of longer ones the beginning.

            Raises: FormatError for a record that is shorter, which is passed over.
            """

        @property
        def lost(self) -> int:
            """Perf event arrays: how many records the kernel had no room for. 0 where only programs know."""

        def fileno(self) -> int:
            """Ring buffers: a file descriptor that is readable while there are records. Raises: UsageError."""

        def close(self) -> None:
            """Let go of the map. Closing twice is allowed."""

    class BackendProgram(Protocol):
        """A loaded program."""

        spec: ProgramSpec

        def close(self) -> None:
            """Unload, unless a link still holds it."""

    # "map": pid, start, end, offset, inode, path; "fork": pid, its parent's; "lost": 0, how many events
    MappingEvent = tuple[str, int, int, int, int, int, str]

    class MappingSource(Protocol):
        """What tells of executable memory that processes map."""

        def take(self) -> list[MappingEvent]:
            """Take what has happened since, in order."""

    class BackendLink(Protocol):
        """An attached program."""

        def close(self) -> None:
            """Detach. Closing twice is allowed."""

    class Scope(Protocol):
        """The processes that scoped programs act on: a command and its descendants."""

        def close(self) -> None:
            """Stop following."""

    class Command(Protocol):
        """A command that runs under a scope, or a recording that is being replayed."""

        argv: list[str]
        pid: int

        def poll(self) -> int | None:
            """Return None while it runs, then its exit status (negative: the signal that ended it)."""

        def terminate(self) -> None:
            """Ask it to end (SIGTERM); for a recording: stop the replay."""

        def close(self) -> None:
            """Wait until nothing of it is left in our care. A command that still runs is terminated first."""

    class Backend(Protocol):
        """Something that runs programs."""

        name: str
        @property
        def target(self) -> Target:
            """What programs are compiled for."""

        def create_map(self, spec: MapSpec, obj: ObjectSpec) -> BackendMap:
            """Create a map; `obj.btf` describes its key and value types."""

        def use_core_target(self, target: CoreTarget) -> None:
            """Relocate objects that are loaded from now on against these types, not the running kernel's."""

        def core_report(self, obj: ObjectSpec) -> CoreReport | None:
            """Return what became of an object's CO-RE relocations so far; None if it has none."""

        def scope(self) -> Scope:
            """Prepare to follow a command that will be spawned, and its descendants."""

        def load_program(
            self, prog: ProgramSpec, obj: ObjectSpec, maps: Mapping[str, BackendMap], scope: Scope | None = None,
            target: BackendProgram | int | str | None = None,
        ) -> BackendProgram:
            """Relocate and load. With a scope the program acts on its processes only.

            What replaces a function has a `target`: the program that has it, its id, or the path where it is pinned.

            Raises: VerifierError with the source line, PermissionMissing, NotSupported, UnknownProbe, SyscallError.
            """

        def attach(self, prog: BackendProgram, options: AttachOptions | None = None) -> BackendLink:
            """Attach to the hook that the program's spec names, where the options say.

            Raises: UnknownProbe, NotSupported, PermissionMissing, UsageError for options, SyscallError.
            """

        def register(
            self, struct: str, values: Mapping[str, int | bytes], programs: Mapping[str, BackendProgram]
        ) -> BackendLink:
            """Have the kernel use a struct of functions: its name, plain members, and programs by member.

            Raises: NotSupported, UsageError for values, SyscallError.
            """

        def mapping_events(self, *, is_for_command: bool) -> MappingSource | None:
            """Begin to record what processes map: all of them, or those of the command that is spawned next.

            None where programs see no processes' stacks. Raises: PermissionMissing, SyscallError.
            """

        def spawn(self, argv: Sequence[str], scope: Scope) -> Command:
            """Start a command inside the scope. Raises: CommandError when it cannot be executed."""

        def replay(self, path: str) -> Command:
            """Start to feed the events of a recording to the attached programs (engine only).

            Raises: FormatError for a file that is no recording, NotSupported in the kernel.
            """

        def wait(self, timeout_s: float | None, rings: Sequence[BackendMap] | None = None) -> None:
            """Sleep until a ring buffer gets data, the command ended, `wake` was called or the time is up.

            Data that was there before ends it where it is in one of `rings` (None: in any).
            """

        def fileno(self) -> int:
            """Return a file descriptor that is readable when `wait` would not sleep, -1 once closed."""

        def wake(self) -> None:
            """End a `wait`, also from a signal handler or another thread."""

        def test_run(self, prog: BackendProgram, run: TestRun) -> TestResult:
            """Run a program now, without attaching it (BPF_PROG_TEST_RUN)."""

        def close(self) -> None:
            """Detach, unload and free everything that this backend made, and stop its command."""
