"""Finds the source text of probes, and compiles them."""

from __future__ import annotations

import sys

from ..errors import CompileError, Diagnostic, UsageError
from ..lower.object import ObjectBuilder
from ..pyfront.source import ProbeSource
from ..pyfront.statements import compile_probe
from ..types.probes import Probe, distinct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..spec.object import ObjectSpec
    from ..spec.target import Target
    from ..types.globals import Global
    from ..types.maps import MapDecl
    from ..types.struct_ops import StructOps

_texts: dict[str, str] = {}


def remember_source(file: str, text: str) -> None:
    """Keep the text that a script was run from, so that an edit of the file meanwhile does no harm."""
    _texts[file] = text


def _read(file: str, probe: str) -> str:
    if file not in _texts:
        try:
            with open(file, encoding="utf-8") as f:
                _texts[file] = f.read().removeprefix("\ufeff")
        except OSError:
            lines = sys.modules["linecache"].getlines(file) if "linecache" in sys.modules else []
            if not lines:
                raise CompileError(
                    [
                        Diagnostic(
                            f"the source of probe {probe} cannot be read: {file}",
                            hint="a probe is compiled from its source; put it into a file",
                        )
                    ]
                ) from None
            return "".join(lines)
        except UnicodeDecodeError:
            raise CompileError([Diagnostic(f"{file} is not UTF-8 text")]) from None
    return _texts[file]


def probe_sources(probe: Probe) -> list[ProbeSource]:
    """Return what the compiler reads for each program of a probe. Raises: CompileError if there is no source."""
    source = function_source(probe.function)
    programs = probe.programs().items()
    return [source.replace(section=section, program=name, options=probe.options) for name, section in programs]


def function_source(function: Any, section: str = "") -> ProbeSource:
    """Return what the compiler reads of a function. Raises: CompileError if there is no source."""
    code = function.__code__
    names: dict[str, Any] = {}
    builtins = function.__globals__.get("__builtins__", {})
    names.update(builtins if isinstance(builtins, dict) else vars(builtins))
    names.update(function.__globals__)
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            names[name] = cell.cell_contents
        except ValueError:
            pass  # not assigned yet: the compiler says that it is not defined
    name, file = function.__name__, code.co_filename
    given = function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    defaults = {**dict(zip(positional[len(positional) - len(given) :], given)), **(function.__kwdefaults__ or {})}
    text = _read(file, name)
    positions = frozenset(code.co_positions()) if name == "<lambda>" else frozenset()
    return ProbeSource(name, section, file, text, code.co_firstlineno, names, function_source, defaults=defaults,
                       positions=positions)  # fmt: skip


def expand(given: Sequence[Probe | type[StructOps]]) -> tuple[list[type[StructOps]], list[Probe]]:
    """Return the structs of functions among what is to be attached, and all probes, theirs included."""
    structs: list[type[StructOps]] = []
    members: list[Probe] = []
    singles: list[Any] = []
    for one in given:
        if isinstance(one, type) and hasattr(one, "_probes"):
            structs.append(one)
            members += one._probes.values()
        else:
            singles.append(one)
    return structs, members + distinct(singles, members)


def compile_probes(
    probes: Sequence[Probe], target: Target, first_print: int = 0
) -> tuple[ObjectSpec, dict[str, MapDecl | Global[Any]]]:
    """Compile probes into one object; return it and the declared maps and variables that it uses, by map.

    `first_print` is the number of the first place that prints: objects that share a ring buffer count on.

    Raises: CompileError with the diagnostics of every probe, UsageError.
    """
    if not probes:
        raise UsageError("there is no probe to attach", hint="pass functions decorated with @ebee.tracepoint(…)")
    seen: dict[str, Probe] = {}
    for given in probes:
        probe: Any = given
        if not isinstance(probe, Probe):
            what = getattr(probe, "__name__", None) or repr(probe)
            raise UsageError(f"{what} is not a probe", hint="decorate the function, e.g. @ebee.tracepoint('…')")
        for name in probe.programs():
            if seen.setdefault(name, probe) is not probe:
                raise UsageError(f"two different probes are called {name!r}", hint="rename one of them")
    unique_probes = dict.fromkeys(seen.values())
    builder = ObjectBuilder("_".join(probe.name for probe in unique_probes), first_print=first_print)
    diagnostics: list[Diagnostic] = []
    for probe in unique_probes:
        try:
            for source in probe_sources(probe):
                compile_probe(source, builder, target)
        except CompileError as e:
            diagnostics += e.diagnostics
    if diagnostics:
        raise CompileError(diagnostics)
    return builder.finish(target), builder.decls
