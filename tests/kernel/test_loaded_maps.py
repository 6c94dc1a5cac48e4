"""Maps and ring buffers of objects that clang made: many elements at once, arrays, callbacks; both backends alike."""

from __future__ import annotations

import pytest

import ebee
from clang_objects import compiled

pytest.importorskip("numpy")

CONFIG = {"CONFIG_BPF": "y", "LINUX_KERNEL_VERSION": 0x060C00}


@pytest.fixture(params=["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def many(request):
    with ebee.read(compiled("many")) as obj:
        yield obj.load(backend=request.param, kconfig=CONFIG)


def test_structs_with_everything(many):
    many.programs["entry"].run(packet=bytes(64))
    values = many.maps["values"]
    (row,) = values.to_numpy()
    assert row["key"].tolist() == (1, 2)
    value = row["value"]
    assert (value["count"], value["comm"], value["color"], bool(value["on"])) == (10, b"hello", 5, True)
    assert (value["a"], value["b"]) == (5, 9) and value["at"]["y"].tolist() == [0, -8]
    assert values.delete_many([(1, 2), (3, 4)]) == 1 and len(values) == 0


def test_records(many):
    entry, events = many.programs["entry"], many.maps["events"]
    for _ in range(3):
        entry.run(packet=bytes(64))
    assert next(iter(events)).pid == 42
    found = events.to_numpy()
    assert found["pid"].tolist() == [42, 42] and found["at"]["y"].tolist() == [2, 2] and set(found["text"]) == {b"abc"}
    entry.run(packet=bytes(64))
    texts = []
    assert events.poll(lambda event: texts.append(event.text)) == 1 and texts == ["abc"]
    assert events.poll(texts.append, timeout_s=0) == 0 and events.lost == 0


def test_arrays(many):
    inner = many.maps["inner_a"]
    inner.update({0: 5, 3: 7})
    assert inner.to_numpy().tolist() == [5, 0, 0, 7] and dict(inner.items()) == {0: 5, 1: 0, 2: 0, 3: 7}
