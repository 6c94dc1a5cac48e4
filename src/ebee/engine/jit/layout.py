"""What native code and Python share: the state of a virtual machine, and where its memory lies.

A register of the processor holds the address of the state for as long as native code runs. The hot fields lie within
127 bytes of it. Behind the state lie two tables of u32, one entry for each region number: how many bytes of the region
native code may read, and how many it may write. That is all that a checked access has to look at.
"""

from __future__ import annotations

# Fields, as offsets in bytes; 8 bytes each.
LEFT = 0  # the instruction budget that is left, signed
STATUS = 8  # why native code came back: one of the constants below
SAVED_SP = 16  # the native stack pointer to unwind to
STACK_END = 24  # the frame pointer that a call may no longer reach
SITE = 32  # the native address that a failure was noticed at
ADDRESS = 40  # the address of the access that failed
UNWIND = 48  # where native code goes to end early
NEXT_CODE = 56  # the entry of the program that a tail call leads to
RAISE_SPENT = 64  # called, not jumped to: the return address says where from
RAISE_FAULT = 72
RAISE_DEEP = 80
RAISE_PAST = 88
RAISE_TARGET = 96
TABLE = 104  # where `gotox` and `callx` found no target: the address asked for
CALL_PYTHON = 112  # calls the Python function whose object's address is in a register of its own
CTX = 120  # the context that holds pointers
REGISTERS = 128  # after a signal: the general registers, in the order of struct ucontext_t

POINTERS = 256  # u64 for each 4 bytes of that context: what a load from there gives, 0 for the bytes themselves
POINTER_COUNT = 48

LIMITS_READ = 0x1000
LIMITS_WRITE = LIMITS_READ + 4 * (1 << 15)
STATE_BYTES = LIMITS_WRITE + 4 * (1 << 15)

# Values of STATUS.
RUNNING, HELPER, SPENT, FAULT, DEEP, PAST, TARGET, SIGNAL = range(8)

# Regions of native memory: number << 32 is a real address, so numbers have 15 bits. A process has its code at 0x55..
# or 0x56.., its libraries and stacks at 0x7f..; arm64 has them at 0xaaaa and 0xffff.
FIRST_REGION, END_REGION = 0x1100, 0x5000
REGION_MASK = 0x7FFF
FRAME_STEP = 1 << 32
