"""The verifier's numbers at other widths: the same source with another number of bits, small enough to try everything."""

from __future__ import annotations

import importlib
import pathlib
import sys
from types import ModuleType, SimpleNamespace

import ebee.verifier

NAMES = ("tnum", "scalar", "scalar_alu", "scalar_branch")


def at_width(bits: int) -> SimpleNamespace:
    """Load the modules anew as those of values with so many bits."""
    package, originals = ebee.verifier, {}
    loaded = {}
    for name in NAMES:
        full = f"ebee.verifier.{name}"
        originals[name] = importlib.import_module(full)
    try:
        for name in NAMES:
            full = f"ebee.verifier.{name}"
            source = pathlib.Path(str(originals[name].__file__)).read_text()
            if name == "tnum":
                assert source.count("BITS = 64\n") == 1
                source = source.replace("BITS = 64\n", f"BITS = {bits}\n")
            module = ModuleType(full)
            module.__file__ = originals[name].__file__
            sys.modules[full] = module
            setattr(package, name, module)
            exec(compile(source, str(module.__file__), "exec"), module.__dict__)
            loaded[name] = module
    finally:
        for name, original in originals.items():
            sys.modules[f"ebee.verifier.{name}"] = original
            setattr(package, name, original)
    return SimpleNamespace(**loaded)
