"""`Code`: what the compiler makes of a module."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..errors import SourceSpan
    from ..isa.insn import Insn
    from ..spec.object import Reloc


class Code(Record):
    """The instructions of a program and of the functions it calls, the program first.

    `spans` has the source place of each instruction. `functions` has name and index of the first instruction in
    `insns`. `stack_size` is in bytes, of the deepest call chain, each frame rounded up to 32 bytes.

    Source: check_max_stack_depth in kernel/bpf/verifier.c (Linux 6.18; 32 is what the kernel's interpreter takes).
    """

    insns: list[Insn]
    relocs: list[Reloc]
    spans: list[SourceSpan | None]
    functions: list[tuple[str, int]]
    stack_size: int
