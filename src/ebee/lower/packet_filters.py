"""Classic filters inside programs: `pkt.matches("tcp port 80")` as branches over the packet's bytes.

A, X and the cells are variables of the function. A byte that is not there means that the packet does not match, as in
a classic program. Where a packet may lie in several pieces, what is not in the first one is copied by a helper.
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..isa import classic as c
from .copied_packets import CopiedPacket, SocketPacket
from .numbers import BOOL, Num, Refusal
from .packets import MAX_HEADER_OFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ir.core import Block, Value
    from ..isa.classic import ClassicInsn
    from .packets import Packet

    # The highest numbers that A, X and the cells may be, by their names.
    Highest = dict[str, int]

_U32 = 0xFFFFFFFF
_OPS = {
    c.ADD: "add", c.SUB: "sub", c.MUL: "mul", c.DIV: "udiv", c.MOD: "umod", c.OR: "or", c.AND: "and", c.XOR: "xor",
    c.LSH: "shl", c.RSH: "lshr",
}  # fmt: skip
_BESIDE = {"vlan_tci": "vlan_tci", "vlan_avail": "vlan_present"}  # what filters ask for beside a packet, by field
_CONDITIONS = {c.JEQ: "eq", c.JGT: "ugt", c.JGE: "uge", c.JSET: "set"}


def matches(packet: Packet, insns: Sequence[ClassicInsn]) -> Num:
    """Return whether a classic program takes the packet: True or False, at run time.

    Raises: Refusal for a program that reads what is known beside a packet, or too far into it.
    """
    b, result = packet.b, f"filter {id(insns)}"
    yes, no, done = packet.low.blocks(3)
    _Filter(packet, insns, yes, no).lower()
    for block, answer in ((yes, 1), (no, 0)):
        if b.is_reachable(block):
            b.start(block)
            b.write(result, b.const(answer))
            b.jump(done)
    b.start(done)
    return Num(b.read(result), 0, 1, BOOL)


class _Filter:
    """Lowers one program, which goes on at `yes` or `no`."""

    def __init__(self, packet: Packet, insns: Sequence[ClassicInsn], yes: Block, no: Block) -> None:
        self.packet, self.low, self.b = packet, packet.low, packet.b
        self.insns, self.yes, self.no = insns, yes, no
        self.prefix = f"filter {id(self)} "
        self.highest: Highest = {}
        self.arriving: dict[int, Highest] = {}
        self.targets: dict[int, Block] = {}

    def lower(self) -> None:
        """Lower all instructions that are reached; jumps go forward, so that their targets are still to come."""
        zero = self.b.const(0)
        self.set("a", zero, 0)
        self.set("x", zero, 0)
        for at, insn in enumerate(self.insns):
            block = self.targets.get(at)
            if block is not None:
                if not self.b.terminated:
                    self.go(at)
                    self.b.jump(block)
                self.b.start(block)
                self.highest = self.arriving[at]
            if not self.b.terminated:
                self.one(at, insn)

    def set(self, name: str, value: Value, highest: int) -> None:
        """Give a register or cell its value."""
        self.b.write(self.prefix + name, value)
        self.highest[name] = highest

    def get(self, name: str) -> Value:
        """Return the value of a register or cell."""
        return self.b.read(self.prefix + name)

    def go(self, at: int) -> Block:
        """Return the block of the instruction with that number, to which a way leads from here."""
        known = self.arriving.setdefault(at, dict(self.highest))
        for name, highest in self.highest.items():
            known[name] = max(highest, known.get(name, 0))
        return self.targets.setdefault(at, self.b.new_block())

    def one(self, at: int, insn: ClassicInsn) -> None:
        """Lower one instruction."""
        b, code, k, kind = self.b, insn.code, insn.k, insn.code & 7
        operand, highest = (self.get("x"), self.highest["x"]) if code & c.X else (b.const(k), k)
        if kind == c.ALU:
            self.calculate(code & 0xF0, operand, highest, is_known=not code & c.X)
        elif kind == c.JMP and code & 0xF0 == c.JA:
            b.jump(self.go(at + 1 + k))
        elif kind == c.JMP:
            yes, no = self.go(at + 1 + insn.jt), self.go(at + 1 + insn.jf)
            if yes is no:
                b.jump(yes)
            else:
                b.branch(_CONDITIONS[code & 0xF0], self.get("a"), operand, yes, no)
        elif kind == c.RET and code & 0x18 == c.A:
            b.branch("ne", self.get("a"), b.const(0), self.yes, self.no)
        elif kind == c.RET:
            b.jump(self.yes if k else self.no)
        elif kind == c.MISC:
            source, target = ("x", "a") if code & 0xF8 == c.TXA else ("a", "x")
            self.set(target, self.get(source), self.highest[source])
        elif kind in (c.ST, c.STX):
            source = "a" if kind == c.ST else "x"
            self.set(f"m{k}", self.get(source), self.highest[source])
        else:
            self.load(insn, "a" if kind == c.LD else "x")

    def calculate(self, op: int, operand: Value, highest: int, *, is_known: bool) -> None:
        """A op= operand, in 32 bits."""
        b, a, most = self.b, self.get("a"), self.highest["a"]
        if op == c.NEG:
            self.set("a", b.op("zext", b.op("neg", a), size=4), _U32)
            return
        if op in (c.DIV, c.MOD) and not is_known:
            self.need("ne", operand, b.const(0))
        if op in (c.LSH, c.RSH) and not is_known:
            operand = b.op("and", operand, b.const(31))
        value = b.op(_OPS[op], a, operand)
        reached = {
            c.ADD: most + highest, c.MUL: most * highest, c.AND: min(most, highest), c.DIV: most,
            c.MOD: most if not is_known else highest - 1, c.RSH: most,
            c.OR: (1 << max(most, highest).bit_length()) - 1, c.XOR: (1 << max(most, highest).bit_length()) - 1,
        }.get(op, _U32 + 1)  # fmt: skip
        if is_known and op in (c.LSH, c.RSH, c.DIV):
            reached = {c.LSH: most << (highest & 31), c.RSH: most >> (highest & 31), c.DIV: most // (highest or 1)}[op]
        if reached > _U32:
            value, reached = b.op("zext", value, size=4), _U32
        self.set("a", value, reached)

    def need(self, condition: str, left: Value, right: Value) -> None:
        """Go on where a condition holds; the packet does not match where it does not."""
        following = self.b.new_block()
        self.b.branch(condition, left, right, following, self.no)
        self.b.start(following)

    def load(self, insn: ClassicInsn, register: str) -> None:
        """A or X = what the instruction loads."""
        b, mode, k = self.b, insn.code & 0xE0, insn.k
        beside = _BESIDE.get(c.ancillary_of(insn)) if self.packet.is_skb else None
        if beside is not None:
            off, size, _ = self.packet.layout[beside]
            self.set(register, b.load(self.packet.ctx, off, size), _U32)
            return
        if c.ancillary_of(insn) or mode in (c.ABS, c.MSH) and k >= c.LL_OFF:
            raise Refusal("the filter reads what the kernel knows beside the packet", "ask the packet's own fields")
        if mode == c.IMM:
            self.set(register, b.const(k), k)
        elif mode == c.MEM:
            self.set(register, self.get(f"m{k}"), self.highest[f"m{k}"])
        elif mode == c.LEN:
            if isinstance(self.packet, SocketPacket):
                raise Refusal("a socket_filter probe does not know how long the frame is", "pkt.ip.len, pkt.udp.len")
            self.set(register, self.packet.length().value, _U32)
        elif mode == c.MSH:
            first = b.op("and", self.bytes(k, 1, None, 0), b.const(15))
            self.set("x", b.op("shl", first, b.const(2)), 60)
        else:
            size = c.SIZE_BYTES[insn.code & 0x18]
            index = self.get("x") if mode == c.IND else None
            value = self.bytes(k, size, index, self.highest["x"] if index else 0)
            self.set(register, value, (1 << 8 * size) - 1)

    def bytes(self, k: int, size: int, index: Value | None, highest: int) -> Value:
        """A number in network order, so many bytes from the packet's start and from what `index` is at run time."""
        b, packet = self.b, self.packet
        if k + highest + size > MAX_HEADER_OFF:
            hint = "mask what it is computed from: tcp[(tcp[12] & 0xf0) >> 2]"
            raise Refusal(f"the filter may look beyond the packet's first {MAX_HEADER_OFF} bytes", hint)
        if isinstance(packet, CopiedPacket):
            place = packet._from_start(k)
            place = place if index is None else packet._behind(place, index)
            return self.swapped(packet.have("filter", place, size, self.no), 0, size)
        base = packet.data if index is None else packet.at_run_time(index)
        inside, outside, done = self.low.blocks(3)
        has_more = packet.is_skb or packet.has_frags
        b.branch("ule", self.low.at(base, k + size), packet.end, inside, outside if has_more else self.no)
        b.start(inside)
        if not has_more:
            return self.swapped(base, k, size)
        result = f"{self.prefix}bytes {id(inside)}"
        b.write(result, self.swapped(base, k, size))
        b.jump(done)
        b.start(outside)
        memory = self.low.scratch("filter", 8)
        off = b.const(k) if index is None else b.op("add", index, b.const(k))
        copy = FUNC.skb_load_bytes if packet.is_skb else FUNC.xdp_load_bytes
        self.need("eq", b.call(copy, packet.ctx, off, memory, b.const(size)), b.const(0))
        b.write(result, self.swapped(memory, 0, size))
        b.jump(done)
        b.start(done)
        return b.read(result)

    def swapped(self, base: Value, off: int, size: int) -> Value:
        value: Value = self.b.load(base, off, size)
        return value if size == 1 else self.b.op("bswap", value, size=size)
