"""`ebee cgroup`: the programs that are attached to control groups, with links and without."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from .columns import AS_JSON, SETTINGS, completes, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

EFFECTIVE = click.option("--effective", is_flag=True, help="What runs there: those of the groups above, too.")
CGROUP = click.argument("cgroup", metavar="CGROUP", type=click.Path())


@click.group("cgroup", context_settings=SETTINGS)
def cgroup() -> None:
    """Programs that are attached to control groups, with links and without.

    CGROUP is a directory of the cgroup2 file system, by its path or by its path in there.
    """


def attach_types() -> dict[str, int]:
    """Return the attach types of control groups by name."""
    from ..kernel.objects import attach_type_names

    return {n: number for number, n in attach_type_names().items() if n.startswith("cgroup_") or n == "lsm_cgroup"}


_ALLOW = {1: "override", 2: "multi"}


def _attached(path: str, effective: bool) -> Iterator[dict[str, Any]]:
    from ..abi import bpf as abi
    from ..errors import SyscallError, UsageError
    from ..kernel.live_programs import Program
    from ..sys.cgroups import open_cgroup
    from ..sys.objects import prog_query

    with open_cgroup(path) as group:
        for name, number in attach_types().items():
            try:
                found = prog_query(group.number, number, abi.BPF_F_QUERY_EFFECTIVE if effective else 0)
            except SyscallError as e:
                if e.errno in (22, 524, 95):  # a kernel that does not know this attach type
                    continue
                raise
            for order, attached in enumerate(found.programs):
                row: dict[str, Any] = {
                    "id": attached.prog_id, "attach_type": name, "order": order,
                    "attach_flags": _ALLOW.get(attached.attach_flags or found.attach_flags, ""),
                }  # fmt: skip
                try:
                    with Program.from_id(attached.prog_id) as program:
                        row["name"] = program.name
                except UsageError:
                    row["name"] = ""
                yield row


def _print(rows: list[tuple[str, dict[str, Any]]]) -> None:
    heads = ("CGROUP", "ID", "ATTACH TYPE", "FLAGS", "NAME")
    print_table(heads, [(p, r["id"], r["attach_type"], r["attach_flags"], r["name"]) for p, r in rows])


@cgroup.command()
@CGROUP
@EFFECTIVE
@AS_JSON
def show(cgroup: str, effective: bool, as_json: bool) -> int:
    """Show what is attached to a control group, in the order in which it runs."""
    rows = list(_attached(cgroup, effective))
    if as_json:
        print_json(rows)
    else:
        _print([("", row) for row in rows])
    return 0


@cgroup.command("list")
@click.argument("root", required=False, default="/", type=click.Path())
@EFFECTIVE
@AS_JSON
def list_(root: str, effective: bool, as_json: bool) -> int:
    """Show what is attached to ROOT and all control groups below it; to all if none is named."""
    from ..sys.cgroups import cgroup_root

    top = cgroup_root()
    start = root if root == top or root.startswith(top + "/") else os.path.join(top, root.lstrip("/")).rstrip("/")
    found = []
    for path, directories, _ in os.walk(start):
        directories.sort()
        programs = list(_attached(path, effective))
        if programs:
            found.append({"cgroup": path, "programs": programs})
    if as_json:
        print_json(found)
    else:
        _print([(group["cgroup"], row) for group in found for row in group["programs"]])  # type: ignore[misc]
    return 0


@cgroup.command()
@CGROUP
@click.argument("attach_type", shell_complete=lambda _c, _p, begin: [n for n in attach_types() if n.startswith(begin)])
@click.argument("prog", metavar="PROG", shell_complete=completes("prog"))
@click.option("--allow", type=click.Choice(["none", "override", "multi"]), default="multi", show_default=True,
              help="Whether others, or groups below, may attach theirs beside it or in its place.")
def attach(cgroup: str, attach_type: str, prog: str, allow: str) -> int:
    """Attach a program for good, without a link: it stays until `detach`, or until the group is removed."""
    from ..kernel.network import attach_for_good
    from .objects import Program, find_one

    with find_one(Program, prog) as program:
        attach_for_good(cgroup, _attach_type(attach_type), program.fd.number, allow)
    return 0


@cgroup.command()
@CGROUP
@click.argument("attach_type", shell_complete=lambda _c, _p, begin: [n for n in attach_types() if n.startswith(begin)])
@click.argument("prog", metavar="PROG", shell_complete=completes("prog"))
def detach(cgroup: str, attach_type: str, prog: str) -> int:
    """Take off a program that was attached without a link; `ebee link detach` does it for links."""
    from ..kernel.network import detach_for_good
    from .objects import Program, find_one

    with find_one(Program, prog) as program:
        detach_for_good(cgroup, _attach_type(attach_type), program.fd.number)
    return 0


def _attach_type(name: str) -> int:
    from ..errors import UsageError

    known = attach_types()
    if name not in known:
        raise UsageError(f"there is no attach type {name!r} of control groups", hint=f"there are {', '.join(known)}")
    return known[name]
