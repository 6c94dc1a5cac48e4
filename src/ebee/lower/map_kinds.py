"""Operations on maps beyond look-up and update: prefixes as keys, queues, stacks, filters, entries in place."""

from __future__ import annotations

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..types.scalars import IntType
from .numbers import Num, check_assignable, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..types.map_kinds import PrefixType
    from ..types.maps import MapDecl
    from .program import Lowering


def store_prefix(low: Lowering, base: Value, off: int, type: PrefixType, n: Num, what: str) -> None:
    """Write an address as the key of an LPM trie: all of its bits count."""
    b, size = low.b, type.address.size
    check_assignable(n, 0, type.address.hi, what)
    b.store(base, off, 4, b.const(8 * size))
    for at in range(0, size, 4):  # the address is aligned to 4 bytes
        width = min(size, 4)
        part = b.op("lshr", n.value, b.const(8 * (size - width - at))) if at + width < size else n.value
        b.store(base, off + 4 + at, width, b.op("bswap", part, size=width) if width > 1 else part)


def push(low: Lowering, decl: MapDecl, value: Value, overwrite: bool) -> None:
    """Add a value to a queue, stack or filter; a failure is counted."""
    flags = low.b.const(bpf.BPF_EXIST if overwrite else bpf.BPF_ANY)
    result = low.b.call(FUNC.map_push_elem, low.map(decl), value, flags)
    low.count_if("ne", result, "map_full", decl.name)


def take(low: Lowering, helper: int, decl: MapDecl, type: IntType, default: Num) -> Num:
    """The number that `helper`, map_pop_elem or map_peek_elem, gives, or `default` where the map is empty."""
    b = low.b
    result = union(Num(b.const(0), type.lo, type.hi), default)
    found, empty, done = low.blocks(3)
    memory = low.scratch("taken", type.size)
    failed = b.call(helper, low.map(decl), memory)
    name = f"taken {id(failed)}"
    b.branch("eq", failed, b.const(0), found, empty)
    b.start(found)
    b.write(name, low.load_num(memory, 0, type).value)
    b.jump(done)
    b.start(empty)
    b.write(name, default.value)
    b.jump(done)
    b.start(done)
    return Num(b.read(name), result.lo, result.hi)


def may_contain(low: Lowering, decl: MapDecl, value: Value, then: Block, els: Block) -> None:
    """Jump to `then` if a Bloom filter may contain a value, else to `els`."""
    missing = low.b.call(FUNC.map_peek_elem, low.map(decl), value)
    low.b.branch("eq", missing, low.b.const(0), then, els)


def entry(low: Lowering, pointer: Value, what: str) -> Value:
    """An entry that was looked up, to be read or written; one that is not there ends the program, counted."""
    if not low.b.is_non_null(pointer):
        low.abort_if("eq", pointer, low.b.const(0), "no_entry", what)
    return low.b.non_null(pointer)
