"""Object files: read, changed, loaded, attached, as libbpf does it, in the kernel or in the engine."""

from __future__ import annotations

import os
import sys
from _weakref import ref

from ..abi.bpf import BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF
from ..abi.helpers import HELPER_IDS
from ..btf.kinds import BTF_KIND_ARRAY
from ..btf.read import Btf
from ..errors import NotSupported, SyscallError, UsageError
from ..isa.opcodes import CALL
from ..spec.backend import AttachOptions
from ..spec.object import LOSS_MAP, PRINT_MAP, SCOPE_MAP
from ..spec.sections import AUTO, SECTIONS, parse_section
from ..types.probes import places_of
from . import options
from .backends import engine_backend, kernel_backend
from .live import Attachment, LiveMap, Loaded
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..spec.backend import Backend, BackendLink, BackendMap, BackendProgram, Scope, TestResult
    from ..spec.core_report import CoreReport
    from ..spec.object import MapSpec, ObjectSpec, ProgramSpec, StructOpsSpec
    from ..spec.target import Target
    from ..types.from_btf import BtfTypes
    from ..types.structs import Struct
    from .losses import Loss
    from .object_globals import Globals

# Helpers that send a record to a perf event array.
_SENDING = frozenset((HELPER_IDS["perf_event_output"], HELPER_IDS["skb_output"], HELPER_IDS["xdp_output"]))
# Attached by `programs[…].attach` only: iterators are read, samples need an event.
_ONE_BY_ONE = ("iter", "iter.s", "perf_event")
# Of these an object has one for its own purposes, which are handled here.
_OWN_MAPS = (LOSS_MAP, PRINT_MAP, SCOPE_MAP)


class ObjectProgram:
    """A program of an object. `autoload` is whether it is loaded with the object: set it before.

    `target` is for a program that replaces (freplace) or traces (fentry, fexit) a function of another program: that
    program, its id, or its pin's path; `spec.attach_to` is the function.
    """

    def __init__(self, obj: Object, spec: ProgramSpec) -> None:
        self._obj, self.spec = ref(obj), spec
        self.autoload = not spec.section.startswith("?")
        self.target: ObjectProgram | int | str | None = None

    @property
    def name(self) -> str:
        """Its name: that of the C function."""
        return self.spec.name

    @property
    def section(self) -> str:
        """Its section, which says what it is: `tp_btf/sched_switch`."""
        return self.spec.section

    @property
    def _object(self) -> Object:
        obj = self._obj()
        if obj is None:
            raise UsageError(f"the object of {self.name} is closed: nothing refers to it")
        return obj

    @property
    def live(self) -> BackendProgram:
        """The loaded program. Raises: UsageError before."""
        found = self._object._loaded_programs.get(self.name)
        if found is None:
            is_loaded = self._object.is_loaded
            hint = f'obj.programs["{self.name}"].autoload = True before obj.load()' if is_loaded else "obj.load() first"
            raise UsageError(f"program {self.name} is not loaded", hint=hint)
        return found

    def fileno(self) -> int:
        """Return its file descriptor; in the engine a number of the engine's."""
        number: int = self.live.fd.number  # type: ignore[attr-defined]
        return number

    def attach(self, to: str = "", **where: Any) -> Attachment:
        """Attach it to the hook that its section names, or to `to`, where the arguments say.

        They are those of `Session.attach` (interface, cgroup, netns, route, map, socket, pid) and the options of its
        hook: `mode` of XDP, `hook` `family` `priority` `defrag` of netfilter, `event` `sample_period` `sample_freq`
        `one_cpu` of perf events, `tid` `order` of iterators, `cookie`.

        Raises: UnknownProbe, NotSupported, PermissionMissing, UsageError for options, SyscallError.
        """
        obj, live = self._object, self.live
        known = AttachOptions.__match_args__
        for name in where:
            if name not in known:
                raise UsageError(f"{self.name}.attach() has no argument {name}=", hint=f"there are {', '.join(known)}")
        given, spec = AttachOptions(**obj._session_of()._resolved(where)), live.spec
        if to:
            section = f"{parse_section(self.section).kind}/{to}"
            live.spec = spec.replace(section=section, attach_to=parse_section(section).attach_to)
        try:
            return obj._attached([lambda backend: backend.attach(live, given)])
        finally:
            live.spec = spec

    def run(
        self, *, packet: bytes = b"", ctx: bytes | Struct = b"", args: Sequence[int] | None = None, repeat: int = 1
    ) -> TestResult:
        """Run it now, on a packet or a context, without attaching it. See `Session.run`.

        Raises: FaultError, NotSupported for programs that cannot be run so.
        """
        from ..spec.backend import TestRun

        obj, live = self._object, self.live
        session = obj._session_of()
        data = ctx if isinstance(ctx, bytes) else ctx._type.pack(ctx)
        if args is not None:
            from .arguments import context_of

            probe: Any = self
            data = context_of(probe, args, session.target.arch)
        try:
            return session._test_backend().test_run(live, TestRun(data, packet, repeat))
        finally:
            session.flush_prints()

    def read(self, **where: Any) -> Iterator[bytes]:
        """Run an iterator in the kernel, and yield what it writes, in chunks; see `ebee.lines` for the arguments.

        Raises: UsageError for other programs.
        """
        attachment = self.attach(**where)
        with attachment:
            link: Any = attachment.links[0]
            if not hasattr(link, "read"):
                raise UsageError(f"{self.name}, of section {self.section!r}, is no iterator")
            yield from link.read()

    def lines(self, **where: Any) -> Iterator[str]:
        """Run an iterator that prints text, and yield its lines, without their ends."""
        from .rows import read_lines

        return read_lines(self.read(**where))

    def __repr__(self) -> str:
        return f"<program {self.name}: {self.section}>"


class Object:
    """Programs, maps and variables that belong together: what an object file holds.

    One that was compiled or read is not loaded yet: `spec` can be changed, `programs[…].autoload` and `globals`, too.
    `load()` puts it into the kernel, `attach()` sets it to work, `close()`, or leaving a `with` block, ends it.
    """

    def __init__(self, spec: ObjectSpec, target: Target | None = None) -> None:
        self.spec, self._target = spec, target
        self._session: Session | None = None
        self._loaded: Loaded | None = None
        self._loaded_programs: dict[str, BackendProgram] = {}
        self._live: dict[str, BackendMap] = {}
        self._types: BtfTypes | None = None
        self._maps: dict[str, Any] | None = None
        self._globals: Globals | None = None
        self._programs: dict[str, ObjectProgram] = {}
        self._attachments: list[Attachment] = []

    # What it holds

    @property
    def programs(self) -> dict[str, ObjectProgram]:
        """The programs by name."""
        for name, program in self.spec.programs.items():
            known = self._programs.get(name)
            if known is None or known.spec is not program:
                self._programs[name] = ObjectProgram(self, program)
        return {name: self._programs[name] for name in self.spec.programs}

    @property
    def types(self) -> BtfTypes:
        """The types of its BTF, as they are in Python."""
        if self._types is None:
            from ..btf.build import BtfBuilder
            from ..types.from_btf import BtfTypes

            self._types = BtfTypes(Btf(self.spec.btf or BtfBuilder().encode()))
        return self._types

    @property
    def maps(self) -> dict[str, Any]:
        """The maps by name, but for those of variables: `Hash`, `Array`, `RingBuf` and so on, typed from BTF."""
        if self._maps is None:
            from .object_maps import declare

            hidden = {v.map.name for v in self.globals._known.values()} | {*_OWN_MAPS}
            notes = self.spec.notes.get("types")
            kinds = notes if isinstance(notes, dict) else {}
            described = {name: kind.get("value") for name, kind in kinds.items() if isinstance(kind, dict)}
            self._maps = {
                name: declare(map, self.types, described.get(name))
                for name, map in self.spec.maps.items()
                if name not in hidden and not name.startswith(".")
            }
            self._bind(self._maps)
        return self._maps

    @property
    def globals(self) -> Globals:
        """The global variables, as attributes and by name."""
        if self._globals is None:
            from .object_globals import Globals

            self._globals = Globals(self.spec, self.types, self._live)
        return self._globals

    @property
    def is_loaded(self) -> bool:
        """Whether its maps and programs are live."""
        return self._session is not None

    def _session_of(self) -> Session:
        if self._session is None:
            raise UsageError(f"object {self.spec.name} is not loaded", hint="obj.load() first")
        return self._session

    @property
    def session(self) -> Session:
        """The session that it is live in. Raises: UsageError before it is loaded."""
        return self._session_of()

    # Files

    def to_bytes(self) -> bytes:
        """Return the object file: the same bytes for the same source and target. Raises: ElfError."""
        from ..elf.write import write_object

        target = self._target
        if target is None:
            from ..spec.default_target import default_target

            target = default_target()
        return write_object(self.spec, target)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the object file, by custom called `….bpf.o`. Raises: ElfError, SyscallError."""
        write_file(path, self.to_bytes())

    # Life

    def load(
        self,
        *,
        backend: str | None = None,
        kconfig: Mapping[str, str | int] | None = None,
        btf: str | os.PathLike[str] | None = None,
        verify: bool = True,
    ) -> Object:
        """Create the maps and load the programs; return the object itself.

        `backend` is `kernel` (also by default) or `engine`. `kconfig` says what the kernel was configured with, over
        what it says itself: `{"CONFIG_HZ": 250}`. `btf` is a file of the kernel's types, for one that has none itself.
        Without `verify` the engine does not verify programs before it runs them.
        Raises: VerifierError with the source line, PermissionMissing, NotSupported, UnknownProbe, UsageError,
        SyscallError. After an error nothing is left loaded.
        """
        if self._session is not None:
            raise UsageError(f"object {self.spec.name} is loaded already", hint="read it once more for a second one")
        if self.spec.byteorder != sys.byteorder:
            raise NotSupported(
                f"loading {self.spec.name}: it is for {self.spec.byteorder}-endian machines, and this is none",
                hint="compile it for this machine: --target=bpf or bpfel",
            )
        wanted = options.current.backend or backend
        if wanted not in (None, "kernel", "engine"):
            raise UsageError(f"there is no backend {wanted!r}", hint="there are kernel and engine")
        for program in self.programs.values():
            if program.autoload:
                parse_section(program.section) if not program.spec.prog_type else None
        active = engine_backend() if wanted == "engine" else kernel_backend()
        session = Session(backend=active.name, verify=verify)
        session._backend, session._object = active, ref(self)
        session._guard(active)
        self._session = session
        try:
            if btf is not None:
                from ..kernel.btf_sources import open_btf
                from ..spec.core_relo import CoreTarget

                active.use_core_target(CoreTarget(os.fspath(btf), open_btf(os.fspath(btf))))
            self._load(session, active, dict(kconfig or {}))
        except BaseException:
            self.close()
            raise
        return self

    def _load(self, session: Session, active: Backend, kconfig: dict[str, Any]) -> None:
        spec, maps = self.spec, self._live
        if spec.kconfig:
            from .object_kconfig import fill

            fill(spec, active.name, kconfig)
        for name, map in spec.maps.items():
            if not map.autocreate:
                continue
            if name == PRINT_MAP and "prints" in spec.notes:
                maps[name] = session._print_ring(spec, active)
                continue
            if map.map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY and map.max_entries and _takes_records(spec, name):
                map = map.replace(max_entries=0)  # one buffer for each CPU
            map = _with_whole_pages(map)
            made = maps[name] = active.create_map(map, spec)
            if name == SCOPE_MAP:
                from ..spec.object import FOLLOWED

                made.update(bytes(4), bytes([FOLLOWED]))
        if self._maps is not None:
            self._bind(self._maps)
        for name, map in spec.maps.items():
            for key, inner in map.inner_maps.items() if map.autocreate else ():
                self.maps[name]._live.inner_maps.put(key, self.maps[inner])
        self._loaded = loaded = Loaded(spec, maps.get(LOSS_MAP), None)
        session._loaded[()] = loaded
        for program in self.programs.values():
            users = [s.autocreate for s in spec.structs.values() if program.name in s.programs.values()]
            program.autoload = any(users) if users else program.autoload
        wanted = [p for p in self.programs.values() if p.autoload]
        for program in sorted(wanted, key=lambda p: p.target is not None):  # what is replaced comes first
            target = program.target.live if isinstance(program.target, ObjectProgram) else program.target
            made_program = active.load_program(program.spec, spec, maps, None, target)
            loaded.programs[program.name] = self._loaded_programs[program.name] = made_program
        for name, map in spec.maps.items():
            for index, program_name in map.programs.items() if map.autocreate else ():
                if program_name in self._loaded_programs:
                    self.maps[name][index] = self.programs[program_name]

    def _bind(self, decls: dict[str, Any]) -> None:
        """Have the maps by name be the live ones, if there are any: when they are asked for, which may be never."""
        session = self._session
        for name, decl in decls.items() if session is not None else ():
            made = self._live.get(name)
            if session is None or made is None or name == PRINT_MAP:
                continue
            active = session._test_backend()
            decl.max_entries = made.spec.max_entries
            live = LiveMap(session, made.spec, made, lambda inner, active=active: active.create_map(inner, self.spec))  # type: ignore[misc]
            session.adopt(decl, live)
            decl._bindings.append(live)

    def attach(
        self,
        *,
        command: Sequence[str] | str | None = None,
        everyone: bool = False,
        on_loss: Callable[[list[Loss]], None] | None = None,
        **where: Any,
    ) -> Attachment:
        """Attach every program whose section says where, and register structs of functions.

        Programs of interfaces, control groups and the like are attached, too, if it is said which: `interface="eth0"`,
        `cgroup=…`, `netns=…`, `route=…`, `map=…`, `socket=…`, `pid=…`. `command` is started when all is attached.
        Programs that none of these bounds then act on the command and its descendants only, or with `everyone`, and
        without a command, on the whole machine; structs of functions always do. In the engine the command's system
        calls are what programs see.

        Raises: NotSupported for programs that run for no process, with a command; UsageError if there is nothing to
        attach, and as `Session.attach`. After an error nothing is attached.
        """
        from .session import split_command

        session, active = self._session_of(), self._session_of()._test_backend()
        run = options.current
        argv = run.command or split_command(command)
        taken: set[str] = set()
        chosen: dict[str, AttachOptions] = {}
        followed: list[str] = []
        for name in self._loaded_programs:
            section = parse_section(self.spec.programs[name].section)
            places = [place for place in places_of(section.kind) if place in where]
            taken.update(places)
            needs_name = SECTIONS[section.kind][2] & AUTO and not section.attach_to
            if section.kind in _ONE_BY_ONE or needs_name or not (section.is_auto_attach or places):
                continue
            chosen[name] = AttachOptions(**session._resolved({place: where[place] for place in places}))
            if not places:
                followed.append(name)
        structs = [struct for struct in self.spec.structs.values() if struct.autocreate]
        if unknown := where.keys() - taken:
            raise UsageError(f"{min(unknown)}= means nothing to the programs of {self.spec.name}")
        if not (chosen or structs):
            kinds = ", ".join(sorted({p.section for p in self.programs.values()}))
            hint = "say where: obj.attach(interface=…), obj.programs[…].attach(…)"
            raise UsageError(f"no section of {self.spec.name} says where to attach it: {kinds}", hint=hint)
        if run.by_cli and not (argv or run.all or where):
            hint = "programs of an object see every process of this machine: say so with --all"
            raise UsageError("whom should the programs see?", hint=hint)
        scope = active.scope() if argv else None
        attachment = None
        try:
            loaded = self._loaded
            assert loaded is not None
            if scope is not None and not (everyone or run.all or active.name == "engine"):
                loaded = self._load_followed(active, scope, followed)
            ways: list[Callable[[Backend], BackendLink]] = []
            for name, given in chosen.items():
                live = loaded.programs[name]
                ways.append(lambda backend, live=live, given=given: backend.attach(live, given))  # type: ignore[misc]
            for struct in structs:
                ways.append(lambda backend, struct=struct: self._registered(backend, struct))  # type: ignore[misc]
            attachment = self._attached(ways, on_loss, loaded)
            session.follow_mappings(self.spec, active, where.get("pid") or 0, is_for_command=bool(argv))
            if scope is not None:
                attachment.command = active.spawn(argv, scope)
        except BaseException:
            if attachment is not None:
                attachment.detach()
            if scope is not None:
                scope.close()
            raise
        return attachment

    def _load_followed(self, active: Backend, scope: Scope, names: Sequence[str]) -> Loaded:
        """Load programs once more, to act on a command only: those that are live may be called by others, too."""
        assert self._loaded is not None
        made = Loaded(self.spec, self._loaded.loss_map, scope)
        made.programs.update(self._loaded.programs)
        maps = {**self._live}
        if SCOPE_MAP in maps:
            maps[SCOPE_MAP] = scope.map  # type: ignore[attr-defined]
        for name in sorted(names, key=lambda name: self.programs[name].target is not None):
            target = self.programs[name].target
            other = made.programs.get(target.name) if isinstance(target, ObjectProgram) else target
            if isinstance(target, ObjectProgram) and target._object is not self:
                other = target.live
            made.programs[name] = active.load_program(self.spec.programs[name], self.spec, maps, scope, other)
        return made

    def _attached(
        self,
        ways: Sequence[Callable[[Backend], BackendLink]],
        on_loss: Callable[[list[Loss]], None] | None = None,
        loaded: Loaded | None = None,
    ) -> Attachment:
        session = self._session_of()
        assert self._loaded is not None
        attachment = Attachment(session, loaded or self._loaded, on_loss)
        try:
            for way in ways:
                attachment.links.append(way(session._test_backend()))
        except BaseException:
            attachment.detach()
            raise
        session.own(attachment)
        return attachment

    def _registered(self, backend: Backend, struct: StructOpsSpec) -> BackendLink:
        """Register a struct of functions. Members that are zero are left as the kernel has them."""
        from ..spec.core_fields import without_flavour

        btf = Btf(self.spec.btf)
        values: dict[str, int | bytes] = {}
        programs: dict[str, BackendProgram] = {}
        for member in btf.by_id(struct.type_id).members:
            off, size = member.bit_off // 8, btf.sizeof(member.type_id)
            raw = struct.data[off : off + size]
            if off in struct.programs:
                if struct.programs[off] in self._loaded_programs:
                    programs[member.name] = self._loaded_programs[struct.programs[off]]
            elif any(raw):
                is_array = btf.resolve(member.type_id).kind == BTF_KIND_ARRAY
                values[member.name] = raw.rstrip(b"\0") if is_array else int.from_bytes(raw, "little")
        return backend.register(without_flavour(struct.struct), values, programs)

    @property
    def core_report(self) -> CoreReport | None:
        """What became of the CO-RE relocations of its programs; None if it has none. To be printed, or looked at."""
        return self._session_of()._test_backend().core_report(self.spec)

    def losses(self) -> list[Loss]:
        """Return what its programs have lost so far."""
        return self._session_of().losses()

    def close(self) -> None:
        """Detach, unload and free everything. Maps and variables that were live are not any more."""
        session, self._session = self._session, None
        self._loaded_programs.clear()
        self._live.clear()
        self._loaded = None
        if session is not None:
            session.close()

    def __enter__(self) -> Object:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<object {self.spec.name} of {', '.join(self.spec.programs)}{', loaded' if self.is_loaded else ''}>"


def _takes_records(spec: ObjectSpec, name: str) -> bool:
    """Whether programs send records to a perf event array, and do not read counters that somebody put into it."""
    users = [p for p in spec.programs.values() if any(r.symbol == name for r in p.relocs)]
    calls = {i.imm for p in users for i in p.insns if i.opcode == CALL and not i.src_reg}
    return not calls.isdisjoint(_SENDING)


def _with_whole_pages(map: MapSpec) -> MapSpec:
    """Return a ring buffer, or a map of them, with a size that the kernel takes: the next power of two of pages.

    Source: adjust_ringbuf_sz in libbpf.c (libbpf 1.8).
    """
    out: MapSpec = map
    if map.inner is not None:
        out = map.replace(inner=_with_whole_pages(map.inner))
    if map.map_type not in (BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF) or not map.max_entries:
        return out
    from mmap import PAGESIZE

    out = map.replace(max_entries=max(PAGESIZE, 1 << (map.max_entries - 1).bit_length()))
    return out


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file. Raises: SyscallError."""
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as e:
        raise SyscallError(f"write {os.fspath(path)}", e.errno or 0) from None


def read(path: str | os.PathLike[str]) -> Object:
    """Return what an object file holds, or what a C source compiles to, without loading it.

    A C source (`….c`) is compiled by the clang of the package `ziglang`: `pip install "ebee[c]"`.
    Raises: ElfError, SyscallError, CompileError.
    """
    name = os.fspath(path)
    if name.endswith(".c"):
        from .c_sources import compile_c

        data = compile_c(name)
    else:
        try:
            with open(name, "rb") as file:
                data = file.read()
        except OSError as e:
            raise SyscallError(f"read {name}", e.errno or 0) from None
    from ..elf.read import read_object

    return Object(read_object(data, name))


def load(
    path: str | os.PathLike[str],
    *,
    backend: str | None = None,
    kconfig: Mapping[str, str | int] | None = None,
    globals: Mapping[str, Any] | None = None,
    btf: str | os.PathLike[str] | None = None,
    verify: bool = True,
) -> Object:
    """Read an object file, or compile a C source, and load it: `read(path).load()`.

    `globals` are values of its variables, also of constant ones. See `read` and `Object.load`.
    """
    obj = read(path)
    for name, value in (globals or {}).items():
        obj.globals[name] = value
    return obj.load(backend=backend, kconfig=kconfig, btf=btf, verify=verify)
