"""Filters of packets: tcpdump's expressions and classic programs, run on bytes, attached to sockets, made eBPF."""

from __future__ import annotations

import sys

from ..errors import UsageError
from ..isa import classic, classic_run
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from os import PathLike

    from ..isa.classic import ClassicInsn
    from ..isa.classic_text import Style
    from ..pcap.capture import Captured
    from .objects import Object


_ETHERNET, _ARPHRD_NONE = (1, 772), 0xFFFE  # ARPHRD_ETHER, ARPHRD_LOOPBACK; include/uapi/linux/if_arp.h


class ClassicFilter(Record):
    """A classic BPF program. `text` is the expression that it was made from, `link` the link type it is for, or ""."""

    insns: list[ClassicInsn]
    text: str = ""
    link: str = ""

    def run(self, packet: bytes, *, length: int | None = None) -> int:
        """Return what the program answers for a packet: how many of its bytes to keep, 0 for none of it.

        `length` is the packet's own where `packet` is only its beginning. What the kernel knows beside a packet
        (its mark, its device) is 0.
        """
        return classic_run.run(self.insns, classic_run.Packet(packet, length=length))

    def matches(self, packet: bytes, *, length: int | None = None) -> bool:
        """Return whether the program takes a packet."""
        return self.run(packet, length=length) != 0

    def listing(self, style: Style = "tcpdump") -> str:
        """Return the instructions as text: `tcpdump` (-d), `c` (-dd), `numbers` (-ddd) or `asm` (bpf_asm).

        Raises: FormatError for an instruction that there is not.
        """
        from ..isa.classic_text import disassemble

        return "\n".join(disassemble(self.insns, style))

    def to_bytes(self) -> bytes:
        """Return the array of `struct sock_filter`, in this machine's byte order."""
        return classic.encode(self.insns, sys.byteorder)

    def to_object(self, name: str = "filter") -> Object:
        """Return the filter as an eBPF program of type socket_filter, to be saved or looked at.

        Raises: FormatError for an invalid program, NotSupported for ancillary data that eBPF cannot ask for.
        """
        from ..spec.classic import to_object
        from ..spec.default_target import default_target
        from .objects import Object

        return Object(to_object(self.insns, name), default_target())


def pcap_filter(
    expression: str,
    *,
    link: str | int = "EN10MB",
    snaplen: int = 262144,
    names: Mapping[str, Sequence[str]] | None = None,
) -> ClassicFilter:
    """Compile a filter expression in tcpdump's language, pcap-filter(7).

    `link` says what packets begin with: EN10MB (Ethernet), RAW (IP), LINUX_SLL, IEEE802_11, … or the number in files.
    `snaplen` is what the filter answers for a packet that it takes: how many of its bytes to keep. `names` has
    addresses of hosts by their names; no name server is asked.

    Raises: CompileError at the word that has no meaning; UsageError for a link type that there is not.
    """
    from ..pcap.filter import compile_filter
    from ..pcap.link_types import find_link

    insns = compile_filter(expression, link, snaplen=snaplen, names=names)
    return ClassicFilter(insns, expression, find_link(link).name)


def classic_filter(program: str | bytes) -> ClassicFilter:
    """Read a classic program: a listing of tcpdump -d, -dd or -ddd, bpf_asm's language, or `struct sock_filter`s.

    Raises: AsmError, FormatError; also for a program that the kernel would not take.
    """
    from ..isa.classic_text import assemble

    insns = assemble(program) if isinstance(program, str) else classic.decode(program, sys.byteorder)
    classic.check(insns)
    return ClassicFilter(insns)


def attach_filter(sock: socket.socket, filter: ClassicFilter | str) -> ClassicFilter:
    """Attach a filter to a socket, in place of the one it has; an expression is compiled for what the socket receives.

    Packets that the socket has received already are not filtered: read them, or attach before binding.

    `vlan` looks for the tag where the kernel keeps it, beside the packet, and in the packet.

    Raises: SyscallError; CompileError; UsageError for an expression and a socket whose packets have no IP header.
    """
    from ..pcap.filter import compile_filter
    from ..sys.socket_filters import attach_classic

    if isinstance(filter, ClassicFilter):
        ready = filter
    else:
        link = _link_of(sock)
        ready = ClassicFilter(compile_filter(filter, link, tags_beside=True), filter, link)
    attach_classic(sock.fileno(), ready.to_bytes())
    return ready


def detach_filter(sock: socket.socket) -> bool:
    """Take a socket's filter away; return whether it had one. Raises: SyscallError."""
    from ..sys.socket_filters import detach

    return detach(sock.fileno())


def read_filter(sock: socket.socket) -> ClassicFilter | None:
    """Return the classic program that a socket's filter was attached as, None if it has no filter.

    Raises: NotSupported if the filter was an eBPF program from the start; SyscallError.
    """
    from ..sys.socket_filters import read_classic

    program = read_classic(sock.fileno())
    return ClassicFilter(classic.decode(program, sys.byteorder)) if program else None


def _link_of(sock: socket.socket) -> str:
    """Return the link type of what a filter of the socket sees."""
    import socket as sockets

    if sock.family == getattr(sockets, "AF_PACKET", -1):
        interface, _, _, kind, _ = sock.getsockname()
        if not interface or kind in _ETHERNET or sock.type != sockets.SOCK_RAW:
            return "EN10MB" if sock.type == sockets.SOCK_RAW else "RAW"
        if kind == _ARPHRD_NONE:
            return "RAW"
        raise UsageError(f"expressions do not know the link layer of {interface}", hint="ebee.classic_filter")
    if sock.family == sockets.AF_INET and sock.type == sockets.SOCK_RAW:
        return "RAW"
    hint = "filters of packet sockets and raw IP sockets see headers; for others give a program: ebee.classic_filter"
    raise UsageError("an expression is about headers, which a filter of this socket does not see", hint=hint)


def seccomp_filters(pid: int) -> list[ClassicFilter]:
    """Return the seccomp filters of a process, the first installed one first. The process is stopped meanwhile.

    Raises: PermissionMissing without CAP_SYS_ADMIN; NotSupported where the kernel cannot tell; SyscallError.
    """
    from ..sys.seccomp import read_filters

    return [ClassicFilter(classic.decode(program, sys.byteorder)) for program in read_filters(pid)]


def describe_seccomp(filter: ClassicFilter | Iterable[ClassicFilter]) -> str:
    """Say what a seccomp filter does, call by call: which it allows, refuses, traces or kills, and on what condition.

    Raises: FormatError if it is no valid seccomp filter.
    """
    from ..spec.seccomp import describe

    filters = [filter] if isinstance(filter, ClassicFilter) else list(filter)
    texts = ["\n".join(describe(f.insns, sys.byteorder)) for f in filters]
    return "\n\n".join(texts)


def read_pcap(path: str | PathLike[str]) -> Iterator[Captured]:
    """Yield the packets of a pcap or pcapng file: `ts_ns` (since 1970), `link`, `data`, and `length` on the wire.

    Raises: FormatError for another file, or a damaged one; FileNotFoundError and other OSErrors.
    """
    from os import fspath

    from ..pcap.capture import read_packets

    with open(path, "rb") as file:
        yield from read_packets(file, fspath(path))
