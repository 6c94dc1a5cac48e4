"""The pytest plugin: the fixture `engine`, in which probes run without privilege, kernel or clock.

    def test_drop_telnet(engine):
        assert engine.run(drop_telnet, packet=ebee.packets.tcp(dport=23)) == ebee.XDP_DROP

It is loaded in every test session where ebee is installed, so that it imports nothing until the fixture is used.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..types.probes import Probe
    from .losses import Loss
    from .session import Session


class Engine:
    """Runs probes one event at a time. Maps and rings are empty at a test's start, and read by their declarations.

    `packet` is the packet after the last run: what a probe made of it; `ctx` are the numbers of its context, by name,
    of a probe in the network stack or in a control group.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.packet = b""
        self.ctx: dict[str, int] = {}
        self._printed: list[str] = []
        session.show_prints(lambda text, _stream: self._printed.append(text))

    def run(self, probe: Probe, *, packet: bytes = b"", ctx: bytes | Mapping[str, int] = b"") -> int:
        """Run a probe once and return what it returned.

        `packet` is an Ethernet frame (see `ebee.packets`), or the value of a socket option. `ctx` is the context's
        bytes, or its fields by name: those of a tracepoint's record, or of a network hook's context. Those that are not
        given are zero.
        Raises: CompileError, FaultError, UsageError for fields that the record does not have.
        """
        if not ctx and _is_network(probe):
            ctx = {}  # all zeros
        record = ctx if isinstance(ctx, bytes) else self._record(probe, ctx, packet)
        result = self._session.run(probe, packet=packet, ctx=record)
        self.packet = result.data if packet else b""
        if _is_network(probe):
            from .net_contexts import unpack

            self.ctx = unpack(probe.section, result.ctx)
        return result.retval

    @property
    def losses(self) -> list[Loss]:
        """What the probes have lost so far in this test, place by place."""
        return self._session.losses()

    @property
    def printed(self) -> str:
        """What the probes have printed so far in this test."""
        return "".join(self._printed)

    def _record(self, probe: Probe, fields: Mapping[str, int], packet: bytes) -> bytes:
        from ..errors import UsageError
        from ..spec.sections import parse_section

        if _is_network(probe):
            from .net_contexts import pack

            record = bytearray(pack(probe.section, fields))
            if probe.section.startswith("xdp"):
                record[4:8] = len(packet).to_bytes(4, "little")  # data_end, by which the packet's size is checked
            return bytes(record)
        event = parse_section(probe.section).attach_to
        format = self._session.target.tracepoint(event)
        if format is None:
            what = f"{probe.name} has no fields that could be given by name"
            raise UsageError(what, hint="give the context as bytes")
        record = bytearray(max(f.off_bytes + f.size_bytes for f in format.fields.values()))
        for name, value in fields.items():
            field = format.fields.get(name)
            if field is None:
                raise UsageError(f"{event} has no field {name!r}", hint=f"it has {', '.join(format.fields)}")
            data = (value & (1 << 8 * field.size_bytes) - 1).to_bytes(field.size_bytes, "little")
            record[field.off_bytes : field.off_bytes + field.size_bytes] = data
        return bytes(record)


def _is_network(probe: Probe) -> bool:
    from ..types.net_hooks import NET_HOOKS

    return probe.section.replace("xdp.frags", "xdp") in NET_HOOKS and probe.section != "netfilter"


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Run probes in ebee's own engine: engine.run(probe, packet=…), engine.run(probe, ctx={…})."""
    from .session import Session

    with Session(backend="engine") as session:
        yield Engine(session)
