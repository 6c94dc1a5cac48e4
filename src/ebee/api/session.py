"""Sessions: the live maps, loaded programs and attached probes that belong together."""

from __future__ import annotations

import os
import sys
from _weakref import ref

from ..errors import NotSupported, UsageError
from ..spec.backend import AttachOptions
from ..spec.object import FOLLOWED, LOSS_MAP, PRINT_MAP, SCOPE_MAP
from ..types.probes import Probe, places_of
from . import options
from .backends import choose, engine_backend, kernel_backend
from .live import Attachment, LiveMap, Loaded, records_stacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    from ..spec.backend import Backend, BackendMap, BackendProgram, Scope, TestResult
    from ..spec.object import ObjectSpec
    from ..spec.target import Target
    from ..symbols.names import Symbols
    from ..types.globals import Global
    from ..types.maps import MapDecl, RingBuf
    from ..types.struct_ops import StructOps
    from ..types.structs import Struct
    from .losses import Loss
    from .objects import Object
    from .printing import Prints, Show
    from .stack_names import StackNames

    S = TypeVar("S", bound="Struct")

# What ebee.attach() may be given for a kind of hook: the question where it is missing, and what to write.
_PLACES = {
    "interface": ("which interface should {} look at?", "name it: ebee.attach({}, interface='eth0')"),
    "cgroup": ("which control group should {} act on?", "name it: ebee.attach({}, cgroup='/sys/fs/cgroup/…')"),
    "route": ("the packets of which route should {} see?", "ebee.attach({}, route='10.1.0.0/16 via 10.0.0.1')"),
    "map": ("the sockets of which map should {} see?", "give a SockMap or SockHash: ebee.attach({}, map=sockets)"),
    "socket": ("the packets of which socket should {} see?", "give it: ebee.attach({}, socket=s)"),
}


# What bounds a probe to a place.
_BOUNDS = {"interface", "cgroup", "netns", "route", "map", "socket", "hook", "one_cpu"}
_TAKES = {"interface": "packet", "cgroup": "control group", "netns": "network namespace", "route": "lwt",
          "map": "sk_msg and sk_skb", "socket": "socket_filter and sk_reuseport",
          "pid": "user-space and perf event", "before": "packet and control group",
          "after": "packet and control group", "allow": "control group",
          "cookie": "kernel function and tracepoint"}  # fmt: skip


def _place(probe: Probe, given: Mapping[str, Any]) -> dict[str, Any]:
    """Where a probe is attached: what ebee.attach() was given, for the kinds of probes that take it, or its decorator.

    Raises: UsageError where something is missing.
    """
    places = places_of(probe.section)
    options = {**probe.options, **{place: given[place] for place in places if given.get(place) is not None}}
    for place in places[:1]:
        if place in _PLACES and options.get(place, "") in ("", None):
            question, hint = _PLACES[place]
            raise UsageError(question.format(probe.name), hint=hint.format(probe.name))
    return options


def _check_attachable(probe: Any) -> None:
    """Raises: UsageError for a probe that is read or called."""
    section = getattr(probe, "section", "")
    if section.startswith(("iter/", "iter.s/")):
        hint = f"read it: for row in ebee.rows({probe.name}, Row), for line in ebee.lines({probe.name})"
        raise UsageError(f"{probe.name} is an iterator, which is not attached", hint=hint)
    if section == "syscall":
        hint = f"call it: session.run({probe.name}, ctx=…)"
        raise UsageError(f"{probe.name} is a syscall program, which is not attached", hint=hint)


def _prog_types(probes: Sequence[Any]) -> Collection[int]:
    """Return the types that probes will be loaded as."""
    from ..spec.sections import parse_section

    return {parse_section(probe.section).prog_type for probe in probes}


class Session:
    """Live maps and attached probes that belong together; `ebee.attach` uses one that lasts as long as the process.

        with ebee.Session() as session:
            with session.attach(probe, command=["ls"]):
                ...

    Maps of the session stay readable until it is closed. One that nothing refers to any more is closed then, with a
    ResourceWarning if probes were attached. `backend` forces `kernel` or `engine`. Programs are verified before
    they run in the engine, too: what ebee's verifier refuses is a VerifierError there as it is in the kernel; without
    `verify` the checks that the engine makes while a program runs are all.
    """

    def __init__(self, *, backend: str | None = None, verify: bool = True) -> None:
        self._wanted, self._verify = backend, verify
        self._backend: Backend | None = None
        self._maps: dict[MapDecl | Global[Any], LiveMap] = {}
        self._loaded: dict[tuple[Probe, ...], Loaded] = {}
        self._latest: dict[Probe, Loaded] = {}
        self._attachments: list[Attachment] = []
        self.users: list[Loaded] = []  # of program arrays
        self._stopped = False
        self.awaited = False  # whether somebody asks for events, and so ends when the session is stopped
        self._object: Callable[[], Object | None] = lambda: None  # whose maps are its own, once they are asked for
        self._prints: Prints | None = None
        self._show: Show | None = None
        self._names: StackNames | None = None
        self._owner = os.getpid()
        _open_sessions.append(ref(self))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        """Close a session that was dropped; not in a fork, nor at the end of the process, when the kernel does."""
        if is_finalizing() or os.getpid() != self._owner:
            return
        if self._attachments:
            import warnings

            names = dict.fromkeys(name for attachment in self._attachments for name in attachment._loaded.programs)
            text = f"a session was dropped, not closed: {', '.join(names)}"
            warnings.warn(text, ResourceWarning, stacklevel=2, source=self)
        try:
            self.close()
        except (OSError, UsageError):
            pass  # what it holds may have been collected, and closed, before it

    # Attaching

    def attach(
        self,
        *probes: Probe | type[StructOps],
        command: Sequence[str] | str | None = None,
        replay: str | None = None,
        interface: str | None = None,
        cgroup: str | None = None,
        netns: str | None = None,
        route: str | None = None,
        map: MapDecl | None = None,
        socket: Any = None,
        pid: int | None = None,
        before: Probe | int | str | None = None,
        after: Probe | int | str | None = None,
        allow: str | None = None,
        cookie: int | None = None,
        backend: str | None = None,
        on_loss: Callable[[list[Loss]], None] | None = None,
    ) -> Attachment:
        """Compile, load and attach probes; with `command` start it, and act on it and its descendants only.

        `command` is a list of arguments, or a line that is split at spaces as a shell would. `replay` names a file
        of recorded events, which then take the place of live ones. `interface` is the network interface whose packets
        packet probes see, all of them, also with `command`; `cgroup` the control group that its probes act on, `netns`
        the network namespace, `route` a new route ("10.1.0.0/16 via 10.0.0.1"), `map` the map of sockets and `socket`
        the socket; `pid` is the process whose functions user-space probes look at, or that perf events are counted in.
        Of several programs on an interface, or a control group, these go `before` or `after` another: a probe
        of this session, a program's id, or "all"; `allow` attaches to a control group without a link (`none`,
        `override`, `multi`). `cookie` is the number that bpf_get_attach_cookie() returns in probes of the kernel.

        Raises: CompileError, VerifierError, UnknownProbe, PermissionMissing, NotSupported, CommandError, UsageError.
        After an error nothing is left attached.
        """
        run = options.current
        if run.declarations_only:
            raise options.DeclarationsOnly
        argv = run.command or split_command(command)
        replay = run.replay or replay
        from .source import expand

        structs, singles = expand(probes)
        for probe in singles:
            _check_attachable(probe)
        given = {
            "interface": interface, "cgroup": cgroup, "netns": netns, "route": route, "map": map, "socket": socket,
            "pid": pid, "before": before, "after": after, "allow": allow, "cookie": cookie,
        }  # fmt: skip
        for name in ("before", "after"):
            if isinstance(given[name], Probe):
                given[name] = self._loaded_program(given[name])
        where = {n: _place(p, given) for p in singles if isinstance(p, Probe) for n in p.programs()}
        taken = {place for probe in singles if isinstance(probe, Probe) for place in places_of(probe.section)}
        for name, value in given.items():
            if value is not None and name not in taken:
                hint = "decorate one with @ebee.xdp" if name == "interface" else ""
                raise UsageError(f"{name}= is for {_TAKES[name]} probes, and there is none", hint=hint)
        has_pid = any("pid" in options for options in where.values())
        has_place = "netns" in taken or any(options.keys() & _BOUNDS for options in where.values())
        if has_pid and argv:
            what = "a probe looks at the process pid=, or at a command and its descendants"
            raise UsageError(what, hint="leave out one of them")
        if run.by_cli and not (argv or replay or run.all or has_place or has_pid):
            raise UsageError(
                "whom should the probes see?",
                hint="name a command with -c COMMAND, or say --all for every process of this machine",
            )
        wanted = run.backend or backend or self._wanted
        prog_types = _prog_types(singles) if has_place else ()
        active = self._use_backend(wanted, bool(argv), bool(replay), has_place, prog_types)
        scope = active.scope() if argv and not replay else None
        attachment = None
        try:
            loaded = self._load(singles, active, None if run.all else scope)
            attachment = Attachment(self, loaded, on_loss)
            for struct in structs:
                parts = {member: loaded.programs[probe.name] for member, probe in struct._probes.items()}
                attachment.links.append(active.register(struct._struct, struct._values, parts))
            for program in loaded.programs.values():
                if program.spec.section.startswith("struct_ops/"):
                    continue
                place = AttachOptions(**self._resolved(where[program.spec.name]))
                attachment.links.append(active.attach(program, place))
            self.follow_mappings(loaded.spec, active, pid or 0, is_for_command=bool(argv))
            if replay:
                attachment.command = active.replay(replay)
            elif scope is not None and argv:
                attachment.command = active.spawn(argv, scope)
        except BaseException:
            if attachment is not None:
                attachment.detach()
            if scope is not None:
                scope.close()
            raise
        self.own(attachment)
        return attachment

    def own(self, attachment: Attachment) -> None:
        """Have an attachment belong to the session."""
        self._attachments.append(attachment)
        _counters["attachments"] += 1

    def follow_mappings(self, spec: ObjectSpec, backend: Backend, pid: int, *, is_for_command: bool) -> None:
        """Remember what processes map from now on, if probes record their stacks."""
        if records_stacks(spec):
            self.stack_names().follow(backend, pid, is_for_command=is_for_command)

    def stack_names(self) -> StackNames:
        """The session's names for stacks."""
        if self._names is None:
            from .stack_names import StackNames

            self._names = StackNames()
        return self._names

    @property
    def symbols(self) -> Symbols:
        """Names for addresses: of the kernel, and of the processes whose stacks the session's probes record."""
        names = self.stack_names()
        names.update()
        return names.symbols

    def _resolved(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of an attachment with live maps and file descriptors in place of what was given."""
        resolved = {name: value for name, value in options.items() if not name.startswith("target")}
        if options.get("map") is not None:
            live = self._maps.get(options["map"])
            if live is None:
                what = f"no probe of this session uses {options['map']!r}"
                raise UsageError(what, hint="attach one that does together with it")
            resolved["map"] = live.map
        if options.get("socket") is not None:
            fileno = getattr(options["socket"], "fileno", None)
            resolved["socket"] = fileno() if fileno else int(options["socket"])
        return resolved

    def _loaded_program(self, probe: Probe) -> BackendProgram:
        """Return the program that a probe was last loaded as. Raises: UsageError for one that is not attached."""
        loaded = self._latest.get(probe)
        if loaded is None:
            raise UsageError(f"{probe.name} is not attached in this session", hint="attach it first")
        return loaded.programs[probe.name]

    def run(
        self,
        probe: Probe,
        *,
        packet: bytes = b"",
        ctx: bytes | Struct = b"",
        args: Sequence[int] | None = None,
    ) -> TestResult:
        """Run a probe once, now, on a packet or a context, without attaching it: in the engine, unless told otherwise.

        `args` are the arguments of a hook on a function of the kernel, or its result. A struct as `ctx` is what a
        `syscall_program` takes; its fields are afterwards what the program made of them.
        Return what it returned, and the packet or context afterwards. Its maps are live in the session from now on.
        Raises: CompileError, VerifierError, FaultError, NotSupported for probes that cannot be run so, and as `attach`.
        """
        from ..spec.backend import TestRun

        backend = self._test_backend()
        data = ctx if isinstance(ctx, bytes) else ctx._type.pack(ctx)
        if args is not None:
            from .arguments import context_of

            data = context_of(probe, args, backend.target.arch)
        loaded = self._load([probe], backend, None)
        try:
            result = backend.test_run(loaded.programs[probe.name], TestRun(data, packet))
        finally:
            self.flush_prints()
        if not isinstance(ctx, bytes):
            after = ctx._type.unpack(result.ctx)
            for name in ctx._type.fields:
                setattr(ctx, name, getattr(after, name))
        return result

    def rows(
        self, probe: Probe, row: type[S], *, pid: int = 0, tid: int = 0, cgroup: str = "", order: str = ""
    ) -> Iterator[S]:
        """Run an iterator in the kernel, and yield the rows that it writes, structs of type `row`.

        `pid` leaves out the objects of other processes, `tid` of other threads, where the objects belong to processes
        (Linux 6.1). `cgroup` is where one through control groups begins, all of them by default, `order` which way it
        goes: `descendants_pre`, `descendants_post`, `ancestors_up` or `self`.
        Raises: UsageError for another type than the iterator writes, and as `attach`.
        """
        from .rows import check_row, read_rows

        loaded, chunks = self._read_iterator(probe, AttachOptions(pid=pid, tid=tid, cgroup=cgroup, order=order))
        check_row(loaded.spec, probe, row)
        return read_rows(chunks, row)

    def lines(
        self, probe: Probe, *, pid: int = 0, tid: int = 0, cgroup: str = "", order: str = ""
    ) -> Iterator[str]:
        """Run an iterator in the kernel, and yield the lines of the text that it prints, without their ends.

        The other arguments are as for `rows`. Raises: UsageError for an iterator that prints no text, and as `attach`.
        """
        from .rows import check_text, read_lines

        loaded, chunks = self._read_iterator(probe, AttachOptions(pid=pid, tid=tid, cgroup=cgroup, order=order))
        check_text(loaded.spec, probe)
        return read_lines(chunks)

    def written_by(self, probe: Probe) -> list[Any] | None:
        """Return name and size of the rows that an iterator writes, None for one that prints text or nothing."""
        loaded = self._load([probe], self._use_backend("kernel", False, False, False), None)
        rows: dict[str, list[Any]] = loaded.spec.notes.get("rows", {})
        return rows.get(probe.name)

    def _read_iterator(self, probe: Probe, where: AttachOptions) -> tuple[Loaded, Iterator[bytes]]:
        """Load an iterator; return it, and what it writes when it is read."""
        from .rows import read_chunks

        backend = self._use_backend("kernel", False, False, False)
        loaded = self._load([probe], backend, None)
        where.map = self._resolved(probe.options).get("map")
        return loaded, read_chunks(self, backend, loaded, probe, where)

    def _test_backend(self) -> Backend:
        self._check_open()
        if self._backend is None:
            self._backend = kernel_backend() if self._wanted == "kernel" else engine_backend()
            self._guard(self._backend)
        return self._backend

    def _guard(self, backend: Backend) -> None:
        """Have the engine verify what it loads, unless nobody wants it."""
        if not (self._verify and options.current.verify) or backend.name != "engine":
            return
        from ..engine.backend import EngineBackend
        from .guard import refuse_unsafe

        assert isinstance(backend, EngineBackend)
        backend.guard = lambda prog, obj: refuse_unsafe(prog, obj, backend.target)

    @property
    def target(self) -> Target:
        """What the session's probes are compiled for."""
        return self._test_backend().target

    def losses(self) -> list[Loss]:
        """Return what the probes that were attached or run have lost so far."""
        all_loaded = [*self._loaded.values(), *(attachment._loaded for attachment in self._attachments)]
        return [loss for loaded in dict.fromkeys(all_loaded) for loss in loaded.own_losses()]

    def _use_backend(
        self, wanted: str | None, has_command: bool, is_replay: bool, has_interface: bool,
        prog_types: Collection[int] = (),
    ) -> Backend:
        self._check_open()
        if self._backend is None:
            self._backend = choose(
                wanted, has_command=has_command, is_replay=is_replay, has_interface=has_interface,
                prog_types=prog_types,
            )  # fmt: skip
            self._guard(self._backend)
        elif wanted not in (None, self._backend.name) or is_replay and self._backend.name != "engine":
            raise UsageError(
                f"the session runs in the {self._backend.name} already",
                hint="open another one: with ebee.Session() as session: session.attach(…)",
            )
        return self._backend

    def load(self, probe: Probe) -> Loaded:
        """Load a probe without attaching it. Raises: CompileError, VerifierError."""
        return self._load([probe], self._test_backend(), None)

    def _load(self, probes: Sequence[Probe], backend: Backend, scope: Scope | None) -> Loaded:
        key = tuple(dict.fromkeys(probes))
        if scope is None and key in self._loaded:
            return self._loaded[key]
        from .source import compile_probes

        first_print = len(self._prints.sites) if self._prints is not None else 0
        spec, decls = compile_probes(probes, backend.target, first_print)
        maps: dict[str, BackendMap] = {}
        if PRINT_MAP in spec.maps:
            maps[PRINT_MAP] = self._print_ring(spec, backend)
        if SCOPE_MAP in spec.maps:
            del decls[SCOPE_MAP]
            maps[SCOPE_MAP] = _scope_map(spec, backend, scope)
        outer: list[tuple[LiveMap, Any]] = []
        for name, decl in decls.items():
            if decl not in self._maps:
                made = backend.create_map(spec.maps[name], spec)
                live = LiveMap(self, spec.maps[name], made, lambda inner: backend.create_map(inner, spec))
                self.adopt(decl, live)
                decl._bindings.append(live)
                if hasattr(decl, "inner"):
                    outer.append((live, decl))
            maps[name] = self._maps[decl].map
        for live, decl in outer:
            for place, inner in decl._initial.items():
                live.inner_maps.put(place, inner)
        for name in spec.maps:  # of counters, and of global variables
            if name not in maps:
                maps[name] = backend.create_map(spec.maps[name], spec)
        loaded = Loaded(spec, maps.get(LOSS_MAP), scope)
        self._latest.update(dict.fromkeys(key, loaded))
        targets = {n: p.options["target"] for p in key for n in p.programs() if "target" in p.options}
        for name in sorted(spec.programs, key=targets.__contains__):  # what is replaced comes first
            target = self._target(targets[name], backend) if name in targets else None
            loaded.programs[name] = backend.load_program(spec.programs[name], spec, maps, scope, target)
        if scope is None:
            self._loaded[key] = loaded
        for decl in decls.values():
            if hasattr(decl, "_programs"):
                self.users.append(loaded)
                for index, probe in decl._programs.items():
                    self._maps[decl].set_program(index, probe)
        return loaded

    def _target(self, target: Probe | int | str, backend: Backend) -> BackendProgram | int | str:
        """Return the program that a function is replaced in: of a probe the one that was loaded last."""
        if not isinstance(target, Probe):
            return target
        loaded = self._latest.get(target) or self._load([target], backend, None)
        return loaded.programs[target.name]

    def adopt(self, decl: MapDecl | Global[Any], live: LiveMap) -> None:
        """Have a map that is live belong to the session."""
        self._maps[decl] = live

    # What probes print

    def _print_ring(self, spec: ObjectSpec, backend: Backend) -> BackendMap:
        """The ring buffer that print() writes to, one for the session, so that lines come in order."""
        if self._prints is None:
            from .printing import Prints

            self._prints = Prints(backend.create_map(spec.maps[PRINT_MAP], spec), self._show)
        self._prints.sites += spec.notes["prints"]
        return self._prints.ring

    def show_prints(self, show: Show) -> None:
        """Give what probes print, from now on, to a function: a text and the stream, "stdout" or "stderr"."""
        self._show = show
        if self._prints is not None:
            self._prints.show = show

    def flush_prints(self) -> None:
        """Show what probes have printed so far. Everything that waits or reads records does this by itself."""
        if self._prints is not None:
            self._prints.flush()

    # Running

    def events(self, *rings: RingBuf[Any]) -> Iterator[tuple[RingBuf[Any], Any]]:
        """Iterate over the records of several ring buffers, as they come: the ring and the record."""
        live = [(ring, ring._live) for ring in rings]
        while True:
            for ring, map in live:
                for record in map.pending:
                    yield ring, record
            found = [map.try_more(ring._take) for ring, map in live]
            if all(more is None for more in found):
                return
            if not any(found) and None not in found:
                self.wait_for([map.map for _, map in live])

    def poll(self, callbacks: Mapping[RingBuf[Any], Callable[[Any], object]], timeout_s: float | None = None) -> int:
        """Wait for records of several ring buffers, and call each one's function with every record that is there.

        Return how many there were, 0 when the time is up or no more will come. What a function raises goes to the
        caller, and the records behind the one that it was called with are there for the next reader.
        """
        from time import monotonic

        until = None if timeout_s is None else monotonic() + timeout_s
        live = [(ring, ring._live, callback) for ring, callback in callbacks.items()]
        count = 0
        while True:
            for _ring, map, callback in live:
                for record in map.pending:
                    callback(record)
                    count += 1
            if count:
                return count
            found = [map.try_more(ring._take) for ring, map, _ in live]
            left = None if until is None else until - monotonic()
            if all(more is None for more in found) or not any(found) and left is not None and left <= 0:
                return 0
            if not any(found) and None not in found:
                self.wait_for([map.map for _, map, _ in live], left)

    async def readable(self) -> None:
        """Wait, in an event loop of asyncio, until something may have happened."""
        from .waiting import readable

        assert self._backend is not None
        await readable(self, self._backend)

    def is_finished(self) -> bool:
        """Whether no more events will come: stopped, nothing attached, or every command has ended."""
        if self._stopped:
            return True
        attached = [a for a in self._attachments if a.links]
        commands = [a.command for a in attached if a.command is not None]
        return not attached or len(commands) == len(attached) and all(c.poll() is not None for c in commands)

    def wait(self, timeout_s: float | None = None) -> None:
        """Sleep until something may have happened: an event, the end of a command, a stop."""
        self.wait_for(None, timeout_s)

    def wait_for(self, rings: Sequence[BackendMap] | None, timeout_s: float | None = None) -> None:
        """As `wait`, but records that were there before count in some ring buffers only (None: in all)."""
        self.awaited = True
        if self._backend is not None and not self._stopped:
            if rings is not None and self._prints is not None:
                rings = [*rings, self._prints.ring]
            self._backend.wait(timeout_s, rings)
        if self._names is not None:
            self._names.update()
        self.flush_prints()

    def stop(self) -> None:
        """Let every iteration end after what is there was read. May be called from a signal handler."""
        self._stopped = True
        if self._backend is not None:
            self._backend.wake()

    def detach_links(self) -> None:
        """Detach every probe; commands go on."""
        for attachment in self._attachments:
            attachment.detach_links()

    def _check_open(self) -> None:
        """Raises: UsageError for a session that was closed, which nothing would detach at the end of the process."""
        if self not in _opened():
            raise UsageError("the session is closed", hint="make another one: ebee.Session()")

    def close(self) -> None:
        """Detach everything, end commands, and free the maps."""
        try:
            for attachment in reversed(self._attachments):
                attachment.detach()
        finally:
            for decl, live in self._maps.items():
                if live in decl._bindings:
                    decl._bindings.remove(live)
            self._maps.clear()
            self._loaded.clear()
            self._latest.clear()
            self._attachments.clear()
            self.users.clear()
            self._prints = None
            if self._names is not None:
                self._names.end()
            _open_sessions[:] = [known for known in _open_sessions if known() not in (None, self)]
            if self._backend is not None:
                self._backend.close()
                self._backend = None

    def maps(self) -> Iterator[MapDecl | Global[Any]]:
        """Iterate over the declarations of maps and variables that are live in the session."""
        if (obj := self._object()) is not None and obj.is_loaded:
            obj.maps  # noqa: B018  # those that were not asked for before become live
        return iter(list(self._maps))


def _scope_map(spec: ObjectSpec, backend: Backend, scope: Scope | None) -> BackendMap:
    """The map of processes that `ebee.followed` asks: the scope's, or one that has all. Raises: NotSupported."""
    found: BackendMap | None = getattr(scope, "map", None)
    if found is not None:
        return found
    if scope is not None:
        raise NotSupported("ebee.followed() in the engine", hint="run it in the kernel: ebee run --kernel")
    found = backend.create_map(spec.maps[SCOPE_MAP], spec)
    found.update(bytes(4), bytes([FOLLOWED]))
    return found


def split_command(command: Sequence[str] | str | None) -> list[str]:
    """Return a command as a list of arguments. Raises: UsageError."""
    if command is None:
        return []
    if isinstance(command, str):
        if any(c in command for c in "'\"\\"):
            import shlex

            try:
                argv = shlex.split(command)
            except ValueError as e:
                raise UsageError(f"the command {command!r} cannot be read: {e}") from None
        else:
            argv = command.split()
    else:
        argv = [os.fspath(a) for a in command]
    if not argv:
        raise UsageError("the command is empty")
    return argv


_open_sessions: list[ref[Session]] = []
_counters = {"attachments": 0}
_default: Session | None = None


def _opened() -> list[Session]:
    return [session for known in _open_sessions if (session := known()) is not None]


def default_session() -> Session:
    """The session that lasts as long as the process."""
    global _default
    if _default is None or _default not in _opened():
        _default = Session()
    return _default


def attach(*probes: Probe | type[StructOps], **options: Any) -> Attachment:
    """Attach probes in the default session. See `Session.attach`."""
    return default_session().attach(*probes, **options)


def rows(
    probe: Probe, row: type[S], *, pid: int = 0, tid: int = 0, cgroup: str = "", order: str = ""
) -> Iterator[S]:
    """Run an iterator in the default session. See `Session.rows`."""
    return default_session().rows(probe, row, pid=pid, tid=tid, cgroup=cgroup, order=order)


def lines(probe: Probe, *, pid: int = 0, tid: int = 0, cgroup: str = "", order: str = "") -> Iterator[str]:
    """Run an iterator in the default session. See `Session.lines`."""
    return default_session().lines(probe, pid=pid, tid=tid, cgroup=cgroup, order=order)


def has_attached() -> bool:
    """Whether any session has attached probes, now or before."""
    return _counters["attachments"] > 0


def stop_all() -> bool:
    """Stop every session that something waits for; return whether there was one."""
    awaited = [s for s in _opened() if s.awaited]
    for session in awaited:
        session.stop()
    return bool(awaited)


def close_all() -> None:
    """Close every session."""
    for session in reversed(_opened()):
        session.close()
