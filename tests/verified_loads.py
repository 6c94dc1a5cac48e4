"""A plugin that asks ebee's verifier about every program that tests load into the kernel, too:

    PYTHONPATH=src:tests pytest -p verified_loads tests/engines tests/kernel tests/api

A test fails where ebee's verifier says something else than the kernel.
"""

from __future__ import annotations

import pytest

from ebee.errors import VerifierError
from ebee.kernel.backend import KernelBackend
from ebee.verifier.entry import verify_program

_found: list[str] = []


def pytest_configure() -> None:
    load = KernelBackend.load_program

    def load_and_ask(self, prog, obj, maps, scope=None, target=None):
        try:
            loaded = load(self, prog, obj, maps, scope, target)
        except VerifierError as e:
            _compare(self, prog, obj, maps, f"refuses it: {e.reason}")
            raise
        _compare(self, prog, obj, maps, "")
        return loaded

    KernelBackend.load_program = load_and_ask  # type: ignore[method-assign]


def _compare(backend, prog, obj, maps, kernel_says):
    given = obj.replace(maps={**{name: made.spec for name, made in maps.items()}, **obj.maps})
    verdict = verify_program(prog, given, backend.target)
    if verdict.accepted == bool(kernel_says):
        ours = f"refuses it: {verdict.refusal.message}" if verdict.refusal else "accepts it"
        _found.append(f"{prog.name} ({prog.section}): ebee {ours}; the kernel {kernel_says or 'accepts it'}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    _found.clear()
    result = yield
    if _found:
        pytest.fail("\n".join(_found))
    return result
