"""An object being made from IR, with a program that writes its results to global variables."""

from __future__ import annotations

from ebee.errors import SourceSpan
from ebee.ir.check import check
from ebee.ir.core import PTR_CTX, Function, Module
from ebee.kernel.target import kernel_target
from ebee.lower.object import ObjectBuilder
from ebee.lower.program import Lowering
from ebee.types.scalars import u64

SPAN = SourceSpan("built.py", 7, 4, text="built()")
SYSCALL, RAW = "syscall", "raw_tp/sys_enter"


class Built:
    """The object `obj`; `low` and `b` build its program, which writes its results to `out1` … `out7`."""

    def __init__(self, section=RAW, params=(PTR_CTX,)):
        self.obj = ObjectBuilder("test")
        self.obj.add_global("out0", u64, ".data", (77).to_bytes(8, "little"))
        for n in range(1, 8):
            self.obj.add_global(f"out{n}", u64, ".data")
        self.function = Function("prog", list(params), span=SPAN)
        self.obj.add_program(self.function, section)
        self.low = Lowering(self.obj, self.function)
        self.b = self.low.b
        self.ctx = self.function.entry.params[0]

    def out(self, n, value):
        self.b.store(self.low.global_address(f"out{n}"), 0, 8, value)

    def function_of(self, name, types, body, **described):
        """Add a function whose body is built by `body(low, *params)` and returned."""
        f = Function(name, types, span=SPAN, is_program=False)
        low = Lowering(self.obj, f)
        low.b.ret(body(low, *f.entry.params))
        self.obj.add_function(f, **described)

    def finish(self):
        """The object."""
        if not self.b.terminated:
            self.b.ret(self.b.const(0))
        functions = [s.function for s in self.obj.functions.values()]
        check(Module([self.function, *functions]))
        return self.obj.finish(kernel_target())
