"""`ebee btf`: types of the kernel, its modules, programs and files; how they differ; what CO-RE makes of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .columns import AS_JSON, SETTINGS, print_json, print_table

if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from ..spec.core_relo import Relocator

SOURCE = "vmlinux, a loaded module, an id, or a file of BTF or ELF"
BASE = click.option("--base", metavar="FILE", help="What a split BTF continues, if that is not the running kernel's.")
IN = click.option("--in", "source", default="vmlinux", metavar="SOURCE", show_default=True, help=f"Where: {SOURCE}.")
TARGET = click.option(
    "--target", default="vmlinux", metavar="SOURCE", show_default=True, help=f"The types of a kernel: {SOURCE}."
)


@click.group("btf", context_settings=SETTINGS)
def btf() -> None:
    """Types: of the kernel, its modules, of programs and of files; how they differ, and what CO-RE makes of them.

    SOURCE is vmlinux, the name of a loaded module, the id of types that are loaded, or a file of BTF or ELF.
    """


def open_source(source: str, base: str | None = None) -> Btf:
    """Return the types of a source. Raises: EbeeError."""
    from ..kernel.btf_sources import open_btf

    return open_btf(source, open_btf(base) if base else None)


def find_type(types: Btf, name: str) -> BtfType:
    """Return the type of a name (`task_struct`, `struct file`, `pid_t`) or id. Raises: UsageError with close names."""
    from ..btf.kinds import BTF_KIND_STRUCT, BTF_KIND_TYPEDEF, BTF_KIND_UNION, KIND_NAMES

    if name.isdecimal():
        return types.by_id(int(name))
    word, _, rest = name.partition(" ")
    kinds = [kind for kind, known in enumerate(KIND_NAMES) if rest and known.rstrip("64") == word]
    wanted = rest or name
    # Structs and unions come before others of the same name; typedefs are shown where there is nothing else.
    for kind in kinds or (BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_TYPEDEF, None):
        found = types.by_name(wanted, kind)
        if found is not None:
            return found
    from difflib import get_close_matches

    close = get_close_matches(wanted, sorted(types.names_beginning(wanted[:3])), 3) if len(wanted) >= 3 else []
    raise UsageError(f"there is no type {name!r}", hint=f"did you mean {' or '.join(close)}?" if close else "")


@btf.command("list")
@AS_JSON
def _list(as_json: bool) -> None:
    """List the types that the kernel has loaded: its own, its modules', those of programs."""
    from ..kernel.btf_sources import loaded_btfs

    found = list(loaded_btfs())
    if as_json:
        print_json([{"id": b.id, "name": b.name, "size": b.size_bytes, "kernel": b.is_kernel} for b in found])
        return
    rows = [(b.id, b.name or "-", b.size_bytes, "kernel" if b.is_kernel else "program") for b in found]
    print_table(("id", "name", "bytes", "of"), rows)


@btf.command()
@click.argument("source", metavar="SOURCE")
@click.argument("names", nargs=-1, metavar="[TYPE]...")
@click.option("--c", "as_c", is_flag=True, help="Print a C header, which compilers accept.")
@AS_JSON
@BASE
def dump(source: str, names: tuple[str, ...], as_c: bool, as_json: bool, base: str | None) -> None:
    """Print all types of SOURCE, or those named: as bpftool lists them, or as C with all that they need."""
    from ..btf.c_dump import dump_c
    from ..btf.text_dump import type_data, type_text

    if as_c and as_json:
        raise click.UsageError("--c and --json exclude each other")
    types = open_source(source, base)
    chosen = [find_type(types, name) for name in names] if names else types.types()
    if as_c:
        sys.stdout.write(dump_c(types, [t.id for t in chosen] if names else None))
    elif as_json:
        print_json({"types": [type_data(t) for t in chosen]})
    else:
        for type in chosen:
            print(type_text(type))


@btf.command()
@click.argument("name", metavar="TYPE")
@IN
@AS_JSON
@BASE
def show(name: str, source: str, as_json: bool, base: str | None) -> None:
    """Show a type as C, with offsets and sizes of members in bytes, and the holes between them.

    TYPE is a name (task_struct, "union sigval", pid_t) or an id.
    """
    from ..btf.layout_text import layout_data, layout_text

    type = find_type(open_source(source, base), name)
    if as_json:
        print_json(layout_data(type))
    else:
        print(layout_text(type))


@btf.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.argument("name", metavar="TYPE")
@AS_JSON
def diff(old: str, new: str, name: str, as_json: bool) -> int:
    """Say in what a type differs between two sources; the exit code is 1 if it does."""
    from ..btf.layout_text import differences

    found = differences(find_type(open_source(old), name), find_type(open_source(new), name))
    if as_json:
        print_json(found)
    for row in () if as_json else found:
        print(f"{row['change']:8} {row['name']}: {_side(row['old'])} -> {_side(row['new'])}")
    return int(bool(found))


def _side(value: Any) -> str:
    if not isinstance(value, dict):
        return "-" if value is None else str(value)
    size = f"{value['size']} bytes" if value["size"] is not None else f"{value['bit_size']} bits"
    return f"{value['type']} at {value['off']}, {size}"


def relocate(objects: tuple[str, ...], target: str) -> tuple[Btf, list[Relocator]]:
    """Carry out the CO-RE relocations of objects, without loading them. Raises: EbeeError."""
    from ..api.objects import read
    from ..btf.read import Btf
    from ..spec.core_relo import CoreTarget, Relocator

    types = open_source(target)
    done = []
    for path in objects:
        spec = read(path).spec
        relocator = Relocator(Btf(spec.btf), CoreTarget(target, types))
        for program in spec.programs.values():
            for relo in program.core_relos:
                relocator.relocate(program, relo, program.insns[relo.insn_idx])
        done.append(relocator)
    return types, done


@btf.command()
@click.argument("object", metavar="OBJECT")
@TARGET
@AS_JSON
def core(object: str, target: str, as_json: bool) -> None:
    """Say what the CO-RE relocations of an object become in a kernel: what is found where, what is missing and why."""
    _, (relocator,) = relocate((object,), target)
    report = relocator.report
    if as_json:
        print_json({"target": report.target, "relocations": [r.to_dict() for r in report.results]})
    else:
        print(report)


@btf.command("min")
@click.argument("objects", nargs=-1, required=True, metavar="OBJECT...")
@TARGET
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the types.")
def _min(objects: tuple[str, ...], target: str, output: str) -> None:
    """Write the least BTF of a kernel with which objects load as with all of it, for kernels that have none."""
    from ..spec.core_min import minimise

    types, relocators = relocate(objects, target)
    _write(output, minimise(types, relocators), len(types.data))


@btf.command()
@click.argument("source", metavar="SOURCE")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the types.")
@BASE
def dedup(source: str, output: str, base: str | None) -> None:
    """Write the types of SOURCE with each there once. What continues other types still does."""
    from ..btf.dedup import dedup as work

    types = open_source(source, base)
    _write(output, work(types)[0], len(types.data))


def _write(path: str, data: bytes, before: int) -> None:
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as e:
        raise UsageError(f"{path} cannot be written: {e.strerror}") from None
    print(f"{path}: {len(data)} bytes, of {before}")
