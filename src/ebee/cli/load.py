"""`ebee load`: an object file into the kernel, to see whether it loads, or to run it."""

from __future__ import annotations

import sys

from ..api import options
from ..api.objects import read
from ..errors import UsageError
from ..types.maps import RingBuf
from .compile import summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..api.objects import Object


def load_file(
    file: str, *, attach: bool, engine: bool, everyone: bool, command: str, values: Sequence[str],
    where: dict[str, Any], report: bool = False, btf: str | None = None,
    no_verify: bool = False,
) -> int:
    """Load an object, say what is in it, with `attach` run it until it is interrupted, and return the exit code.

    Raises: EbeeError.
    """
    obj = read(file)
    for setting in values:
        set_variable(obj, setting)
    if attach and not (everyone or where or engine or command):
        hint = "name a command, an interface, a control group or a process, or say --all for all of this machine"
        raise UsageError("whom should the programs see?", hint=hint)
    if not attach and (where or command):
        raise UsageError("it is not to be attached", hint="say --attach as well")
    with obj.load(backend="engine" if engine else None, btf=btf, verify=not no_verify):
        print("\n".join([f"{obj.spec.name}: loaded", *summary(obj.spec)]))
        if report:
            print(obj.core_report or "CO-RE: no relocations")
        if attach:
            run(obj, command, where, everyone=everyone)
    return 0


def set_variable(obj: Object, setting: str) -> None:
    """Set a variable as `NAME=VALUE` says. Raises: UsageError."""
    name, equals, text = setting.partition("=")
    if not equals:
        raise UsageError(f"--set {setting} says no value", hint="write --set NAME=VALUE")
    before = obj.globals[name]
    value: Any = text
    if not isinstance(before, str):
        try:
            value = {"true": True, "false": False}.get(text) if isinstance(before, bool) else int(text, 0)
        except ValueError:
            value = None
        if value is None:
            wanted = "true or false" if isinstance(before, bool) else "a number"
            raise UsageError(f"{name} takes {wanted}, not {text!r}")
    try:
        obj.globals[name] = value
    except (TypeError, ValueError) as e:
        raise UsageError(str(e)) from None


def run(obj: Object, command: str, where: dict[str, Any], *, everyone: bool) -> None:
    """Attach, and show records as they come, until the command has ended or the user interrupts."""
    attachment = obj.attach(command=command or None, everyone=everyone, **where)
    count = len(attachment.links)
    print(f"{obj.spec.name}: attached {count} program{'s' * (count != 1)}; Ctrl-C ends it", flush=True)
    rings = [m for m in obj.maps.values() if isinstance(m, RingBuf)]
    try:
        for ring, record in obj.session.events(*rings):
            print(f"{ring.name}: {record}", flush=True)
    except KeyboardInterrupt:
        options.notice("interrupted")
    finally:
        sys.stdout.flush()
        attachment.detach()
