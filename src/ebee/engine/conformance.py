"""The plugin that conformance suites of the instruction set start: runs one program, prints r0.

The protocol (of the bpf_conformance project): the program comes as hex bytes on standard input, the memory as
hex bytes in the first argument (absent or empty: none). r1 is the memory's address (0: none) and r2 its
length in bytes. r0 is printed in hex; on failure nothing is printed, the reason goes to standard error and
the exit status is 1.
"""

from __future__ import annotations

from ..errors import EbeeError, FormatError, UsageError
from ..isa.encode import decode
from .interpreter import Machine, ProgramExit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

USAGE = "usage: conformance [MEMORY_HEX] [--program HEX | --file PATH]"


# The helper functions that the suites' programs call, by number.


def gather_bytes(vm: Machine, a: int, b: int, c: int, d: int, e: int) -> int:
    """Return the low bytes of the five arguments as one number, the first on top."""
    return int.from_bytes(bytes(x & 0xFF for x in (a, b, c, d, e)), "big")


def memfrob(vm: Machine, address: int, size: int) -> int:
    """Flip bits 1, 3 and 5 of each byte, as memfrob(3) does."""
    window = vm.memory.window(address, size)
    window[:] = bytes(byte ^ 42 for byte in window)
    return 0


def no_op(vm: Machine) -> int:
    """Do nothing."""
    return 0


def sqrti(vm: Machine, n: int) -> int:
    """Return the integer square root."""
    from math import isqrt

    return isqrt(n)


def strcmp_ext(vm: Machine, a: int, b: int) -> int:
    """Compare two NUL-terminated strings: 0 when equal, otherwise the sign says which is less."""
    left, right = (vm.memory.readable(x).partition(b"\0")[0] for x in (a, b))
    return (left > right) - (left < right)


def unwind(vm: Machine, value: int) -> int:
    """End the program with 0 if the argument is 0; otherwise return it."""
    if value == 0:
        raise ProgramExit(0)
    return value


HELPERS: dict[int, Callable[..., int]] = {
    0: gather_bytes,
    1: memfrob,
    2: no_op,
    3: sqrti,
    4: strcmp_ext,
    5: unwind,
}


def _bytes(text: str, what: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise FormatError(f"the {what} is not hexadecimal: {error}") from None


def run_conformance(program_hex: str, memory_hex: str | None = None) -> int:
    """Run a program given as hex bytes (white space is ignored) and return r0 (64 bits).

    Raises: FormatError for text that is not hex or not a program, FaultError, ExecutionError, NotSupported.
    """
    machine = Machine(helpers=HELPERS)
    code = machine.load(decode(_bytes(program_hex, "program")))
    memory = _bytes(memory_hex or "", "memory")
    address = machine.memory.new(memory, "the memory")[0] if memory else 0
    return code.run(address, len(memory), packet=memory)


def _arguments(argv: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the memory and the program, None for what is not given."""
    memory = program = None
    rest = list(argv)
    while rest:
        arg = rest.pop(0)
        if arg in ("--program", "--file"):
            if not rest or program is not None:
                raise UsageError(f"{arg} wants one value, once", hint=USAGE)
            program = rest.pop(0)
            if arg == "--file":
                try:
                    with open(program) as file:
                        program = file.read()
                except (OSError, UnicodeDecodeError) as error:
                    raise UsageError(f"cannot read {program!r}: {error}") from None
        elif arg.startswith("-"):
            raise UsageError(f"there is no option {arg}", hint=USAGE)
        elif memory is None:
            memory = arg
        elif arg:  # the suites' runner passes its empty plugin options along
            raise UsageError(f"one argument too many: {arg!r}", hint=USAGE)
    return memory, program


def main(argv: Sequence[str], stdin: TextIO, stdout: TextIO) -> int:
    """Run the plugin with the arguments behind its name; return the exit status: 0, or 1 on failure."""
    import sys

    try:
        memory, program = _arguments(argv)
        r0 = run_conformance(stdin.read() if program is None else program, memory)
    except EbeeError as error:
        print(error.render(), file=sys.stderr)
        return 1
    print(f"{r0:x}", file=stdout)
    return 0
