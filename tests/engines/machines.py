"""The machines that programs of the engine's tests run on, as parameters."""

from __future__ import annotations

import platform

import pytest

from ebee.engine.interpreter import Machine
from ebee.engine.jit.machine import NativeMachine

has_native = pytest.mark.skipif(
    platform.machine() != "x86_64", reason=f"there is no native code for {platform.machine()} yet"
)
MACHINES = [pytest.param(Machine, id="interpreter"), pytest.param(NativeMachine, id="native", marks=has_native)]
each_machine = pytest.mark.parametrize("new_machine", MACHINES)
