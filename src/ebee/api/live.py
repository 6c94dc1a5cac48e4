"""What a session holds: live maps, loaded programs with their losses, attached probes."""

from __future__ import annotations

import os
from _weakref import ref

from ..abi import bpf
from ..abi.helpers import BPF_FUNC
from ..errors import UsageError
from . import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..spec.backend import BackendLink, BackendMap, BackendProgram, Command, Scope
    from ..spec.object import MapSpec, ObjectSpec
    from ..symbols.names import Symbols
    from ..types.call_stacks import Frame
    from ..types.probes import Probe
    from .inner_maps import InnerMaps
    from .losses import Loss
    from .session import Session

DRAIN_LIMIT = 4096  # records that are taken at once
_CALL = 0x85
_STACK_HELPERS = (BPF_FUNC.get_stackid, BPF_FUNC.get_stack, BPF_FUNC.get_task_stack)


def records_stacks(spec: ObjectSpec) -> bool:
    """Whether programs of an object record stacks."""
    if any(map.map_type == bpf.BPF_MAP_TYPE_STACK_TRACE for map in spec.maps.values()):
        return True
    insns = (insn for program in spec.programs.values() for insn in program.insns)
    return any(insn.opcode == _CALL and not insn.src_reg and insn.imm in _STACK_HELPERS for insn in insns)


class LiveMap:
    """A map declaration's live map in one session."""

    inner_maps: InnerMaps  # of maps of maps

    def __init__(
        self, session: Session, spec: MapSpec, map: BackendMap, make: Callable[[MapSpec], BackendMap] | None = None
    ) -> None:
        """`make` creates another map in the same backend."""
        self._session, self.spec, self.map = ref(session), spec, map
        if spec.inner is not None and make is not None:
            from .inner_maps import InnerMaps

            self.inner_maps = InnerMaps(self, make)
        self._pid = os.getpid()
        self.pending: Iterator[Any] = iter(())  # records that were taken out of a ring buffer, and not yet handled
        self.update, self.delete, self.items = map.update, map.delete, map.items
        self.chunks, self.update_many, self.delete_many = map.chunks, map.update_many, map.delete_many
        self.push, self.pop, self.has_value = map.push, map.pop, map.has_value
        if spec.max_entries == 0:
            from .storage import OwnedMap, is_owned

            if is_owned(spec.map_type):
                owned = OwnedMap(map, spec.map_type)
                self.lookup, self.update, self.delete = owned.lookup, owned.update, owned.delete  # type: ignore[method-assign]

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value, or None if there is none. Raises: SyscallError."""
        value = self.map.lookup(key)
        self.lookup = self.map.lookup  # type: ignore[method-assign]  # the map has a shorter way now
        return value

    @property
    def session(self) -> Session:
        """The session that holds it, and is not kept by it. Raises: UsageError."""
        session = self._session()
        if session is None:
            raise UsageError("the session is closed: nothing refers to it", hint="with ebee.Session() as session: …")
        return session

    @property
    def name_frames(self) -> Callable[[Sequence[int], int], list[Frame]]:
        """What gives the addresses of a stack their names, also after the session is closed."""
        return self.session.stack_names().frames

    def set_program(self, index: int, probe: Probe) -> None:
        """Load a probe, and put it into a program array. Raises: UsageError, CompileError, VerifierError."""
        from .programs import set_program

        set_program(self.session, self.spec, self.map, index, probe)

    @property
    def cpus(self) -> int:
        """How many CPUs have a value of their own."""
        return self.map.cpus

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise UsageError(f"ring buffer {self.spec.name} belongs to the process that attached it, not to a fork")

    def drain(self, limit: int = 0) -> list[bytes]:
        """Take the records that are there, without waiting."""
        self._check_process()
        records = self.map.drain(limit)
        self.session.flush_prints()  # what a probe printed before its record is shown before the record is handled
        return records

    def drain_packed(self, size: int, limit: int = 0) -> bytearray:
        """Take records of one size that are there, without waiting, as `types.records` lays them out."""
        self._check_process()
        records = self.map.drain_packed(size, limit)
        self.session.flush_prints()
        return records

    def try_more(self, take: Callable[[int], list[Any]]) -> bool | None:
        """Make what `take` finds now `pending`: whether there was any; None when no more will come."""
        self.session.awaited = True
        records = take(DRAIN_LIMIT)
        if not records and self.session.is_finished():
            self.session.detach_links()
            records = take(0)
            if not records:
                return None
        self.pending = iter(records)
        return bool(records)

    def wait_for(self, take: Callable[[int], list[Any]]) -> bool:
        """Wait until `take` finds records, and make them `pending`; return False when no more will come."""
        while not (more := self.try_more(take)):
            if more is None:
                return False
            self.session.wait_for([self.map])
        return True

    @property
    def lost(self) -> int:
        """How many records found no room: what programs counted, or the kernel where they do not."""
        counted = sum(
            loss.count for loss in self.session.losses()
            if loss.kind in ("ring_full", "perf_full") and loss.what == self.spec.name
        )  # fmt: skip
        return counted or self.map.lost


class Loaded:
    """Programs that were compiled and loaded together, with their loss counters.

    `called` are those that they go on with: tail calls.
    """

    def __init__(self, spec: ObjectSpec, loss_map: BackendMap | None, scope: Scope | None) -> None:
        self.spec, self.loss_map, self.scope = spec, loss_map, scope
        self.programs: dict[str, BackendProgram] = {}
        self.called: list[Loaded] = []
        self.reported: dict[tuple[str, str, str, int], int] = {}

    def losses(self) -> list[Loss]:
        """Return what was lost so far, also by what they went on with."""
        reached = [self]
        for loaded in reached:
            reached += [other for other in loaded.called if other not in reached]
        return [loss for loaded in reached for loss in loaded.own_losses()]

    def own_losses(self) -> list[Loss]:
        """Return what they themselves lost so far."""
        from .losses import Loss, losses_of

        found = []
        if self.loss_map is not None:
            found = losses_of(self.spec.loss_sites, self.loss_map.lookup(bytes(4)) or b"")
        unfollowed = getattr(self.scope, "lost", 0)
        if unfollowed:
            found.append(Loss("scope_full", "", unfollowed))
        for program in self.programs.values():
            missed = getattr(program, "missed", None)
            count = missed() if missed else 0
            if count:
                found.append(Loss("missed", program.spec.name, count))
        return found

    def new_losses(self) -> list[Loss]:
        """Return what was lost and not yet returned by this method."""
        new = []
        for loss in self.losses():
            key = (loss.kind, loss.what, loss.file, loss.line)
            count = loss.count - self.reported.get(key, 0)
            self.reported[key] = loss.count
            if count > 0:
                new.append(loss.replace(count=count))
        return new


class Attachment:
    """Probes that are attached, and the command that they follow. Leaving its `with` block detaches.

    A command that still runs then is ended. What was lost is reported once, on standard error or to `on_loss`.
    """

    def __init__(self, session: Session, loaded: Loaded, on_loss: Callable[[list[Loss]], None] | None) -> None:
        self.session, self._loaded, self._on_loss = session, loaded, on_loss
        self.command: Command | None = None
        self.links: list[BackendLink] = []
        self._open = True
        self._final: list[Loss] = []

    def __enter__(self) -> Attachment:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.detach()

    @property
    def returncode(self) -> int | None:
        """The command's exit status (negative: the signal that ended it), None while it runs or without one."""
        return self.command.poll() if self.command is not None else None

    @property
    def losses(self) -> list[Loss]:
        """What was lost so far (once detached: until then), place by place."""
        return self._loaded.losses() if self._open else self._final

    @property
    def symbols(self) -> Symbols:
        """The session's names for addresses: see `Session.symbols`."""
        return self.session.symbols

    def wait(self) -> int | None:
        """Wait until the command has ended or the session was stopped; return the command's exit status."""
        while not self.session.is_finished():
            self.session.wait_for(())
        return self.returncode

    def detach_links(self) -> None:
        """Detach the probes; the command goes on."""
        while self.links:
            self.links.pop().close()

    def detach(self) -> None:
        """Detach, end the command if it still runs, report losses. Doing so twice is allowed."""
        if not self._open:
            return
        self._open = False
        try:
            self.detach_links()
        finally:
            if self.command is not None:
                self.command.close()
            self.session.flush_prints()
        self._final = self._loaded.losses()
        losses = self._loaded.new_losses()
        if losses and self._on_loss is not None:
            self._on_loss(losses)
        elif losses:
            for loss in losses:
                options.notice(str(loss))
