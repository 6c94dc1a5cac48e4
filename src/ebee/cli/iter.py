"""`ebee iter`: iterators that are in the kernel, and what they write."""

from __future__ import annotations

import sys

import click

from .columns import AS_JSON, SETTINGS, completes, print_json, print_table


@click.group("iter", context_settings=SETTINGS)
def iter_() -> None:
    """Iterators in the kernel: programs that go through its objects, and write what they find when they are read."""


@iter_.command("list")
@AS_JSON
def list_(as_json: bool) -> int:
    """List the links that are iterators."""
    from ..kernel.live_links import Link
    from .link import program_name, row_of

    rows = []
    for one in Link.all():
        with one:
            if one.type == "iter":
                rows.append(row_of(one))
    if as_json:
        print_json(rows)
        return 0
    heads = ("ID", "PROGRAM", "NAME", "GOES THROUGH")
    print_table(heads, [(r["id"], r["prog_id"], program_name(r["prog_id"]), r["target"]) for r in rows])
    return 0


@iter_.command()
@click.argument("link", metavar="LINK", shell_complete=completes("link"))
def read(link: str) -> int:
    """Run an iterator and write what it writes. LINK is its link's id, or a path where it is pinned."""
    from ..errors import UsageError
    from ..kernel.programs import IterLink
    from .objects import Link, find_one

    with find_one(Link, link) as one:
        if one.type != "iter":
            raise UsageError(f"link {one.id} is no iterator: it is a {one.type} link")
        sys.stdout.flush()
        for chunk in IterLink(one.fd).read():
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0
