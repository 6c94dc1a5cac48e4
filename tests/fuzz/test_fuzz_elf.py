"""Damaged object files: every answer is an ElfError, or an object that can be written again or not, soon."""

from __future__ import annotations

import contextlib
import functools
import sys
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import ElfError, FormatError
from ebee.spec.default_target import default_target

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "elf"))

from elf_examples import file_by_hand, from_ir

TARGET = default_target()


@functools.cache
def good():
    return file_by_hand()


@functools.cache
def of_ir():
    return write_object(from_ir(), TARGET)


def read(data: bytes) -> None:
    with contextlib.suppress(ElfError):
        spec = read_object(data, "x.bpf.o")
        with contextlib.suppress(FormatError):
            write_object(spec, TARGET)


places = st.integers(0, 1 << 20)


@given(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(changes):
    data = bytearray(good())
    for at, value in changes:
        data[at % len(data)] = value
    read(bytes(data))


@given(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes_of_what_the_kernel_fills_in(changes):
    data = bytearray(of_ir())
    for at, value in changes:
        data[at % len(data)] = value
    read(bytes(data))


words = st.integers(0, 80) | st.sampled_from([1 << 31, (1 << 64) - 1, 1 << 63])


@given(st.lists(st.tuples(places, words), min_size=1, max_size=4))
def test_changed_words_of_tables(changes):
    """The table of sections is at the end: offsets, sizes, links."""
    data = bytearray(good())
    start = int.from_bytes(data[40:48], "little")
    for at, value in changes:
        off = start + at % (len(data) - start - 8) // 4 * 4
        data[off : off + 8] = value.to_bytes(8, "little")
    read(bytes(data))


@given(places, st.binary(max_size=16))
def test_cut_and_extended(at, tail):
    data = good()
    read(data[: at % len(data)] + tail)


keys = st.sampled_from(["section", "fields", "flags", "entry", "type_id", ".bss"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 1 << 40) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
)


@given(values, st.sampled_from(["name", "programs", "maps", "loss_sites", "notes"]))
@example(None, "name")
def test_other_notes(value, key):
    """Notes of the same length in bytes, with one entry replaced by anything."""
    import json

    data = good()
    start = data.index(b'{"format"')
    end = data.index(b"\0", start)
    notes = json.loads(data[start:end]) | {key: value}
    text = json.dumps(notes, separators=(",", ":")).encode()
    if len(text) <= end - start:
        read(data[:start] + text.ljust(end - start) + data[end:])


def test_deep_notes_are_refused():
    data = good()
    start = data.index(b'{"format"')
    size = data.index(b"\0", start) - start
    read(data[:start] + b"[" * size + data[start + size :])
