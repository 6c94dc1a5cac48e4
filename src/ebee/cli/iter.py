"""`ebee iter`: iterators that are in the kernel, and what they write."""

from __future__ import annotations

import sys

import click

from .columns import AS_JSON, SETTINGS, completes, print_json, print_table
from .link import row_of


@click.group("iter", context_settings=SETTINGS)
def iter_() -> None:
    """Iterators in the kernel: programs that go through its objects, and write what they find when they are read."""


@iter_.command("list")
@AS_JSON
def list_(as_json: bool) -> int:
    """List the links that are iterators."""
    from ..kernel.live_links import Link
    from .link import program_name

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


@iter_.command()
@click.argument("file", metavar="OBJ")
@click.argument("path", type=click.Path())
@click.option("--program", metavar="NAME", help="Which of its programs, if several are iterators.")
@click.option("--map", "map_", metavar="MAP", shell_complete=completes("map"), help="The map whose elements it visits.")
@AS_JSON
def pin(file: str, path: str, program: str | None, map_: str | None, as_json: bool) -> int:
    """Load an object file (or C source) and give its iterator a name in a bpffs: whoever reads PATH runs it."""
    from ..api.objects import read as read_object
    from ..errors import UsageError
    from ..kernel.iterators import attach_iterator
    from ..kernel.live_links import Link
    from ..kernel.programs import KernelProgram
    from ..spec.backend import AttachOptions
    from .objects import Map, find_one

    obj = read_object(file)
    iterators = [name for name, one in obj.programs.items() if one.section.startswith(("iter/", "iter.s/"))]
    if not iterators or program is not None and program not in iterators:
        hint = f"its iterators: {', '.join(iterators)}" if iterators else ""
        what = f"program {program} of {file} is no iterator" if program and iterators else f"{file} has no iterator"
        raise UsageError(what, hint=hint)
    if program is None and len(iterators) > 1:
        raise UsageError(f"{file} has several iterators", hint=f"--program={' or '.join(iterators)}")
    name = program or iterators[0]
    with obj.load(backend="kernel"):
        live = obj.programs[name].live
        assert isinstance(live, KernelProgram)
        if map_ is None:
            made = attach_iterator(live, AttachOptions())
        else:
            with find_one(Map, map_) as over:
                made = attach_iterator(live, AttachOptions(), over.fd.number)
        with Link(made.fd) as link:
            link.pin(path)
            row = row_of(link)
    if as_json:
        print_json(row | {"pinned": path})
    else:
        print(f"{path}: link {row['id']}, program {row['prog_id']} {name}, goes through {row['target']}")
    return 0
