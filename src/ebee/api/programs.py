"""Programs in program arrays: loaded when they are put in, freed with their session."""

from __future__ import annotations

from errno import EINVAL

from ..errors import SyscallError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..spec.backend import BackendMap
    from ..spec.object import MapSpec
    from ..types.probes import Probe
    from .session import Session


def set_program(session: Session, spec: MapSpec, map: BackendMap, index: int, probe: Probe) -> None:
    """Load a probe, and put it into a program array; what it loses counts for those that call it.

    Raises: UsageError for one of another kind, CompileError, VerifierError.
    """
    target = session.load(probe)
    program: Any = target.programs[probe.name]
    try:
        map.update(index.to_bytes(4, "little"), program.called_fd().number.to_bytes(4, "little"))
    except SyscallError as e:
        if e.errno != EINVAL:
            raise
        raise UsageError(
            f"{probe.name} ({probe.section}) cannot be in {spec.name}: the programs that use it are of another kind",
            hint="the programs of one ProgArray, and those that call them, are for the same kind of hook",
        ) from None
    for loaded in session.users:
        if spec.name in loaded.spec.maps and loaded is not target and target not in loaded.called:
            loaded.called.append(target)
