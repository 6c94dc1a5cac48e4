"""`ebee link`: the links that are in the kernel, whoever made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .columns import (
    AS_JSON,
    PIDS,
    PINNED,
    SETTINGS,
    completes,
    holder_words,
    listed,
    print_fields,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from ..kernel.live_links import Link

LINK = click.argument("link", metavar="LINK", shell_complete=completes("link"))


@click.group("link", context_settings=SETTINGS)
def link() -> None:
    """Links in the kernel, whoever made them: programs that are attached, and to what.

    LINK is an id, or a path where it is pinned. Needs CAP_SYS_ADMIN, as the kernel has it.
    """


def row_of(one: Link) -> dict[str, Any]:
    """Return what a link is, under bpftool's names, and in words what it is attached to (`target`)."""
    from ..kernel.live_links import target_of

    fields = one.fields()
    row = {"id": one.id, "type": one.type, "prog_id": one.prog_id, **fields, "target": target_of(one.type, fields)}
    return {name: value for name, value in row.items() if value or name not in ("cookie", "prog_id")}


def _rows(word: str | None, pids: bool, pinned: bool) -> list[dict[str, Any]]:
    from .objects import Link, rows

    return rows(Link, word, row_of, pids, pinned)


def program_name(id: int) -> str:
    """Return the name of a program, empty if it is gone."""
    from ..errors import UsageError
    from .objects import Program

    try:
        with Program.from_id(id) as program:
            return program.name
    except UsageError:
        return ""


@link.command("list")
@PIDS
@PINNED
@AS_JSON
def list_(pids: bool, pinned: bool, as_json: bool) -> int:
    """List all links: which program is attached to what."""
    rows = _rows(None, pids, pinned)
    if as_json:
        print_json(rows)
        return 0
    heads = ("ID", "TYPE", "PROGRAM", "NAME", "ATTACHED TO", "COOKIE", "PINNED", "HELD BY")
    print_table(heads, [
        (r["id"], r["type"], r.get("prog_id"), program_name(r.get("prog_id", 0)), r["target"], r.get("cookie"),
         listed(r.get("pinned", [])), holder_words(r.get("pids", [])))
        for r in rows
    ])  # fmt: skip
    return 0


@link.command()
@LINK
@AS_JSON
def show(link: str, as_json: bool) -> int:
    """Say all that the kernel tells of a link."""
    (row,) = _rows(link, True, True)
    if as_json:
        print_json(row)
        return 0
    special = ("id", "type", "prog_id", "target", "pinned", "pids", "funcs")
    prog_id = row.get("prog_id", 0)
    program = f"{prog_id} {program_name(prog_id)}" if prog_id else ""
    print_fields([
        ("link", row["id"]), ("type", row["type"]), ("program", program), ("attached to", row["target"]),
        *((name, value) for name, value in row.items() if name not in special and value is not False),
        ("pinned", listed(row["pinned"])), ("held by", holder_words(row["pids"])),
    ])  # fmt: skip
    for place in row.get("funcs", ()):
        given = [(name, value) for name, value in place.items() if value]
        print("  " + " ".join(f"{name} {value:#x}" if isinstance(value, int) else value for name, value in given))
    return 0


@link.command()
@LINK
@click.argument("path", type=click.Path())
def pin(link: str, path: str) -> int:
    """Give a link a name in a bpffs: the program stays attached as long as PATH is there."""
    from .objects import Link
    from .objects import pin as work

    return work(Link, link, path)


@link.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> int:
    """Take away the name PATH of a pinned link."""
    from .objects import Link, unpin_of_kind

    return unpin_of_kind(Link, path)


@link.command()
@LINK
def detach(link: str) -> int:
    """Take the program of a link off, whoever holds the link: network and control group links only."""
    from .objects import Link, find_one

    with find_one(Link, link) as one:
        one.detach()
    return 0


@link.command()
@LINK
@click.argument("prog", metavar="PROG", shell_complete=completes("prog"))
@click.option("--old", metavar="PROG", help="Only if this program is in place now.", shell_complete=completes("prog"))
def update(link: str, prog: str, old: str | None) -> int:
    """Put another program in place, at once: no packet is missed."""
    from .objects import Link, Program, find_one

    with find_one(Link, link) as one, find_one(Program, prog) as program:
        if old is None:
            one.update(program)
            return 0
        with find_one(Program, old) as expected:
            one.update(program, expected)
    return 0
