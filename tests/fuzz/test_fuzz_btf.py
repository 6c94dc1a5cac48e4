"""Damaged BTF: every answer is a value or a BtfError, soon."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ebee.btf.c_dump import dump_c
from ebee.btf.c_format import format_type
from ebee.btf.dedup import dedup
from ebee.btf.layout_text import layout_text
from ebee.btf.read import Btf
from ebee.btf.text_dump import type_text
from ebee.errors import BtfError, NotSupported
from ebee.spec.core_relo import CoreTarget, Relocator
from ebee.spec.object import CORE_RELO_KINDS, CoreRelo

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "btf"))

from btf_examples import every_kind

EXAMPLES = {order: every_kind(order)[0] for order in ("little", "big")}
NAMES = ("node", "node_t", "color", "RED", "visit", "x", "", "inner\0", "long unsigned int")
ATTRIBUTES = (
    "members", "values", "params", "array", "int_encoding", "secinfos", "linkage", "component_idx", "name", "id",
)  # fmt: skip


def ask_everything(data: bytes, base: Btf | None = None) -> None:
    with contextlib.suppress(BtfError):
        btf = Btf(data, base=base)
        for whole in (dump_c, dedup):
            with contextlib.suppress(BtfError):
                whole(btf)
        for name in NAMES:
            for ask in (btf.by_name, btf.all_by_name, lambda n, btf=btf: btf.field(n, "next.y[1]")):
                with contextlib.suppress(BtfError):
                    ask(name)
        for id in range(min(btf.type_count + 1, 60)):
            with contextlib.suppress(BtfError):
                type_ = btf.by_id(id)
                for attribute in ATTRIBUTES:
                    with contextlib.suppress(BtfError):
                        getattr(type_, attribute)
                for ask in (format_type, type_text, layout_text, lambda t, btf=btf: btf.sizeof(t.id), lambda t, btf=btf: btf.resolve(t.id)):
                    with contextlib.suppress(BtfError):
                        ask(type_)
                for path in ("x", "both.y", "numbers[2]"):
                    with contextlib.suppress(BtfError):
                        btf.field_of(type_, path)


orders = st.sampled_from(sorted(EXAMPLES))


@given(orders, st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes(order, changes):
    data = bytearray(EXAMPLES[order])
    for at, value in changes:
        data[at % len(data)] = value
    ask_everything(bytes(data))


@given(orders, st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40)), min_size=1, max_size=8))
def test_changed_words(order, changes):
    """Small numbers are type ids: references to anything, cycles among them."""
    data = bytearray(EXAMPLES[order])
    for at, value in changes:
        off = 24 + 4 * (at % ((len(data) - 24) // 4))
        data[off : off + 4] = value.to_bytes(4, order)
    ask_everything(bytes(data))


@given(orders, st.integers(0, 1 << 16), st.binary(max_size=8))
def test_cut_and_extended(order, at, tail):
    data = EXAMPLES[order]
    ask_everything(data[: at % len(data)] + tail)


@given(st.binary(max_size=120), st.booleans())
def test_anything_behind_a_good_header(body, is_split):
    size = len(body) // 2 // 4 * 4
    numbers = (24, 0, size, size, len(body) - size)
    data = bytes.fromhex("9feb0100") + b"".join(n.to_bytes(4, "little") for n in numbers) + body
    ask_everything(data, Btf(EXAMPLES["little"]) if is_split else None)


def test_long_sections_of_one_word_do_not_take_long():
    """Every word has the form of a name, of a struct's or union's info and of a size."""
    for word in (0x04000001, 0x05000002, 0x0C000001, 0x13000001, 1):
        types = word.to_bytes(4, "little") * 50_000
        strings = b"\0node\0" + b"a\0" * 64
        numbers = (24, 0, len(types), len(types), len(strings))
        data = bytes.fromhex("9feb0100") + b"".join(n.to_bytes(4, "little") for n in numbers)
        ask_everything(data + types + strings)


RELO_KINDS = st.sampled_from(sorted(CORE_RELO_KINDS))


@given(orders, st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40)), max_size=8), RELO_KINDS, st.integers(0, 40))
def test_relocations_against_damaged_types(order, changes, kind, type_id):
    """CO-RE gives a value or says what is wrong, whichever side is damaged."""
    data = bytearray(EXAMPLES[order])
    for at, value in changes:
        off = 24 + 4 * (at % ((len(data) - 24) // 4))
        data[off : off + 4] = value.to_bytes(4, order)
    good = Btf(EXAMPLES[order])
    with contextlib.suppress(BtfError):
        damaged = Btf(bytes(data))
        for local, target in ((good, damaged), (damaged, good), (damaged, damaged)):
            for access in ("0", "0:0", "0:1:1", "1:2"):
                with contextlib.suppress(BtfError, NotSupported):
                    relo = CoreRelo(0, kind, type_id, access)
                    Relocator(local, CoreTarget("kernel", target)).calculate("p", relo)
