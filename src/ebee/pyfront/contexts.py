"""What a probe's argument is: one class for each kind of hook."""

from __future__ import annotations

from ..lower.numbers import Refusal
from ..lower.tracepoint import read_field
from .values import similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target, TracepointFormat
    from .values import Val


class ContextType:
    """What the front end needs to know of a hook: its argument's fields, and what running off the end returns."""

    noun = "probe"
    argument = "ctx"
    default_result = 0

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return the value of `argument.name`. Raises: Refusal for a name that the argument does not have."""
        raise Refusal(f"the argument of a {self.noun} has no attribute {name!r}")


class TracepointContext(ContextType):
    """The record of a tracepoint, typed from the kernel's format."""

    noun = "tracepoint probe"

    def __init__(self, format: TracepointFormat) -> None:
        self.format = format

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return a field of the record."""
        field = self.format.fields.get(name)
        if field is None:
            hint = similar(name, self.format.fields) or f"it has {', '.join(self.format.fields)}"
            raise Refusal(f"{self.format.event} has no field {name!r}", hint)
        return read_field(low, pointer, self.format, field)


def context_type(section: str, target: Target) -> ContextType:
    """Return the context of a hook, given by its section name. Raises: Refusal for a hook that does not exist."""
    _kind, _, rest = section.partition("/")
    event = rest.replace("/", ":", 1)
    format = target.tracepoint(event)
    if format is None:
        raise Refusal(f"there is no tracepoint {event!r}", similar(event, target.tracepoint_names()))
    return TracepointContext(format)
