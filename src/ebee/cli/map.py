"""`ebee map`: the maps that are in the kernel, whoever made them."""

from __future__ import annotations

import json
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
    from ..kernel.objects import Map

MAP = click.argument("map", metavar="MAP", shell_complete=completes("map"))


@click.group("map", context_settings=SETTINGS)
def map_() -> None:
    """Maps in the kernel, whoever made them: what they are, and what they hold.

    MAP is an id, a path where it is pinned, or a name. KEY and VALUE are a number (10, 0x1f), text, JSON ([1, 2],
    {"pid": 5}) as the map's types have it, or bytes: hex:0a00000a. Needs CAP_SYS_ADMIN, as the kernel has it.
    """


def row_of(found: Map) -> dict[str, Any]:
    """Return what a map is, under bpftool's names."""
    fdinfo, btf_id = found.fdinfo(), found.cached()["btf_id"]
    row: dict[str, Any] = {
        "id": found.id, "type": found.type, "name": found.name, "flags": found.flags, "bytes_key": found.key_size,
        "bytes_value": found.value_size, "max_entries": found.max_entries,
        "bytes_memlock": int(fdinfo.get("memlock", "0")), "frozen": int(fdinfo.get("frozen", "0")),
    }  # fmt: skip
    if not row["name"]:
        del row["name"]
    return row | ({"btf_id": btf_id} if btf_id else {})


def _rows(word: str | None, pids: bool, pinned: bool) -> list[dict[str, Any]]:
    from .objects import Map, rows

    return rows(Map, word, row_of, pids, pinned)


def flag_words(flags: int) -> str:
    """Return the names of a map's flags: `no_prealloc,mmapable`."""
    from ..abi import bpf as abi

    names = ("NO_PREALLOC NO_COMMON_LRU NUMA_NODE RDONLY WRONLY STACK_BUILD_ID ZERO_SEED RDONLY_PROG WRONLY_PROG CLONE "
             "MMAPABLE PRESERVE_ELEMS INNER_MAP LINK PATH_FD VTYPE_BTF_OBJ_FD TOKEN_FD SEGV_ON_FAULT NO_USER_CONV")
    return listed([name.lower() for name in names.split() if flags & int(getattr(abi, f"BPF_F_{name}"))])


@map_.command("list")
@PIDS
@PINNED
@AS_JSON
def list_(pids: bool, pinned: bool, as_json: bool) -> int:
    """List all maps."""
    rows = _rows(None, pids, pinned)
    if as_json:
        print_json(rows)
        return 0
    heads = ("ID", "TYPE", "NAME", "KEY", "VALUE", "ENTRIES", "MEMORY", "FLAGS", "FROZEN", "PINNED", "HELD BY")
    print_table(heads, [
        (r["id"], r["type"], r.get("name"), r["bytes_key"], r["bytes_value"], r["max_entries"], r["bytes_memlock"],
         flag_words(r["flags"]), "yes" if r["frozen"] else "", listed(r.get("pinned", [])),
         holder_words(r.get("pids", [])))
        for r in rows
    ])  # fmt: skip
    return 0


@map_.command()
@MAP
@AS_JSON
def show(map: str, as_json: bool) -> int:
    """Say all that the kernel tells of a map."""
    rows = _rows(map, True, True)
    if as_json:
        print_json(rows[0] if len(rows) == 1 else rows)
        return 0
    for at, r in enumerate(rows):
        if at:
            print()
        print_fields([
            ("map", f"{r['id']} {r.get('name', '')}"), ("type", r["type"]), ("key", f"{r['bytes_key']} bytes"),
            ("value", f"{r['bytes_value']} bytes"), ("entries", f"at most {r['max_entries']}"),
            ("flags", flag_words(r["flags"])), ("memory", f"{r['bytes_memlock']} bytes"),
            ("frozen", "yes: user space can no longer write" if r["frozen"] else ""), ("types", r.get("btf_id")),
            ("pinned", listed(r["pinned"])), ("held by", holder_words(r["pids"])),
        ])  # fmt: skip
    return 0


def parse(text: str) -> Any:
    """Return what a word on the command line stands for: bytes, a number, JSON, or text."""
    if text.startswith("hex:"):
        from .objects import read_bytes

        return read_bytes(text[4:])
    for read in (lambda: int(text, 0), lambda: json.loads(text)):
        try:
            return read()
        except ValueError:
            pass
    return text


def _bare(value: Any) -> Any:
    """Return a value for JSON and for people: bytes as hexadecimal text."""
    if isinstance(value, bytes):
        return f"hex:{value.hex()}"
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


def _shown(value: Any) -> str:
    bare = _bare(value)
    return bare if isinstance(bare, str) else json.dumps(bare)


def _entry(found: Map, key: bytes, value: bytes) -> dict[str, Any]:
    """Return an entry under bpftool's names: its bytes, and by their types under `formatted`."""
    formatted = {"key": _bare(found.to_key(key)), "value": _bare(found.to_value(value))}
    return {"key": [f"{b:#04x}" for b in key], "value": [f"{b:#04x}" for b in value], "formatted": formatted}


@map_.command()
@MAP
@AS_JSON
def dump(map: str, as_json: bool) -> int:
    """Show all entries of a map, by their types where it has any."""
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        if as_json:
            print_json([_entry(found, key, value) for key, value in found.items()])
            return 0
        count = 0
        for key, value in found.entries():
            print(f"{_shown(key)}: {_shown(value)}")
            count += 1
        print(f"({count} {'entry' if count == 1 else 'entries'})")
    return 0


@map_.command()
@MAP
@click.argument("key")
@AS_JSON
def lookup(map: str, key: str, as_json: bool) -> int:
    """Show the value of a key; the exit code is 1 if there is none."""
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        raw = found.from_key(parse(key))
        value = found.lookup(raw)
        if value is None:
            click.echo(f"ebee: map {found.id} has no such key", err=True)
            return 1
        if as_json:
            print_json(_entry(found, raw, value))
        else:
            print(_shown(found.to_value(value)))
    return 0


@map_.command()
@MAP
@click.argument("key")
@click.argument("value")
@click.option("--if", "when", type=click.Choice(["any", "exist", "noexist"]), default="any", show_default=True,
              help="Only if the key is there, or is not there.")
def update(map: str, key: str, value: str, when: str) -> int:
    """Set the value of a key; of per-CPU maps for every CPU, or a list with one for each."""
    from ..abi import bpf as abi
    from .objects import Map, find_one

    flags = {"any": abi.BPF_ANY, "exist": abi.BPF_EXIST, "noexist": abi.BPF_NOEXIST}[when]
    with find_one(Map, map) as found:
        found.update(found.from_key(parse(key)), found.from_value(parse(value)), flags)
    return 0


@map_.command()
@MAP
@click.argument("key")
def delete(map: str, key: str) -> int:
    """Remove a key; the exit code is 1 if it is not there."""
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        if not found.delete(found.from_key(parse(key))):
            click.echo(f"ebee: map {found.id} has no such key", err=True)
            return 1
    return 0


@map_.command()
@MAP
@click.argument("value")
@click.option("--replace", is_flag=True, help="If it is full the oldest value gives way.")
def push(map: str, value: str, replace: bool) -> int:
    """Add a value to a queue, a stack or a Bloom filter."""
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        found.push(found.from_value(parse(value)), replace=replace)
    return 0


@map_.command()
@MAP
@AS_JSON
def pop(map: str, as_json: bool) -> int:
    """Take the next value out of a queue or a stack, and show it; the exit code is 1 if there is none."""
    return _next(map, as_json, is_taken=True)


@map_.command()
@MAP
@AS_JSON
def peek(map: str, as_json: bool) -> int:
    """Show the next value of a queue or a stack; the exit code is 1 if there is none."""
    return _next(map, as_json, is_taken=False)


def _next(map: str, as_json: bool, *, is_taken: bool) -> int:
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        value = found.pop() if is_taken else found.peek()
        if value is None:
            click.echo(f"ebee: map {found.id} is empty", err=True)
            return 1
        if as_json:
            formatted = {"value": _bare(found.to_value(value))}
            print_json({"value": [f"{b:#04x}" for b in value], "formatted": formatted})
        else:
            print(_shown(found.to_value(value)))
    return 0


@map_.command()
@MAP
def freeze(map: str) -> int:
    """Have user space no longer write to a map, for good."""
    from .objects import Map, find_one

    with find_one(Map, map) as found:
        found.freeze()
    return 0


@map_.command()
@MAP
@click.argument("path", type=click.Path())
def pin(map: str, path: str) -> int:
    """Give a map a name in a bpffs: it stays as long as PATH is there."""
    from .objects import Map
    from .objects import pin as work

    return work(Map, map, path)


@map_.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> int:
    """Take away the name PATH of a pinned map."""
    from .objects import Map, unpin_of_kind

    return unpin_of_kind(Map, path)
