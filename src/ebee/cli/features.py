"""`ebee features`: what this kernel and this user can do, in words."""

from __future__ import annotations

import sys

from ..api.backends import HOW_TO
from ..engine.hooks import syscalls
from ..kernel import features as kernel_features
from ..kernel.backend import KernelBackend
from .terminal import BOLD, RED, YELLOW, paint

GREEN = "32"
COLOURS = {kernel_features.YES: GREEN, kernel_features.NO: RED, kernel_features.UNKNOWN: YELLOW}


def features(as_json: bool) -> int:
    """Print every feature as it is found out, then what follows for the user; return the exit code."""
    found = []
    group = ""
    for feature in kernel_features.probe():
        found.append(feature)
        if as_json:
            continue
        if feature.group != group:
            group = feature.group
            print(("\n" if len(found) > 1 else "") + paint(group, BOLD, sys.stdout))
        since = f" (Linux {feature.min_kernel})" if feature.min_kernel else ""
        state = paint(f"{feature.state:7}", COLOURS[feature.state], sys.stdout)
        why = f": {feature.why}" if feature.why else ""
        print(f"  {state} {feature.words}{'' if feature.state == kernel_features.YES else since}{why}")
    kernel, engine = KernelBackend.unavailable(), syscalls.unavailable()
    if as_json:
        import json

        names = ("group", "name", "words", "min_kernel", "state", "why")
        rows = [{name: getattr(f, name) for name in names} for f in found]
        print(json.dumps({"features": rows, "kernel_missing": kernel, "engine_missing": engine}, indent=1))
        return 0
    print(paint("\nfor you", BOLD, sys.stdout))
    if kernel:
        print(f"  in the kernel: no, it needs {' and '.join(kernel)}; {HOW_TO}")
    else:
        print("  in the kernel: yes")
    print(f"  a command, in the engine: {'no: ' + '; '.join(engine) if engine else 'yes, without privilege'}")
    print("  a recording, in the engine: yes")
    return 0
