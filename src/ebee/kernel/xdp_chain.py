"""Several XDP programs on one interface, in an order: each goes on with the next one where it returns XDP_PASS.

The kernel holds one program for an interface. Of several each is loaded behind a few instructions that call it, and do
a tail call to what is in a program array of its own: the next one. Adding or removing one changes a single pointer, of
its predecessor or the link, so that packets always meet whole programs in order.

Source: prog_array_map_clear in kernel/bpf/arraymap.c, bpf_xdp_link_update in net/core/dev.c, sys_membarrier in
kernel/sched/membarrier.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError, UsageError
from ..isa.insn import Insn
from ..isa.opcodes import BPF_JMP32, BPF_JNE, BPF_K, BPF_PSEUDO_CALL, CALL, EXIT, R0, R1, R2, R3, R6
from ..sys import bpf, objects
from ..sys.map_elements import MapElements
from ..sys.os_seam import Fd, current
from .ordering import ALL, order_fields
from .stub import call, map_ptr, mov, mov_imm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from .programs import KernelProgram

_EINVAL = 22
_TAIL_CALL, _NAME = 12, "xdp_next"
MOST = 33  # MAX_TAIL_CALL_CNT, include/linux/bpf.h; the first one is not called so

_chains: dict[tuple[int, int], XdpChain] = {}  # by network namespace and interface


def _front(next_fd: int) -> list[Insn]:
    """Return what calls the program that follows, and goes on with the one in an array where that returns XDP_PASS."""
    return [
        mov(R6, R1), Insn(CALL, src_reg=BPF_PSEUDO_CALL, imm=8),
        Insn(BPF_JMP32 | BPF_JNE | BPF_K, R0, imm=abi.XDP_PASS, off=6),
        mov(R1, R6), map_ptr(R2, next_fd), mov_imm(R3, 0), call(_TAIL_CALL), mov_imm(R0, abi.XDP_PASS), Insn(EXIT),
    ]  # fmt: skip


class _Member:
    """A program in a chain. As long as it was never one of several it is the program as it was loaded."""

    def __init__(self, program: KernelProgram) -> None:
        self.program, self.fd = program, program.fd
        self.next: Fd | None = None
        self.following: _Member | None = None

    def prepare(self) -> None:
        """Load it so that it can go on with another. Raises: as loading does."""
        if self.next is not None:
            return
        array = bpf.map_create(abi.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, name=_NAME)
        try:
            assert self.program.load_behind is not None
            self.fd = self.program.load_behind(_front(array.number))
        except BaseException:
            array.close()
            raise
        self.next = array

    def follow(self, other: _Member | None) -> None:
        """Have it go on with another from now on, or with none. Raises: SyscallError, UsageError."""
        if self.next is None or other is self.following:
            return
        place = MapElements(self.next.number, 4, 4, _NAME)
        if other is None:
            place.delete(bytes(4))
        else:
            try:
                place.update(bytes(4), other.fd.number.to_bytes(4, "little"))
            except SyscallError as e:
                if e.errno != _EINVAL:
                    raise
                what = f"{self.program.spec.name} and {other.program.spec.name} on one interface"
                raise NotSupported(what, hint="either all or none of them take packets with frags=True") from None
        self.following = other

    def ids(self) -> set[int]:
        """Return the ids of what is loaded of it."""
        return {objects.prog_info(fd.number)["id"] for fd in (self.program.fd, self.fd)}

    def release(self) -> None:
        """Unload what was loaded for the chain."""
        if self.next is not None:
            self.fd.close()
            self.next.close()


class XdpChain:
    """The programs of this process on one interface, first to last, and the link that holds the first."""

    def __init__(self, key: tuple[int, int], link: Fd, first: KernelProgram, options: AttachOptions) -> None:
        self._key, self._link = key, link
        self.where, self._mode = f"interface {options.interface}", options.mode
        self._members = [_Member(first)]
        self._head = self._members[0].fd.number
        _chains[key] = self

    def first(self) -> ChainedLink:
        """Return what holds its first program in place."""
        return ChainedLink(self, self._members[0])

    def is_live(self) -> bool:
        """Whether its interface is still there."""
        return bool(objects.link_info(self._link.number)["xdp.ifindex"])

    def add(self, program: KernelProgram, options: AttachOptions) -> ChainedLink:
        """Put a program in its place. Raises: UsageError, NotSupported, SyscallError."""
        if options.mode and options.mode != self._mode:
            raise UsageError(f"{self.where} has XDP programs of mode {self._mode or 'auto'}, and not {options.mode}")
        if any(m.program is program for m in self._members):
            raise UsageError(f"{self.where} has this program already: {program.spec.name}")
        if len(self._members) > MOST:
            raise UsageError(f"{self.where} has {len(self._members)} XDP programs, and there can be no more")
        members, new = list(self._members), _Member(program)
        members.insert(self._place(options), new)
        try:
            for member in members:
                member.prepare()
            self._arrange(members)
        except BaseException:
            self._arrange(self._members)
            new.release()
            raise
        self._members = members
        return ChainedLink(self, new)

    def _place(self, options: AttachOptions) -> int:
        order_fields(options, "tcx")
        if options.before is not None and options.after is not None:
            raise UsageError("a program goes before one, or after one", hint="leave out before= or after=")
        other, behind = (options.after, 1) if options.before is None else (options.before, 0)
        if other is None or other == ALL:
            return 0 if options.before == ALL else len(self._members)
        for at, member in enumerate(self._members):
            if member.program is other or isinstance(other, int) and other in member.ids():
                return at + behind
        raise missing(self.where)

    def _arrange(self, members: list[_Member]) -> None:
        """Have the programs run in this order. What follows is set before what leads to it."""
        following: _Member | None = None
        for member in reversed(members):
            member.follow(following)
            following = member
        if members[0].fd.number != self._head:
            objects.link_update(self._link.number, members[0].fd.number)
            self._head = members[0].fd.number

    def remove(self, member: _Member) -> None:
        """Take a program out; with the last one the link goes."""
        self._members.remove(member)
        if not self._members:
            if _chains.get(self._key) is self:
                del _chains[self._key]
            self._link.close()
        else:
            try:
                self._arrange(self._members)
                current().wait_for_kernel()  # an array loses what is in it with its last descriptor
            except SyscallError:
                pass  # the interface has gone, and the link with it
        member.release()


class ChainedLink:
    """A program's place in a chain."""

    def __init__(self, chain: XdpChain, member: _Member) -> None:
        self._chain, self._member = chain, member
        self._is_open = True

    def close(self) -> None:
        """Detach. Closing twice is allowed."""
        if self._is_open:
            self._is_open = False
            self._chain.remove(self._member)


def missing(where: str) -> UsageError:
    """Return what to raise where the program that was named is not one of the interface's."""
    hint = "XDP programs are ordered among those of one process"
    return UsageError(f"{where} does not have the program that this one is to go before or after", hint=hint)


def chain_of(key: tuple[int, int]) -> XdpChain | None:
    """Return the chain of an interface, given its network namespace and number; None if there is none."""
    chain = _chains.get(key)
    if chain is not None and not chain.is_live():
        del _chains[key]
        return None
    return chain


def programs_in_order(first: int) -> list[int]:
    """Return the ids of what runs on an interface whose link has the program of that id, whatever process put it there.

    Raises: SyscallError, PermissionMissing.
    """
    from sys import byteorder

    from .live_programs import Program

    order = [first]
    while len(order) <= MOST:
        with Program.from_id(order[-1]) as program:
            arrays = program.maps()
        following = b""
        for array in arrays:
            with array:
                if array.type == "prog_array" and array.name == _NAME:
                    following = array.lookup(bytes(4)) or b""
        if not following:
            break
        order.append(int.from_bytes(following, byteorder))
    return order
