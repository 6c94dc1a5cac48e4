"""What IR means, said in the plainest way (Python integers, one operation after the other), and random programs."""

from __future__ import annotations

import random

from ebee.ir.builder import Builder
from ebee.ir.core import I64, PTR_ARG, PTR_CTX, Branch, Function, Jump, Module, Ret

ALL = (1 << 64) - 1


def signed(x, bits=64):
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "udiv": lambda a, b: a // b if b else 0,
    "umod": lambda a, b: a % b if b else a,
    "and": lambda a, b: a & b,
    "bound": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << (b % 64),
    "lshr": lambda a, b: a >> (b % 64),
    "ashr": lambda a, b: signed(a) >> (b % 64),
}
CONDITIONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ult": lambda a, b: a < b,
    "ule": lambda a, b: a <= b,
    "ugt": lambda a, b: a > b,
    "uge": lambda a, b: a >= b,
    "slt": lambda a, b: signed(a) < signed(b),
    "sle": lambda a, b: signed(a) <= signed(b),
    "sgt": lambda a, b: signed(a) > signed(b),
    "sge": lambda a, b: signed(a) >= signed(b),
    "set": lambda a, b: a & b != 0,
}


def evaluate(module, function, args, helpers=None):
    """Run a function. Pointers are (bytearray, offset); `helpers` maps a helper's number to a function."""
    values = dict(zip(function.entry.params, args, strict=True))
    functions = {f.name: f for f in module.functions} if module else {}
    block = function.entry
    while True:
        for op in block.ops:
            values[op] = _operation(op, [values[a] for a in op.args], module, functions, helpers)
        term = block.term
        if isinstance(term, Ret):
            return values[term.value]
        if isinstance(term, Branch):
            edge = term.then if CONDITIONS[term.cond](values[term.a], values[term.b]) else term.els
        else:
            assert isinstance(term, Jump)
            edge = term
        new = [values[a] for a in edge.args]
        values.update(zip(edge.target.params, new, strict=True))
        block = edge.target


def _operation(op, args, module, functions, helpers):
    match op.opcode:
        case "const":
            return op.imm & ALL
        case "neg":
            return -args[0] & ALL
        case "zext":
            return args[0] & ((1 << 8 * op.size) - 1)
        case "sext":
            return signed(args[0], 8 * op.size) & ALL
        case "bswap":
            return int.from_bytes(args[0].to_bytes(8, "little")[: op.size], "big")
        case "alloca":
            return (bytearray(op.imm), 0)
        case "add" | "sub" if isinstance(args[0], tuple):
            memory, at = args[0]
            return (memory, at + signed(args[1]) * (1 if op.opcode == "add" else -1))
        case "load":
            memory, at = args[0]
            return int.from_bytes(memory[at + op.off : at + op.off + op.size], "little")
        case "load_sx":
            memory, at = args[0]
            return signed(int.from_bytes(memory[at + op.off : at + op.off + op.size], "little"), 8 * op.size) & ALL
        case "store" | "atomic_add" | "atomic_and" | "atomic_or" | "atomic_xor":
            _change(op, args)
            return None
        case "fetch_add" | "fetch_and" | "fetch_or" | "fetch_xor" | "xchg" | "cmpxchg":
            return _change(op, args)
        case "call":
            return helpers[op.imm](*args) & ALL
        case "call_local":
            return evaluate(module, functions[op.symbol], args, helpers)
    return BINARY[op.opcode](*args) & ALL


def _change(op, args):
    """Change memory as a store or an atomic operation does, and return what was there."""
    memory, at = args[0]
    place, mask = slice(at + op.off, at + op.off + op.size), (1 << 8 * op.size) - 1
    before = int.from_bytes(memory[place], "little")
    after = args[-1]
    if op.opcode == "cmpxchg":
        after = args[2] if before == args[1] & mask else before
    elif op.opcode not in ("store", "xchg"):
        after = BINARY[op.opcode.partition("_")[2]](before, args[1])
    memory[place] = (after & mask).to_bytes(op.size, "little")
    return before


CTX_BYTES = 64  # eight u64
INTERESTING = (0, 1, 2, 3, 7, 8, 63, 64, 255, 256, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, 1 << 63, ALL, ALL - 7)


class RandomProgram:
    """A random module: integers, branches, loops (if allowed), memory on the stack, local calls, swaps of variables."""

    def __init__(self, seed, size, *, loops, variables=None, helper=None):
        self.random = random.Random(seed)
        self.loops, self.helper, self.left = loops, helper, size
        self.variables = [f"v{n}" for n in range(variables or self.random.choice((2, 4, 8, 16)))]
        mix = self.mixer()
        function = Function("prog", [PTR_CTX])
        self.b = Builder(function)
        self.ctx = function.entry.params[0]
        self.buffers = [self.b.alloca(8 * n, 8) for n in (1, 3, 4)]
        for buffer in self.buffers:
            for off in range(0, buffer.imm, 8):
                self.b.store(buffer, off, 8, self.b.const(self.number()))
        for n, name in enumerate(self.variables):
            self.b.write(name, self.b.load(self.ctx, 8 * (n % 8), 8, ) if n % 3 else self.b.const(self.number()))
        self.statements(0)
        total = self.b.const(1)
        for name in self.variables:
            total = self.b.op("add", self.b.op("mul", total, self.b.const(31)), self.b.read(name))
        for buffer in self.buffers:
            for off in range(0, buffer.imm, 8):
                total = self.b.op("mul", self.b.op("xor", total, self.b.load(buffer, off, 8)), self.b.const(31))
        high = self.b.op("lshr", total, self.b.const(32))
        self.b.ret(self.b.op("zext", self.b.op("xor", total, high), size=4))
        self.module = Module([function, *mix, self.toucher()])

    def mixer(self):
        functions = []
        for arity in range(6):
            f = Function(f"mix{arity}", [I64] * arity, is_program=False)
            b = Builder(f)
            x = b.const(7)
            for p in f.entry.params:
                x = b.op("xor", b.op("mul", x, b.const(0x9E3779B97F4A7C15)), p)
            b.ret(x)
            functions.append(f)
        return functions

    def toucher(self):
        """A function that changes memory of its caller."""
        f = Function("touch", [PTR_ARG, I64], is_program=False)
        b = Builder(f)
        memory, x = f.entry.params
        before = b.op("fetch_xor", memory, x, off=0, size=8)
        b.store(memory, 2, 2, x)
        b.ret(b.op("add", before, b.op("load_sx", memory, off=4, size=2)))
        return f

    def number(self):
        r = self.random
        return r.choice((r.choice(INTERESTING), r.getrandbits(64), r.randrange(300)))

    def value(self):
        r = self.random
        x = self.b.read(r.choice(self.variables)) if r.random() < 0.75 else self.b.const(self.number())
        if r.random() < 0.2:
            x = self.b.op(r.choice(("zext", "sext")), x, size=r.choice((1, 2, 4)))
        elif r.random() < 0.05:
            x = self.b.op("bswap", x, size=r.choice((2, 4, 8)))
        return x

    def expression(self):
        b, r = self.b, self.random
        kind = r.random()
        if kind < 0.1:
            return b.op("neg", self.value())
        if kind < 0.2:
            size = r.choice((1, 2, 4, 8))
            buffer = r.choice(self.buffers)
            return b.load(*self.place(buffer, size), size)
        if kind < 0.25:
            size = r.choice((4, 8))
            place, off = self.place(r.choice(self.buffers), size)
            opcode = r.choice(("fetch_add", "fetch_and", "fetch_or", "fetch_xor", "xchg", "cmpxchg", "load_sx", "touch"))
            if opcode == "load_sx":
                size = r.choice((1, 2, 4))
                place, off = self.place(r.choice(self.buffers), size)
                return b.op("load_sx", place, off=off, size=size)
            if opcode == "touch":
                return b.op("call_local", r.choice(self.buffers), self.value(), symbol="touch")
            values = [self.value()]
            if opcode == "cmpxchg":  # more often than not what is there
                values = [b.load(place, off, size) if r.random() < 0.6 else self.value(), self.value()]
            return b.op(opcode, place, *values, off=off, size=size)
        if kind < 0.35:
            args = [self.value() for _ in range(r.randrange(6))]
            if self.helper is not None and r.random() < 0.5:
                return b.call(self.helper, *(args + [b.const(0)] * 5)[:5])
            return b.op("call_local", *args, symbol=f"mix{len(args)}")
        opcode = r.choice(list(BINARY))
        x, y = self.value(), self.value()
        result = b.op(opcode, x, y)
        if r.random() < 0.2:
            result = b.op("zext", result, size=4)
        return result

    def place(self, buffer, size):
        off = self.random.randrange(0, buffer.imm, size)
        kind = self.random.random()
        if kind < 0.2 and buffer.imm & buffer.imm - 1 == 0:  # at a place that is not known before it runs
            at = self.b.op("and", self.value(), self.b.const(buffer.imm - size))
            return self.b.op("add", buffer, at), 0
        if kind < 0.5:
            return self.b.op("add", buffer, self.b.const(off)), 0
        return buffer, off

    def statements(self, depth):
        b, r = self.b, self.random
        while self.left > 0:
            self.left -= 1
            kind = r.random()
            if depth and kind < 0.1:
                return
            if kind < 0.55:
                b.write(r.choice(self.variables), self.expression())
            elif kind < 0.65:
                names = r.sample(self.variables, min(len(self.variables), r.randrange(2, 5)))
                values = [b.read(n) for n in names]
                for name, x in zip(names, values[1:] + values[:1], strict=True):
                    b.write(name, x)
            elif kind < 0.75:
                size = r.choice((1, 2, 4, 8))
                buffer = r.choice(self.buffers)
                b.store(*self.place(buffer, size), size, self.value())
                if r.random() < 0.3:  # constants beside each other
                    for off in range(0, buffer.imm, size)[: r.randrange(5)]:
                        b.store(buffer, off, size, b.const(r.choice(INTERESTING)))
            elif kind < 0.78:
                size = r.choice((4, 8))
                place, off = self.place(r.choice(self.buffers), size)
                opcode = r.choice(("atomic_add", "atomic_and", "atomic_or", "atomic_xor"))
                b.op(opcode, place, self.value(), off=off, size=size)
            elif kind < 0.92 or not self.loops or depth > 2:
                self.condition(depth)
            else:
                self.loop(depth)

    def condition(self, depth):
        b, r = self.b, self.random
        then, els, join = b.new_block(), b.new_block(), b.new_block()
        b.branch(r.choice(list(CONDITIONS)), self.value(), self.value(), then, els)
        b.start(then)
        if depth < 4:
            self.statements(depth + 1)
        b.jump(join)
        b.start(els)
        if depth < 4 and r.random() < 0.5:
            self.statements(depth + 1)
        b.jump(join)
        b.start(join)

    def loop(self, depth):
        b, r = self.b, self.random
        name = f"i{self.left}.{depth}"
        b.write(name, b.const(0))
        head, body, out = b.new_block("head"), b.new_block("body"), b.new_block("out")
        b.jump(head)
        b.start(head, seal=False)
        i = b.read(name)
        then, els, cond = (body, out, "ult") if r.random() < 0.5 else (out, body, "uge")
        b.branch(cond, i, b.const(r.randrange(1, 4)), then, els)
        b.start(body)
        self.statements(depth + 1)
        b.write(name, b.op("add", b.read(name), b.const(1)))
        b.jump(head)
        b.seal(head)
        b.start(out)


def used_before_written(code):
    """Return the first (instruction, register) that is read without having been written on every way there."""
    insns = code.insns
    slots, at = [], 0
    for insn in insns:
        slots.append(at)
        at += insn.slots
    index = {slot: i for i, slot in enumerate(slots)}
    entry = {i for _, i in code.functions}
    known = dict.fromkeys(range(len(insns)))
    programs = {code.functions[0][1]: {1, 10}}
    for i in entry - set(programs):
        programs[i] = {1, 2, 3, 4, 5, 10}  # what a caller really passes is checked at the call, by running it
    work = []
    for i, registers in programs.items():
        known[i] = registers
        work.append(i)
    while work:
        i = work.pop()
        insn, live = insns[i], known[i]
        reads, writes, kills = _effects(insn)
        for register in reads:
            if register not in live:
                return i, register
        after = (live - kills) | writes
        for slot in _successors(insn, slots[i]):
            j = index[slot]
            new = after if known[j] is None else known[j] & after
            if known[j] is None or new != known[j]:
                known[j] = new
                work.append(j)
    unreached = [i for i, registers in known.items() if registers is None]
    return (unreached[0], "never reached") if unreached else None


def _effects(insn):
    cls, op = insn.opcode & 7, insn.opcode & 0xF0
    if cls in (4, 7):
        reads = {insn.src_reg} if insn.opcode & 8 and op != 0xD0 else set()  # byte swaps have no source
        if op != 0xB0:
            reads.add(insn.dst_reg)
        return reads, {insn.dst_reg}, set()
    if cls == 0:
        return set(), {insn.dst_reg}, set()
    if cls == 1:
        return {insn.src_reg}, {insn.dst_reg}, set()
    if cls == 2:
        return {insn.dst_reg}, set(), set()
    if cls == 3:
        reads = {insn.dst_reg, insn.src_reg}
        if insn.opcode & 0xE0 != 0xC0 or not insn.imm & 1:
            return reads, set(), set()
        return (reads | {0}, {0}, set()) if insn.imm == 0xF1 else (reads, {insn.src_reg}, set())
    if op == 0x80:
        return set(), {0}, {1, 2, 3, 4, 5}
    if op == 0x90:
        return {0}, set(), set()
    if op == 0x00:
        return set(), set(), set()
    return {insn.dst_reg} | ({insn.src_reg} if insn.opcode & 8 else set()), set(), set()


def _successors(insn, slot):
    if insn.opcode == 0x95:
        return []
    if insn.opcode == 0x05:
        return [slot + 1 + insn.off]
    if insn.opcode == 0x06:
        return [slot + 1 + insn.imm]
    following = [slot + insn.slots]
    if insn.opcode & 7 in (5, 6) and insn.opcode != 0x85:
        following.append(slot + 1 + insn.off)
    return following


