"""A detector of leaked file descriptors: what a test opens is closed when it and its fixtures have ended.

What is to stay open for the tests after it, because it is made once and kept, is opened by functions with `@kept_open`.
"""

from __future__ import annotations

import functools
import gc
import os

import pytest

_kept: dict[int, str] = {}


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
    """Return what of `after` was not there before, and nobody is known to keep."""
    return {n: target for n, target in after.items() if before.get(n) != target and _kept.get(n) != target}


def kept_open(function):
    """What a function opens stays open longer than the test that calls it first."""

    @functools.wraps(function)
    def call(*args, **named):
        before = open_fds()
        result = function(*args, **named)
        _kept.update(leaked(before, open_fds()))
        return result

    return call


@pytest.fixture(autouse=os.path.isdir("/proc/self/fd"))
def no_leaked_fds(request):
    """Fail a test that leaves file descriptors open."""
    before = open_fds()
    yield
    if not leaked(before, open_fds()):
        return
    gc.collect()  # what only cycles hold is not held by anybody
    found = leaked(before, open_fds())
    if found:
        lines = "\n".join(f"  {n} -> {target}" for n, target in sorted(found.items()))
        _kept.update(found)  # said once
        pytest.fail(f"{request.node.nodeid} left {len(found)} file descriptors open:\n{lines}", pytrace=False)
