"""Types one by one, as bpftool lists them: as plain data, and as text."""

from __future__ import annotations

from .kinds import (
    BTF_INT_BOOL,
    BTF_INT_CHAR,
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    BTF_KIND_VAR,
    REFERENCE_KINDS,
    SIZED_KINDS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .read import BtfType

_ENCODINGS = {0: "(none)", BTF_INT_SIGNED: "SIGNED", BTF_INT_CHAR: "CHAR", BTF_INT_BOOL: "BOOL"}
_LINKAGES = {BTF_KIND_FUNC: ("static", "global", "extern"), BTF_KIND_VAR: ("static", "global", "extern")}


def type_data(type: BtfType) -> dict[str, Any]:
    """Return a type as plain data, with bpftool's names. Raises: BtfError."""
    kind = type.kind
    row: dict[str, Any] = {"id": type.id, "kind": type.kind_name.upper(), "name": type.name or "(anon)"}
    if kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
        row["encoding"] = "SIGNED" if type.kind_flag else "UNSIGNED"
    if kind in SIZED_KINDS:
        row["size"] = type.size_bytes
    if kind in REFERENCE_KINDS:
        row["ret_type_id" if kind == BTF_KIND_FUNC_PROTO else "type_id"] = type.type_id
    if kind == BTF_KIND_INT:
        encoding, bit_off, bits = type.int_encoding
        row |= {"bits_offset": bit_off, "nr_bits": bits, "encoding": _ENCODINGS.get(encoding, "UNKN")}
    elif kind == BTF_KIND_ARRAY:
        row["type_id"], row["index_type_id"], row["nr_elems"] = type.array
    elif kind == BTF_KIND_FWD:
        row["fwd_kind"] = "union" if type.kind_flag else "struct"
    elif kind in _LINKAGES:
        names = _LINKAGES[kind]
        row["linkage"] = names[type.linkage] if type.linkage < len(names) else "(unknown)"
    elif kind == BTF_KIND_DECL_TAG:
        row["component_idx"] = type.component_idx
    elif kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
        row["vlen"] = type.vlen
        row["members"] = [
            {"name": m.name or "(anon)", "type_id": m.type_id, "bits_offset": m.bit_off}
            | ({"bitfield_size": m.bitfield_size} if m.bitfield_size else {})
            for m in type.members
        ]
    elif kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
        row["vlen"] = type.vlen
        row["values"] = [{"name": name, "val": value} for name, value in type.values]
    elif kind == BTF_KIND_FUNC_PROTO:
        row["vlen"] = type.vlen
        row["params"] = [{"name": name or "(anon)", "type_id": id} for name, id in type.params]
    elif kind == BTF_KIND_DATASEC:
        row["vlen"] = type.vlen
        row["vars"] = [{"type_id": id, "offset": off, "size": size} for id, off, size in type.secinfos]
    return row


def type_text(type: BtfType) -> str:
    """Return a type as a line, with a line for each of its members. Raises: BtfError."""
    row = type_data(type)
    lists = [value for value in row.values() if isinstance(value, list)]
    comma = "," if type.kind == BTF_KIND_VAR else ""
    words = [f"{k}={v}" for k, v in row.items() if k not in ("id", "kind", "name") and not isinstance(v, list)]
    head = f"[{row['id']}] {row['kind']} '{row['name']}'"
    suffix = "" if type.kind != BTF_KIND_ENUM64 else "LL" if type.kind_flag else "ULL"
    lines = [" ".join([head, f"{comma} ".join(words)]) if words else head]
    for entry in lists[0] if lists else ():
        text = " ".join(f"{k}={v}" for k, v in entry.items() if k != "name") + suffix
        if "name" in entry:
            text = f"'{entry['name']}' {text}"
        else:
            variable = type.btf.by_id(entry["type_id"])
            text += f" ({variable.kind_name.upper()} '{variable.name}')"
        lines.append(f"\t{text}")
    return "\n".join(lines)
