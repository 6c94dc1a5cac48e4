"""The example of docs/how-it-works/lowering.md."""

from __future__ import annotations

import re
from pathlib import Path

from ebee.btf.read import Btf

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-it-works" / "lowering.md"


def test_the_example_makes_an_object():
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(source, names)
    spec = names["spec"]
    program, btf = spec.programs["program"], Btf(spec.btf)
    assert [btf.by_id(f.type_id).name for f in program.func_info] == ["program", "each"]
    assert spec.maps[".bss"].value_size == 8
    assert [(r.kind, r.symbol) for r in program.relocs] == [("map_value", ".bss")]


def test_every_method_of_the_page_is_there():
    from ebee.btf import special
    from ebee.lower import kernel_types
    from ebee.lower.object import ObjectBuilder
    from ebee.lower.program import Lowering

    text = PAGE.read_text()
    homes = {"low": Lowering, "obj": ObjectBuilder, "kernel_types": kernel_types}
    used = re.findall(r"\b(low|obj|kernel_types)\.([a-z]\w+)\(", text)
    assert len(used) > 10
    assert not [f"{home}.{name}" for home, name in used if not hasattr(homes[home], name)]
    assert special.add_kptr and special.add_special
