"""The way into native code and out of it, for x86-64: made once for each machine.

`enter` is a C function: uint64_t enter(state, code, const uint64_t args[5], frame_pointer). Native code leaves early by
`unwind`, which takes the stack pointer that `enter` noted; entries nest, as those of callbacks do.

A failing check calls one of the `raise` routines: the return address says where.
"""

from __future__ import annotations

from struct import unpack_from

from .. import layout
from . import asm
from .asm import R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SAVED = (RBX, RBP, R12, R13, R14, R15)
_RAISES = {
    layout.RAISE_SPENT: layout.SPENT,
    layout.RAISE_FAULT: layout.FAULT,
    layout.RAISE_DEEP: layout.DEEP,
    layout.RAISE_PAST: layout.PAST,
    layout.RAISE_TARGET: layout.TARGET,
}
# struct ucontext_t: general registers from offset 40 on, 8 bytes each, in this order.
_GREGS = (R8, R9, R10, R11, R12, R13, R14, R15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP)
GREG = {reg: 40 + 8 * i for i, reg in enumerate(_GREGS)}
_RIP = 40 + 8 * 16
_RT_SIGACTION = 13


def entry_code(python: Mapping[str, int]) -> tuple[bytes, dict[int, int]]:
    """Return the code, which starts with `enter`, and the offset that each field of the state is to point to.

    `python` has the addresses of the functions of Python's C API that `callback_code` calls.
    """
    code = bytearray()
    fields: dict[int, int] = {}
    for reg in _SAVED:
        code += asm.push(reg)
    code += asm.reg_reg(asm.MOV, RDI, R12)
    code += asm.reg_mem(b"\xff", 6, R12, layout.SAVED_SP, False)  # push
    code += asm.reg_mem(asm.MOV, RSP, R12, layout.SAVED_SP)
    code += asm.reg_reg(asm.MOV, RSI, RAX) + asm.reg_reg(asm.MOV, RCX, RBP) + asm.reg_reg(asm.MOV, RDX, R11)
    for i, reg in enumerate((RDI, RSI, RDX, RCX, R8)):
        code += asm.reg_mem(asm.LOAD, reg, R11, 8 * i)
    code += asm.call_reg(RAX)
    leave = asm.reg_mem(b"\x8f", 0, R12, layout.SAVED_SP, False)  # pop
    leave += b"".join(asm.pop(reg) for reg in reversed(_SAVED)) + b"\xc3"
    code += leave
    fields[layout.UNWIND] = len(code)
    code += asm.reg_mem(asm.LOAD, RSP, R12, layout.SAVED_SP) + leave
    for field, status in _RAISES.items():
        fields[field] = len(code)
        code += asm.pop(R10) + asm.reg_mem(asm.MOV, R10, R12, layout.SITE)
        code += asm.reg_mem(asm.MOV, R11, R12, layout.ADDRESS)
        code += asm.reg_mem(b"\xc7", 0, R12, layout.STATUS) + asm.imm32(status)
        code += asm.jmp_mem(R12, layout.UNWIND)
    fields[layout.CALL_PYTHON] = len(code)
    return bytes(code) + callback_code(python), fields


PYTHON_FUNCTIONS = (
    "PyGILState_Ensure", "PyGILState_Release", "PyObject_CallFunction", "PyLong_AsUnsignedLongLongMask", "Py_DecRef",
    "PyErr_Clear",
)  # fmt: skip


def callback_code(python: Mapping[str, int]) -> bytes:
    """Return a C function of six u64 that calls the Python function at rax with them: its result, an int, as a u64.

    A Python function that raises ends the program with the status HELPER.
    """
    code = bytearray()

    def call(name: str) -> None:
        nonlocal code
        code += asm.mov_imm(R11, python[name]) + asm.call_reg(R11)

    # From rsp on, once all is pushed: the GIL's state, the function (then its result), the six arguments.
    for reg in (R9, R8, RCX, RDX, RSI, RDI, RAX):
        code += asm.push(reg)
    call("PyGILState_Ensure")
    code += asm.push(RAX)
    for reg, at in ((RDI, 8), (RDX, 16), (RCX, 24), (R8, 32), (R9, 40), (RAX, 48), (R11, 56)):
        code += asm.reg_mem(asm.LOAD, reg, RSP, at)
    code += asm.push(R11) + asm.push(R11) + asm.push(RAX)  # the first one aligns the stack
    code += b"\x48\x8d\x35"  # lea rsi, [rip + distance]: the format
    at = len(code)
    code += b"\0\0\0\0" + asm.reg_reg(asm.XOR, RAX, RAX, False)  # rax: no vector registers
    call("PyObject_CallFunction")
    code += asm.alu_imm(asm.ADD, RSP, 16) + asm.reg_mem(asm.MOV, RAX, RSP, 16)
    code += asm.reg_reg(asm.TEST, RAX, RAX) + b"\x0f\x84"
    to_failed = len(code)
    code += b"\0\0\0\0" + asm.reg_reg(asm.MOV, RAX, RDI)
    call("PyLong_AsUnsignedLongLongMask")
    code += asm.reg_mem(asm.LOAD, RDI, RSP, 16) + asm.reg_mem(asm.MOV, RAX, RSP, 16)
    call("Py_DecRef")
    end = len(code)
    code += asm.reg_mem(asm.LOAD, RDI, RSP, 8)
    call("PyGILState_Release")
    code += asm.reg_mem(asm.LOAD, RAX, RSP, 16) + asm.alu_imm(asm.ADD, RSP, 72) + b"\xc3"
    code[to_failed : to_failed + 4] = asm.imm32(len(code) - to_failed - 4)
    call("PyErr_Clear")
    code += asm.reg_mem(b"\xc7", 0, R12, layout.STATUS) + asm.imm32(layout.HELPER)
    code += b"\xe9" + asm.imm32(end - len(code) - 5)
    code[at : at + 4] = asm.imm32(len(code) - at - 4)
    return bytes(code) + b"KKKKKK\0"


def register_at(state: memoryview, reg: int) -> int:
    """Return what a register held when a signal came."""
    (value,) = unpack_from("<Q", state, layout.REGISTERS + GREG[reg] - 40)
    return int(value)


def handler_code(ranges: int, previous: int) -> bytes:
    """Return a handler for SIGSEGV and SIGBUS: void handler(int, siginfo_t *, ucontext_t *).

    `ranges` is the address of a table: a count, then for each range of native code its start and end, the address of
    its recoverable loads and their count; these are an instruction's address, that of the next, and the place in
    ucontext_t of the register that becomes 0. Anything else in the range ends the program with the status SIGNAL.
    What happens elsewhere is the business of the handler that was there before (`previous`; 0 or 1: the default).
    """
    code = bytearray()
    jumps: list[tuple[int, str]] = []
    labels: dict[str, int] = {}

    def jump(op: bytes, label: str) -> None:
        nonlocal code
        code += op + b"\0\0\0\0"
        jumps.append((len(code) - 4, label))

    code += asm.reg_mem(asm.LOAD, RAX, RDX, _RIP) + asm.mov_imm(RCX, ranges)
    code += asm.reg_mem(asm.LOAD, R8, RCX, 0) + asm.alu_imm(asm.ADD, RCX, 8)
    labels["range"] = len(code)
    code += asm.reg_reg(asm.TEST, R8, R8)
    jump(b"\x0f\x84", "chain")
    code += asm.reg_mem(b"\x3b", RAX, RCX, 0)
    jump(b"\x0f\x82", "next")
    code += asm.reg_mem(b"\x3b", RAX, RCX, 8)
    jump(b"\x0f\x82", "found")
    labels["next"] = len(code)
    code += asm.alu_imm(asm.ADD, RCX, 32) + asm.alu_imm(asm.SUB, R8, 1)
    jump(b"\xe9", "range")
    labels["found"] = len(code)
    code += asm.reg_mem(asm.LOAD, R9, RCX, 16) + asm.reg_mem(asm.LOAD, R10, RCX, 24)
    labels["load"] = len(code)
    code += asm.reg_reg(asm.TEST, R10, R10)
    jump(b"\x0f\x84", "fault")
    code += asm.reg_mem(b"\x3b", RAX, R9, 0)
    jump(b"\x0f\x84", "recover")
    code += asm.alu_imm(asm.ADD, R9, 24) + asm.alu_imm(asm.SUB, R10, 1)
    jump(b"\xe9", "load")
    labels["recover"] = len(code)
    code += asm.reg_mem(asm.LOAD, RAX, R9, 8) + asm.reg_mem(asm.MOV, RAX, RDX, _RIP)
    code += asm.reg_mem(asm.LOAD, RAX, R9, 16) + asm.reg_reg(asm.ADD, RAX, RDX)
    code += asm.reg_mem(b"\xc7", 0, RDX, 0) + asm.imm32(0) + b"\xc3"
    labels["fault"] = len(code)
    code += asm.reg_mem(asm.LOAD, R11, RDX, GREG[R12]) + asm.reg_mem(asm.MOV, RAX, R11, layout.SITE)
    for i in range(len(_GREGS)):  # si_addr says nothing where the address is none that there could be
        code += asm.reg_mem(asm.LOAD, RAX, RDX, 40 + 8 * i) + asm.reg_mem(asm.MOV, RAX, R11, layout.REGISTERS + 8 * i)
    code += asm.reg_mem(b"\xc7", 0, R11, layout.STATUS) + asm.imm32(layout.SIGNAL)
    code += asm.reg_mem(asm.LOAD, RAX, R11, layout.UNWIND) + asm.reg_mem(asm.MOV, RAX, RDX, _RIP) + b"\xc3"
    labels["chain"] = len(code)
    if previous > 1:
        code += asm.mov_imm(RAX, previous) + asm.jmp_reg(RAX)
    else:  # put the default back: what faulted faults again, and the process ends as it would have
        code += b"\x48\x8d\x35"  # lea rsi, [rip + distance]: a struct kernel_sigaction of zeros
        at = len(code)
        code += b"\0\0\0\0" + asm.reg_reg(asm.XOR, RDX, RDX, False) + asm.mov_imm(R10, 8)
        code += asm.mov_imm(RAX, _RT_SIGACTION) + b"\x0f\x05\xc3"
        code[at : at + 4] = asm.imm32(len(code) - at - 4)
        code += bytes(32)
    for at, label in jumps:
        code[at : at + 4] = asm.imm32(labels[label] - at - 4)
    return bytes(code)
