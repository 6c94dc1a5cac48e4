"""Tables for people, and JSON for programs: what the commands that look at the kernel print."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from .terminal import BOLD, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
PINNED = click.option("--pinned", is_flag=True, help="Look for paths where they are pinned, in every bpffs.")
PIDS = click.option("--pids", is_flag=True, help="Look for processes that hold them open.")


def print_json(value: object) -> None:
    """Print a value as JSON; bytes as hexadecimal text."""
    import json

    print(json.dumps(value, indent=1, default=lambda data: data.hex() if isinstance(data, bytes) else str(data)))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their heads; columns of numbers stand to the right, columns without anything are left out."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    kept = [n for n in range(len(heads)) if any(row[n] for row in texts)]
    right = {n for n in kept if all(row[n].replace(".", "").isdigit() or not row[n] for row in texts)}
    widths = {n: max(len(heads[n]), *(len(row[n]) for row in texts)) for n in kept} if texts else {}

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cells[n].rjust(widths[n]) if n in right else cells[n].ljust(widths[n]) for n in kept).rstrip()

    if texts:
        print(f"\x1b[{BOLD}m{line(heads)}\x1b[0m" if wants_colour(sys.stdout) else line(heads))
    for row in texts:
        print(line(row))


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """Print what one thing is, a field a line; those without a value are left out."""
    shown = [(name, str(value)) for name, value in fields if value not in (None, "", [])]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        print(f"{name.ljust(width)}  {value}")


def listed(numbers: Sequence[object]) -> str:
    """Return numbers or words as they stand in a cell."""
    return ",".join(map(str, numbers))


def holder_rows(found: dict[tuple[str, int], list[int]], kind: str, id: int) -> list[dict[str, Any]]:
    """Return the processes that hold an object, as bpftool has them."""
    from ..sys.objects import command_name

    return [{"pid": pid, "comm": command_name(pid)} for pid in found.get((kind, id), ())]


def holder_words(rows: Sequence[dict[str, Any]]) -> str:
    return listed([f"{row['comm']}({row['pid']})" for row in rows])


def time_words(seconds: float) -> str:
    """Return a time of day in the local time zone."""
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def completes(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what completes the ids and names of a kind of object in a shell; nothing where they may not be listed."""

    def complete(_context: click.Context, _parameter: click.Parameter, begin: str) -> list[str]:
        from ..errors import EbeeError
        from . import objects

        try:
            return [word for word in objects.words(kind) if word.startswith(begin)]
        except EbeeError:
            return []

    return complete
