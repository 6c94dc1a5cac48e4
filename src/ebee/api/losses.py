"""What was lost, in words. Nothing that a program drops goes uncounted or unreported."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import LossSite


class Loss(Record):
    """How often something was lost at one place of a probe. `kind` as in `LossSite`."""

    kind: str
    what: str
    count: int
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        one, many, rest = WORDS[self.kind]
        text = f"{one if self.count == 1 else many.format(n=self.count)} {rest.format(what=self.what)}"
        return f"{text} ({self.file}:{self.line})" if self.line else text


# kind: what is said of one, of several (n), and what follows.
WORDS: dict[str, tuple[str, str, str]] = {
    "ring_full": ("1 record was", "{n} records were", "lost: ring buffer {what!r} was full; give it a larger size="),
    "print_full": ("1 print", "{n} prints", "lost: more came than were shown; print less, or only what matters"),
    "map_full": ("1 update", "{n} updates", "of map {what!r} failed: it was full, or the index out of range"),
    "user_fault": ("1 string is", "{n} strings are", "empty: the memory at {what} was not readable at that moment"),
    "user_read_fault": ("1 read", "{n} reads", "of {what} gave zeros: the memory was not readable at that moment"),
    "kernel_gone": ("1 object", "{n} objects", "could not be kept in {what}: the kernel was letting go of it"),
    "kernel_fault": ("1 read", "{n} reads", "of {what} gave zero: the kernel has no memory there (a null pointer?)"),
    "user_truncated": ("1 string was", "{n} strings were", "cut off: {what} is longer than the field"),
    "div_by_zero": ("1 run", "{n} runs", "of the probe ended early: {what}"),
    "zero_divisor": ("1 result", "{n} results", "of `{what}` are 1 because the divisor was zero"),
    "assertion": ("1 run", "{n} runs", "of the probe ended early: assertion failed: {what}"),
    "loop_cut": ("1 run", "{n} runs", "of the probe ended early: {what}"),
    "bad_shift": ("1 run", "{n} runs", "of the probe ended early: {what}"),
    "text_cut": ("1 text was", "{n} texts were", "cut off: what was put together is longer than the field"),
    "bad_index": ("1 run", "{n} runs", "of the probe ended early: {what}"),
    "scratch_busy": ("1 run", "{n} runs", "of {what!r} did not happen: others that it interrupted had all its memory"),
    "no_entry": ("1 run", "{n} runs", "of the probe ended early: {what} gave no entry, and it was used"),
    "packet_end": ("1 run", "{n} runs", "of the probe ended early: the packet has no byte {what}"),
    "packet_pull": ("1 packet", "{n} packets", "could not be read whole: the kernel could not bring {what} together"),
    "packet_write": ("1 packet", "{n} packets", "may have a wrong checksum: the kernel could not update it for {what}"),
    "packet_room": ("1 packet", "{n} packets", "stayed as long as before: {what} failed"),
    "null_owner": ("1 run", "{n} runs", "of the probe ended early: a null pointer was used with {what!r}"),
    "short_record": ("1 record", "{n} records", "of {what!r} had too few bytes, and were left out"),
    "perf_full": ("1 record was", "{n} records were", "lost: the buffer of a CPU of {what!r} was full, 64 pages"),
    "stack_lost": ("1 stack was", "{n} stacks were", "lost: another had its place in {what!r}; use max_entries="),
    "timer_failed": ("1 timer was", "{n} timers were", "not started: {what} failed"),
    "work_failed": ("1 work queue was", "{n} work queues were", "not started: {what} failed"),
    "iterator_failed": ("1 loop", "{n} loops", "had no turns: the kernel refused {what}"),
    "scope_full": ("1 process was", "{n} processes were", "not followed: too many at once"),
    "missed": ("1 run", "{n} runs", "of probe {what!r} did not happen: it was running already on that CPU"),
}


def losses_of(sites: list[LossSite], counters: bytes) -> list[Loss]:
    """Return the losses that happened; `counters` is the value of the object's loss map."""
    found = []
    for site in sites:
        count = int.from_bytes(counters[8 * site.slot : 8 * site.slot + 8], "little")
        if count:
            span = site.span
            found.append(Loss(site.kind, site.what, count, span.file if span else "", span.line if span else 0))
    return found
