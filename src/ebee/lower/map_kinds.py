"""Operations on maps beyond look-up and update: prefixes as keys, queues, stacks, filters, entries in place."""

from __future__ import annotations

from errno import EEXIST

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_VALUE_OR_NULL
from ..types.scalars import IntType
from .numbers import BOOL, Num, check_assignable, union

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


def insert(low: Lowering, decl: MapDecl, key: Value, value: Value) -> Num:
    """Make an entry: 1, or 0 where there is one; a failure is counted."""
    b = low.b
    result = b.call(FUNC.map_update_elem, low.map(decl), key, value, b.const(bpf.BPF_NOEXIST))
    made, refused, failed, done = low.blocks(4)
    name = f"inserted {id(result)}"
    b.write(name, b.const(0))
    b.branch("eq", result, b.const(0), made, refused)
    b.start(refused)
    number = b.op("sext", result, size=4)  # before Linux 6.4 an int, whose upper half is anything
    b.branch("eq", number, b.const(-EEXIST), done, failed)
    b.start(failed)
    low.lose("map_full", decl.name)
    b.jump(done)
    b.start(made)
    b.write(name, b.const(1))
    b.jump(done)
    b.start(done)
    return Num(b.read(name), 0, 1, BOOL)


def set_default(low: Lowering, decl: MapDecl, key: Value, initial: Value) -> Value:
    """The address of an entry, made of the value at `initial` if it is absent; without room for it null, counted."""
    b = low.b
    missing, lost, done = low.blocks(3)
    pointer = low.lookup(decl, key)
    name = f"entry of {decl.name} {id(missing)}"
    b.write(name, pointer)
    b.branch("eq", pointer, b.const(0), missing, done)
    b.start(missing)
    b.call(FUNC.map_update_elem, low.map(decl), key, initial, b.const(bpf.BPF_NOEXIST))
    again = low.lookup(decl, key)
    b.write(name, again)
    b.branch("ne", again, b.const(0), done, lost)
    b.start(lost)
    low.lose("map_full", decl.name)
    b.jump(done)
    b.start(done)
    return b.read(name, PTR_VALUE_OR_NULL)


def lookup_cpu(low: Lowering, decl: MapDecl, key: Value, cpu: Num) -> Value:
    """The address of the value that a CPU has, or null."""
    check_assignable(cpu, 0, (1 << 32) - 1, "the number of a CPU")
    return low.b.call(FUNC.map_lookup_percpu_elem, low.map(decl), key, cpu.value, type=PTR_VALUE_OR_NULL)


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
