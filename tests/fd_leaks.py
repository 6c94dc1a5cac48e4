"""A detector of leaked file descriptors: what a test opens is closed when it and its fixtures have ended.

tests/conftest.py imports `no_leaked_fds`: every test of the suite is watched.
"""

from __future__ import annotations

import functools
import gc
import os
import sys

import pytest

_KEPT_BY_DESIGN = ("/sys/kernel/btf/",)  # the kernel's types, mapped once for the process
_said: dict[int, str] = {}
_made: list = []  # what `closed_after_test` functions have made in this test


def open_fds():
    """Return number and target of every open file descriptor of this process."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the directory's own, which is closed again
            continue
    return found


def leaked(before, after):
    """Return what of `after` was not there before, and is not kept by design."""
    return {
        n: target for n, target in after.items()
        if before.get(n) != target and _said.get(n) != target and not target.startswith(_KEPT_BY_DESIGN)
    }  # fmt: skip


def closed_after_test(function):
    """What a function makes is made once for each test that calls it, and closed after it."""

    @functools.wraps(function)
    def call():
        for maker, made in _made:
            if maker is call:
                return made
        made = function()
        _made.append((call, made))
        return made

    return call


def closed_after(made):
    """What is made is closed after the test."""
    _made.append((None, made))
    return made


@pytest.fixture(autouse=os.path.isdir("/proc/self/fd"))
def no_leaked_fds(request):
    """Fail a test that leaves file descriptors open."""
    before = open_fds()
    yield
    while _made:
        _made.pop()[1].close()
    if not leaked(before, open_fds()):
        return
    session = sys.modules.get("ebee.api.session")
    if session is not None and session._default is not None:
        session._default.close()  # the one that lasts as long as the process
    gc.collect()  # what only cycles hold is not held by anybody
    with open("/proc/self/maps") as f:
        mapped = f.read()  # a file that is mapped is in somebody's cache: the mapping has a descriptor of its own
    found = {n: target for n, target in leaked(before, open_fds()).items() if f" {target}\n" not in mapped}
    if found:
        lines = "\n".join(f"  {n} -> {target}" for n, target in sorted(found.items()))
        _said.update(found)  # once
        pytest.fail(f"{request.node.nodeid} left {len(found)} file descriptors open:\n{lines}", pytrace=False)
