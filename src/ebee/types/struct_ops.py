"""`StructOps`: a struct of functions that the kernel calls, such as `tcp_congestion_ops`."""

from __future__ import annotations

from ..errors import UsageError
from .probes import Probe, check_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class StructOps:
    """A struct of functions that the kernel calls. Its functions are probes, its other names plain members.

        class Slow(ebee.StructOps, name="tcp_congestion_ops"):
            name = "slow"

            def ssthresh(sk):
                return 2

    Each function has the arguments of the member that it is named as, in their order, typed from the kernel's BTF, and
    no self; `@staticmethod` above it changes nothing. Numbers and strings are values of members; what is left out is
    zero. `ebee.attach(Slow)` registers it, leaving the `with` block takes it away. In the kernel only (Linux 6.4).

    Raises: UsageError for a class without the struct's name or without functions, and for values of other types.
    """

    _struct: ClassVar[str]
    _probes: ClassVar[dict[str, Probe]]
    _values: ClassVar[dict[str, int | bytes]]

    def __init_subclass__(cls, *, name: str = "") -> None:
        if not (isinstance(name, str) and name.isidentifier()):
            hint = f"for example class {cls.__name__}(ebee.StructOps, name='tcp_congestion_ops')"
            raise UsageError(f"{cls.__name__} needs the name of a struct of the kernel, not {name!r}", hint=hint)
        cls._struct, cls._probes, cls._values = name, {}, {}
        for member, given in list(vars(cls).items()):
            if not (member.startswith("__") or member in ("_struct", "_probes", "_values")):
                cls._add(member, given)
        if not cls._probes:
            raise UsageError(f"{cls.__name__} has no functions", hint="define those that the kernel is to call")

    @classmethod
    def _add(cls, member: str, given: Any) -> None:
        if isinstance(given, bool | int | bytes):
            cls._values[member] = given
        elif isinstance(given, str):
            cls._values[member] = given.encode()
        else:
            function = given.__func__ if isinstance(given, staticmethod) else given
            probe = Probe(check_function(f"{cls.__name__}.{member}", function), f"struct_ops/{cls._struct}.{member}")
            probe.name = f"{cls.__name__}_{member}"
            cls._probes[member] = probe
            setattr(cls, member, probe)
