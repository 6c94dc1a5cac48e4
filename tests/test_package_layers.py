"""The import contracts cover the whole package: a folder cannot appear beside them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PURE = {"isa", "btf", "types", "spec", "ir", "compiler", "verifier", "lower", "pcap", "pyfront", "bpftrace"}


def contracts(kind):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == kind]


def packages():
    return {p.parent.name for p in (ROOT / "src/ebee").glob("*/__init__.py")}


def test_every_pure_package_is_held_to_purity():
    wanted = {f"ebee.{name}" for name in PURE & packages()}
    for contract in contracts("forbidden"):
        assert set(contract["source_modules"]) == wanted, contract["name"]


def test_every_package_has_its_layer():
    (layers,) = contracts("layers")
    named = " ".join(layers["layers"]).translate(str.maketrans("():|", "    ")).split()
    assert len(named) == len(set(named))
    assert packages() <= set(named)
