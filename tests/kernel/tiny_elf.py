"""A program for x86-64 that is made here, byte by byte, with functions, and marks for tracers (USDT)."""

from __future__ import annotations

import os
import struct
from pathlib import Path

TEXT, DATA = 0x401000, 0x403000  # addresses; in the file at 0x1000 and 0x2000
PROGRESS = 0x1122334455667788

# Each place: the note's arguments. They stand in the code below in this order.
MARKS = [
    ("step", "-4@%edi 8@%rsi 2@8(%rsp) -1@$-7"),
    ("step", "-4@8(%rsp) 8@%r12 2@%ax 1@4(%rsp,%rcx,4)"),
    ("guarded", "8@%rsi"),
    ("floats", "8f@%xmm0 4@x(%rip) 4@%edi"),
]


def code() -> tuple[bytes, list[int], dict[str, int]]:
    """Return the program, the offsets of its marks, and those of its functions."""
    out, marks = bytearray(), []

    def add(text: str) -> None:
        out.extend(bytes.fromhex(text))

    def mark() -> None:
        marks.append(len(out))
        out.append(0x90)  # nop

    add("bf fb ff ff ff")  # mov edi, -5
    out.extend(b"\x48\xbe" + struct.pack("<Q", PROGRESS))  # mov rsi, PROGRESS
    add("48 83 ec 20  c7 44 24 08 4d 00 fe ff")  # sub rsp, 32; mov dword [rsp + 8], 0xfffe004d
    mark()
    add("49 c7 c4 03 00 00 00  b8 34 12 cd ab  b9 02 00 00 00  c6 44 24 0c c8")  # r12=3, eax=0xabcd1234, ecx=2, [rsp+12]
    mark()
    out.extend(b"\x66\x83\x3c\x25" + struct.pack("<I", DATA) + b"\x00\x74\x01")  # cmp word [DATA], 0; je over it
    mark()
    mark()
    call = len(out)
    add("e8 00 00 00 00")  # call work(-5, PROGRESS)
    add("89 c7 b8 e7 00 00 00 0f 05")  # exit_group(eax)
    work = len(out)
    out[call + 1 : call + 5] = struct.pack("<i", work - (call + 5))
    add("b8 2a 00 00 00 c3")  # return 42
    return bytes(out), marks, {"start": 0, "work": work, "work_too": work}


def note(name: str, address: int, counter: int, args: str) -> bytes:
    text = f"tiny\0{name}\0{args}\0".encode()
    desc = struct.pack("<QQQ", address, TEXT + 0x800, counter) + text
    desc_padded = desc + bytes(-len(desc) % 4)
    return struct.pack("<III", 8, len(desc), 3) + b"stapsdt\0" + desc_padded


def build() -> bytes:
    """Return the file."""
    text, marks, functions = code()
    counters = {"guarded": DATA}
    notes = b"".join(note(n, TEXT + at, counters.get(n, 0), a) for (n, a), at in zip(MARKS, marks))
    strings = b"\0" + b"\0".join(f.encode() for f in functions) + b"\0chosen\0old@V1\0old@@V2\0"
    symbols = bytes(24)
    rows = [(name, 2, TEXT + off) for name, off in functions.items()]
    rows += [("chosen", 10, TEXT), ("old@V1", 2, TEXT + 5), ("old@@V2", 2, TEXT)]
    for name, kind, address in rows:
        symbols += struct.pack("<IBBHQQ", strings.index(name.encode() + b"\0"), 1 << 4 | kind, 0, 1, address, 0)
    names = b"\0.text\0.data\0.note.stapsdt\0.stapsdt.base\0.symtab\0.strtab\0.shstrtab\0"
    image = bytearray(0x2008)
    image[0x1000 : 0x1000 + len(text)] = text
    at = {}
    for name, data in (("notes", notes), ("symbols", symbols), ("strings", strings), ("names", names)):
        image += bytes(-len(image) % 8)
        at[name] = (len(image), len(data))
        image += data
    image += bytes(-len(image) % 8)
    sections = [
        (0, 0, 0, 0, 0, 0, 0, 0),
        (names.index(b".text"), 1, 6, TEXT, 0x1000, len(text), 0, 0),
        (names.index(b".data"), 1, 3, DATA, 0x2000, 8, 0, 0),
        (names.index(b".note.stapsdt"), 7, 0, 0, *at["notes"], 0, 0),
        (names.index(b".stapsdt.base"), 1, 2, TEXT + 0x800, 0x1800, 1, 0, 0),
        (names.index(b".symtab"), 2, 0, 0, *at["symbols"], 6, 1),
        (names.index(b".strtab"), 3, 0, 0, *at["strings"], 0, 0),
        (names.index(b".shstrtab"), 3, 0, 0, *at["names"], 0, 0),
    ]
    shoff = len(image)
    for name, type, flags, addr, off, size, link, info in sections:
        entsize = 24 if type == 2 else 0
        image += struct.pack("<IIQQQQIIQQ", name, type, flags, addr, off, size, link, info, 8, entsize)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    image[:64] = head + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, TEXT, 64, shoff, 0, 64, 56, 2, 64, len(sections), 7)
    loads = [(5, 0x1000, TEXT, 0x1000), (6, 0x2000, DATA, 8)]
    for n, (flags, off, addr, size) in enumerate(loads):
        image[64 + 56 * n : 120 + 56 * n] = struct.pack("<IIQQQQQQ", 1, flags, off, addr, addr, size, size, 0x1000)
    return bytes(image)


def write(directory: Path) -> str:
    """Write the program into a directory and return its path."""
    path = directory / "tiny"
    path.write_bytes(build())
    os.chmod(path, 0o755)
    return str(path)
