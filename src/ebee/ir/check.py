"""Is a module legal IR? A mistake found here is ebee's own, so it is an `InternalError`."""

from __future__ import annotations

from ..errors import InternalError
from ..spec.object import CORE_KINDS
from .cfg import dominator_children, immediate_dominators, reverse_postorder
from .core import (
    ATOMICS,
    CALLS,
    CONDITIONS,
    I64,
    LOADS,
    NON_NULL,
    OPS,
    PTR_ARENA,
    PTR_ARG,
    PTR_BTF,
    PTR_CTX,
    PTR_FUNC,
    PTR_MAP,
    PTR_MEM,
    PTR_PACKET,
    PTR_PACKET_END,
    PTR_RECORD,
    PTR_STACK,
    PTR_VALUE,
    TYPES,
    Block,
    Branch,
    Function,
    Jump,
    Module,
    Op,
    Ret,
    Value,
)

# What may be loaded from and stored to.
_MEMORY = (PTR_CTX, PTR_STACK, PTR_VALUE, PTR_RECORD, PTR_PACKET, PTR_ARG, PTR_MEM, PTR_BTF, PTR_ARENA)
_PASSED_AS_MEMORY = (PTR_STACK, PTR_VALUE, PTR_RECORD, PTR_PACKET, PTR_MEM)  # what a function may take as PTR_ARG
_SIZES = {
    "zext": (1, 2, 4),
    "sext": (1, 2, 4),
    "bswap": (2, 4, 8),
    "alloca": (1, 2, 4, 8),
    "load": (1, 2, 4, 8),
    "load_sx": (1, 2, 4),
    "load_ptr": (4, 8),
    "store": (1, 2, 4, 8),
    **dict.fromkeys(ATOMICS, (4, 8)),
}
# What an operation's symbol names.
_SYMBOLS = {
    "map": "map", "map_value": "map", "core_off": "field", "core": "type or field", "ksym": "symbol of the kernel",
    "func_addr": "function",
}  # fmt: skip
_MAX_ARGS = 5  # r1-r5


def check(module: Module, *, raw_memory: bool = False) -> None:
    """Check every function of a module. `raw_memory` allows loads and stores through plain integers.

    Raises: InternalError that names function, block and operation.
    """
    names = [f.name for f in module.functions]
    if len(set(names)) != len(names):
        raise InternalError(f"two functions of the module have one name: {names}")
    for function in module.functions:
        check_function(function, module, raw_memory=raw_memory)


def check_function(function: Function, module: Module | None = None, *, raw_memory: bool = False) -> None:
    """Check one function; calls of local functions are checked against `module` when it is given.

    Raises: InternalError.
    """
    _Checker(function, module, raw_memory).run()


class _Checker:
    def __init__(self, function: Function, module: Module | None, raw_memory: bool) -> None:
        self.function, self.raw_memory = function, raw_memory
        self.functions = None if module is None else {f.name: f for f in module.functions}
        self.block: Block = function.entry
        self.what = ""

    def fail(self, why: str) -> InternalError:
        at = f", {self.what}" if self.what else ""
        return InternalError(f"illegal IR in function {self.function.name!r}, block {self.block.name}{at}: {why}")

    def run(self) -> None:
        function = self.function
        listed = set(function.blocks)
        if len(listed) != len(function.blocks):
            raise self.fail("a block is listed twice")
        if len(function.entry.params) > _MAX_ARGS:
            raise self.fail(f"{len(function.entry.params)} parameters; a function takes up to {_MAX_ARGS}")
        for block in function.blocks:
            self.block, self.what = block, ""
            if block.term is None:
                raise self.fail("it has no terminator")
            for edge in block.edges():
                self.edge(edge, listed)
            for n, op in enumerate(block.ops):
                self.what = f"operation {n} ({op.opcode})"
                self.op(op)
            self.what = "terminator"
            if isinstance(block.term, Branch) and block.term.cond not in CONDITIONS:
                raise self.fail(f"there is no condition {block.term.cond!r}")
            if isinstance(block.term, Branch) and PTR_MAP in (block.term.a.type, block.term.b.type):
                raise self.fail("a map is compared")
        self.dominance()

    def edge(self, edge: Jump, listed: set[Block]) -> None:
        target = edge.target
        if target is self.function.entry:
            raise self.fail("it jumps to the entry block")
        if target not in listed:
            raise self.fail(f"it jumps to {target.name}, which is not a block of the function")
        if len(edge.args) != len(target.params):
            raise self.fail(f"it gives {len(edge.args)} values to {target.name}, which takes {len(target.params)}")
        for n, (arg, param) in enumerate(zip(edge.args, target.params, strict=True)):
            if arg.type != param.type and not (param.type == PTR_ARG and arg.type in _PASSED_AS_MEMORY):
                raise self.fail(f"value {n} for {target.name} is {arg.type}, the parameter is {param.type}")

    def op(self, op: Op) -> None:
        if op.opcode not in OPS:
            raise self.fail("there is no such operation")
        count, result, _ = OPS[op.opcode]
        if count >= 0 and len(op.args) != count:
            raise self.fail(f"{len(op.args)} arguments, it takes {count}")
        if result not in ("", "*") and op.type != result:
            raise self.fail(f"its type is {op.type}, it makes {result}")
        if result == "*" and op.type not in TYPES:
            raise self.fail(f"there is no type {op.type!r}")
        if op.opcode in _SIZES and op.size not in _SIZES[op.opcode]:
            raise self.fail(f"size {op.size} is not one of {_SIZES[op.opcode]}")
        if any(not OPS[a.opcode][1] for a in op.args if isinstance(a, Op) and a.opcode in OPS):
            raise self.fail("an argument is an operation without a result")
        rule = _RULES.get(op.opcode)
        if rule is not None:
            rule(self, op)
        elif count:
            for a in op.args:
                if a.type != I64:
                    raise self.fail(f"an argument is {a.type}, it takes i64")

    def const(self, op: Op) -> None:
        if not -(1 << 63) <= op.imm < 1 << 64:
            raise self.fail(f"{op.imm} does not fit in 64 bits")

    def add(self, op: Op) -> None:
        a, b = op.args
        for x in (a, b):
            if x.type in (PTR_MAP, PTR_FUNC) or x.type in NON_NULL:
                raise self.fail(f"arithmetic on {x.type}")
        if op.opcode == "sub" and b.type != I64:
            like = PTR_PACKET if a.type == PTR_PACKET_END else a.type
            if like != b.type or op.type != I64:
                raise self.fail(f"{a.type} - {b.type} gives {op.type}")
        elif b.type != I64:
            raise self.fail(f"the second argument is {b.type}, it takes i64")
        elif op.type != a.type or a.type == PTR_PACKET_END:
            raise self.fail(f"its type is {op.type}, it makes {a.type}")

    def non_null(self, op: Op) -> None:
        if NON_NULL.get(op.args[0].type) != op.type:
            raise self.fail(f"{op.args[0].type} does not become {op.type}")

    def retype(self, op: Op) -> None:
        if sorted((op.args[0].type, op.type)) not in ([I64, PTR_BTF], [I64, PTR_VALUE]):
            raise self.fail(f"{op.args[0].type} does not become {op.type}")

    def alloca(self, op: Op) -> None:
        if self.block is not self.function.entry:
            raise self.fail("it is not in the entry block")
        if op.imm <= 0:
            raise self.fail(f"{op.imm} bytes")

    def symbol(self, op: Op) -> None:
        if not op.symbol:
            raise self.fail(f"it names no {_SYMBOLS[op.opcode]}")
        if op.opcode == "core" and op.reloc not in CORE_KINDS:
            raise self.fail(f"there is no relocation {op.reloc!r}")
        if op.opcode == "func_addr" and self.functions is not None and op.symbol not in self.functions:
            raise self.fail(f"there is no function {op.symbol!r}")

    def memory(self, op: Op) -> None:
        address = op.args[0]
        if address.type not in _MEMORY and not (self.raw_memory and address.type == I64):
            raise self.fail(f"the address is {address.type}")
        if not -0x8000 <= op.off <= 0x7FFF:
            raise self.fail(f"offset {op.off} does not fit in 16 bits")
        if bool(op.reloc) and not op.symbol:
            raise self.fail("its relocation names no symbol")
        if op.opcode == "load_ptr":
            if op.type == I64 or (op.size != 8 and address.type != PTR_CTX):
                raise self.fail(f"it loads {op.type} from {op.size} bytes of {address.type}")
        elif op.opcode in ATOMICS:
            for value in op.args[1:]:
                if value.type != I64:
                    raise self.fail(f"an operand is {value.type}, it takes i64")
        elif op.opcode == "store" and op.args[1].type != I64:
            if address.type != PTR_STACK or op.size != 8:
                raise self.fail(f"it stores {op.args[1].type} to {op.size} bytes of {address.type}")

    def call(self, op: Op) -> None:
        if len(op.args) > _MAX_ARGS:
            raise self.fail(f"{len(op.args)} arguments; a call takes up to {_MAX_ARGS}")
        if op.opcode == "call_kfunc" and not op.symbol:
            raise self.fail("it names no function")
        if op.opcode == "call_local" and self.functions is not None:
            callee = self.functions.get(op.symbol)
            if callee is None:
                raise self.fail(f"there is no function {op.symbol!r}")
            params = callee.entry.params
            if len(op.args) != len(params):
                raise self.fail(f"{op.symbol} takes {len(params)} arguments, not {len(op.args)}")
            for n, (arg, param) in enumerate(zip(op.args, params)):
                if arg.type != param.type and not (param.type == PTR_ARG and arg.type in _PASSED_AS_MEMORY):
                    raise self.fail(f"argument {n} of {op.symbol} is {arg.type}, the parameter is {param.type}")
            for block in callee.blocks:
                if isinstance(block.term, Ret) and block.term.value.type != op.type:
                    raise self.fail(f"{op.symbol} returns {block.term.value.type}, not {op.type}")

    def dominance(self) -> None:
        """Every value must be defined on every way to its use. Unreachable blocks are not looked at."""
        order = reverse_postorder(self.function)
        children = dominator_children(immediate_dominators(order))
        defined: set[Value] = set()
        undo: list[list[Value]] = []
        stack = [0]
        while stack:
            i = stack.pop()
            if i < 0:
                defined.difference_update(undo.pop())
                continue
            self.block = block = order[i]
            new: list[Value] = []
            undo.append(new)
            stack.append(~i)
            stack.extend(reversed(children[i]))
            for param in block.params:
                self.define(param, defined, new)
            for n, op in enumerate(block.ops):
                self.what = f"operation {n} ({op.opcode})"
                self.uses(op.args, defined)
                self.define(op, defined, new)
            self.what = "terminator"
            term = block.term
            if isinstance(term, Ret):
                self.uses([term.value], defined)
            elif isinstance(term, Branch):
                self.uses([term.a, term.b], defined)
            for edge in block.edges():
                self.uses(edge.args, defined)

    def define(self, value: Value, defined: set[Value], new: list[Value]) -> None:
        if value in defined:
            raise self.fail("a value is defined twice")
        defined.add(value)
        new.append(value)

    def uses(self, values: list[Value], defined: set[Value]) -> None:
        for n, value in enumerate(values):
            if value not in defined:
                name = value.opcode if isinstance(value, Op) else "a parameter"
                raise self.fail(f"value {n} ({name}) is not defined on every way here")
            if isinstance(value, Op) and not OPS[value.opcode][1]:
                raise self.fail(f"value {n} is an operation without a result")


_RULES = {
    "const": _Checker.const,
    "add": _Checker.add,
    "sub": _Checker.add,
    "non_null": _Checker.non_null,
    "retype": _Checker.retype,
    "alloca": _Checker.alloca,
    **dict.fromkeys(_SYMBOLS, _Checker.symbol),
    **dict.fromkeys((*LOADS, "store", *ATOMICS), _Checker.memory),
    **dict.fromkeys(CALLS, _Checker.call),
}
