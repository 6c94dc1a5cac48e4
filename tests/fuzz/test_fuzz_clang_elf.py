"""Damaged objects of clang: every answer is a FormatError, or an object whose variables have types, soon."""

from __future__ import annotations

import contextlib
import functools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clang_objects import compiled
from ebee.api.objects import Object
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import FormatError
from ebee.spec.default_target import default_target

TARGET = default_target()
NAMES = ["many", "struct_ops", "legacy", "big"]
MOST_S = 5.0


@functools.cache
def good(name):
    return compiled("many", big=True).read_bytes() if name == "big" else compiled(name).read_bytes()


def read(data: bytes) -> None:
    start = time.perf_counter()
    with contextlib.suppress(FormatError):
        spec = read_object(data, "x.bpf.o")
        obj = Object(spec)
        with contextlib.suppress(FormatError):
            write_object(spec, TARGET)
        if spec.byteorder == "little":
            for _name, value in obj.globals.items():
                assert value is not None
            for decl in obj.maps.values():
                for type in (decl.key, decl.value):
                    if type is not None and type.size < 1 << 16:
                        with contextlib.suppress(TypeError):  # what only the kernel fills in
                            type.unpack(bytes(type.size))
    assert time.perf_counter() - start < MOST_S


places = st.integers(0, 1 << 20)
names = st.sampled_from(NAMES)


@given(names, st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(name, changes):
    data = bytearray(good(name))
    for at, value in changes:
        data[at % len(data)] = value
    read(bytes(data))


words = st.integers(0, 80) | st.sampled_from([1 << 31, (1 << 32) - 1, 1 << 24, 0xFFFF])


def section(data, wanted):
    """Return where a section is: its offset and size."""
    from ebee.elf.file import ElfFile

    file = ElfFile(data)
    content = file.bytes_of(wanted)
    return data.index(content), len(content)


@pytest.mark.parametrize("part", [".BTF", ".BTF.ext", ".symtab", ".rel.maps", ".reltc", "tc"])
@given(changes=st.lists(st.tuples(places, words), min_size=1, max_size=4))
def test_changed_words_of_a_section(part, changes):
    data = bytearray(good("many"))
    off, size = section(bytes(data), part)
    for at, value in changes:
        where = off + at % (size // 4) * 4
        data[where : where + 4] = value.to_bytes(4, "little")
    read(bytes(data))


@given(st.lists(st.tuples(places, words), min_size=1, max_size=4))
def test_changed_words_of_the_table_of_sections(changes):
    data = bytearray(good("many"))
    start = int.from_bytes(data[40:48], "little")
    for at, value in changes:
        off = start + at % (len(data) - start - 8) // 4 * 4
        data[off : off + 4] = value.to_bytes(4, "little")
    read(bytes(data))


@given(names, places, st.binary(max_size=16))
@example("many", 0, b"\x7fELF\2\1\1")
def test_cut_and_extended(name, at, tail):
    data = good(name)
    read(data[: at % len(data)] + tail)
