"""Where the engine's events come from: live system calls of a command, or a recording of them.

A hook hands each event to an `EventSink`, which is the engine's backend or something that records.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from ...spec.target import Target
    from ..task import TaskContext
else:
    Protocol = object


class EventSink(Protocol):
    """Takes events. `fire` may be called from a thread that is not the caller's, but from one at a time."""

    @property
    def target(self) -> Target:
        """The system whose tracepoint formats the records follow."""

    def attached_events(self) -> Iterable[str]:
        """Return the events (`category:name`) that are wanted."""

    def fire(self, event: str, record: bytes, task: TaskContext) -> object:
        """Take one event. `task` and its memory are valid during the call only."""

    def has_stack(self, pid: int) -> None:
        """Learn that the stack of a process, which is stopped, was asked for."""

    def notify(self) -> None:
        """Learn, from any thread, that the command's `poll` has something new to say."""
