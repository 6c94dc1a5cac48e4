"""Many elements at once: numpy arrays and pandas tables of what maps hold and ring buffers carry.

numpy and pandas are extras, imported when they are asked for. Enums are their numbers, strings `S` (bytes without the
NULs at their end), `Bytes` are `V`; bit fields become integers of their own.
"""

from __future__ import annotations

from ..errors import UsageError
from .fields import BitsType, BoolType, BytesType, ListType
from .map_kinds import PrefixType
from .records import RECORD_LEAD, pack_records, record_step
from .scalars import StrType, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Chunks = Iterable[tuple[bytearray, bytearray, int]]


def _extra(name: str, method: str) -> Any:
    """Import a module. Raises: UsageError that names the extra."""
    try:
        return __import__(name)
    except ImportError:
        raise UsageError(f"{method} needs {name}", hint=f"pip install 'ebee[{name}]'") from None


def _has_bits(type: Any) -> bool:
    """Whether there is a bit field in it, which numpy has nothing for."""
    if hasattr(type, "fields"):
        return any(_has_bits(f.type) for f in type.fields.values())
    return isinstance(type, BitsType) or hasattr(type, "element") and _has_bits(type.element)


def dtype_format(type: Any) -> Any:
    """Return what `numpy.dtype` takes for the values of a type. Raises: UsageError for one that has none."""
    if isinstance(type, BitsType):
        return "?" if isinstance(type.meaning, BoolType) else type.base.numpy_format()
    if hasattr(type, "fields") and _has_bits(type):
        return [(f.name, dtype_format(f.type)) for f in type.fields.values()]
    if isinstance(type, ListType):
        return (dtype_format(type.element), (type.count,))
    if isinstance(type, PrefixType):
        address = type.address.size
        return {"names": ["bits", "address"], "formats": ["<u4", f">u{address}"], "offsets": [0, 4],
                "itemsize": type.size}  # fmt: skip
    try:
        return type.numpy_format()
    except TypeError as e:
        raise UsageError(f"to_numpy(): {e}") from None


def _decoded(np: Any, type: Any, data: bytearray, count: int, off: int, step: int) -> Any:
    """Return `count` values that begin at `off` and lie `step` bytes apart: in place, unless they have bit fields."""
    dtype = np.dtype(dtype_format(type))
    if not count:
        return np.empty((0, *dtype.shape), dtype.base)
    if not _has_bits(type):
        return np.ndarray((count, *dtype.shape), dtype.base, data, off, (step, *_inner_strides(np, dtype)))
    if isinstance(type, BitsType):
        return _bits(np, type, np.ndarray((count, type.size), "u1", data, off, (step, 1))).astype(dtype)
    out = np.empty((count, *dtype.shape), dtype.base)
    if hasattr(type, "fields"):
        for f in type.fields.values():
            out[f.name] = _decoded(np, f.type, data, count, off + f.off_bytes, step)
    else:
        for i in range(type.count):
            out[:, i] = _decoded(np, type.element, data, count, off + i * type.element.size, step)
    return out


def _inner_strides(np: Any, dtype: Any) -> tuple[int, ...]:
    strides: tuple[int, ...] = np.empty(dtype.shape, dtype.base).strides if dtype.shape else ()
    return strides


def _bits(np: Any, type: BitsType, raw: Any) -> Any:
    """Return the numbers of a bit field whose bytes are the rows of `raw`."""
    number = np.zeros(len(raw), "u8")
    for at in range(type.size):
        byte, shift = raw[:, at].astype("u8"), 8 * at - type.shift
        number |= byte << np.uint64(shift) if shift >= 0 else byte >> np.uint64(-shift)
    if not type.signed:
        return number & np.uint64((1 << type.bits) - 1)
    unused = np.int64(64 - type.bits)
    return number.view("i8") << unused >> unused


def records_array(type: Type, data: bytearray) -> Any:
    """Return records that lie as in a ring buffer as an array, which shares their memory."""
    np = _extra("numpy", "to_numpy()")
    step = record_step(type.size)
    return _decoded(np, type, data, len(data) // step, RECORD_LEAD, step)


def values_as_records(type: Type, values: Iterable[Any], name: str) -> bytearray:
    """Lay Python values out as records of a ring buffer."""
    return pack_records(map(type.pack, values), type.size, name)


def entries_array(decl: Any, chunks: Chunks, cpus: int) -> Any:
    """Return the entries of a map: fields `key` and `value`; of arrays the values by index. Per-CPU: one axis more."""
    np = _extra("numpy", "to_numpy()")
    keys, values, count = next(chunks := iter(chunks), (bytearray(), bytearray(), 0))
    for more_keys, more_values, more in chunks:
        keys += more_keys
        values += more_values
        count += more
    size = decl.value.size
    if hasattr(decl, "lookup_cpu"):
        found = _decoded(np, decl.value, values, count * cpus, 0, size + 7 & ~7)
        found = found.reshape((count, cpus, *found.shape[1:]))
    else:
        found = _decoded(np, decl.value, values, count, 0, size)
    if decl.is_array:
        return found
    key = _decoded(np, decl.key, keys, count, 0, decl.key.size)
    dtype = np.dtype([("key", key.dtype, key.shape[1:]), ("value", found.dtype, found.shape[1:])])
    if not count:
        return np.empty(0, dtype)
    key, found = _whole(np, key), _whole(np, found)  # structs are copied field by field, bytes at once
    out = np.empty(count, [("key", key.dtype), ("value", found.dtype)])
    out["key"], out["value"] = key, found
    return out.view(dtype)


def _whole(np: Any, rows: Any) -> Any:
    """Return the rows of an array as what has no parts."""
    size = rows.nbytes // len(rows)
    return np.ascontiguousarray(rows).reshape(len(rows), -1).view(f"V{size}").reshape(len(rows))


def shared_array(type: Type, memory: memoryview, count: int) -> Any:
    """Return the elements of an array in shared memory, in place. Raises: UsageError for types with bit fields."""
    np = _extra("numpy", "view()")
    if _has_bits(type):
        raise UsageError(f"view(): {type} has bit fields, which cannot be written in place", hint="m.to_numpy()")
    return _decoded(np, type, memory, count, 0, len(memory) // count)  # type: ignore[arg-type]  # numpy takes both


# Tables


def _columns(type: Any, found: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the columns of an array: of structs their fields, `a.b` of those inside; texts, where they are strings."""
    if hasattr(type, "fields"):
        for f in type.fields.values():
            yield from _columns(f.type, found[f.name], f"{name}.{f.name}" if name else f.name)
    elif isinstance(type, PrefixType):
        yield name or "value", [type.unpack(row.tobytes()) for row in found]
    elif isinstance(type, StrType):
        yield name or "value", [raw.decode("utf-8", "backslashreplace") for raw in found.tolist()]
    elif isinstance(type, ListType | BytesType):
        unpack = type.unpack
        yield name or "value", [unpack(row.tobytes()) for row in found] if not _has_bits(type) else found.tolist()
    else:
        yield name or "value", found.astype(found.dtype.newbyteorder("="))


def records_frame(type: Type, found: Any) -> Any:
    """Return records as a table: a column for each field."""
    pandas = _extra("pandas", "to_pandas()")
    return pandas.DataFrame(dict(_columns(type, found, "")))


def entries_frame(decl: Any, found: Any) -> Any:
    """Return the entries of a map as a table: columns of the key, then of the value; per-CPU: a row for each CPU."""
    pandas = _extra("pandas", "to_pandas()")
    values = found if decl.is_array else found["value"]
    rows: dict[str, Any] = {}
    if not decl.is_array:
        fields = getattr(decl.value, "fields", {})
        for name, column in _columns(decl.key, found["key"], "" if hasattr(decl.key, "fields") else "key"):
            rows[f"key.{name}" if name in fields else name] = column
    else:
        rows["index"] = range(len(values))
    if hasattr(decl, "lookup_cpu"):
        cpus = values.shape[1]
        rows = {name: [v for v in column for _ in range(cpus)] for name, column in rows.items()}
        rows["cpu"] = list(range(cpus)) * len(values)
        values = values.reshape(-1, *values.shape[2:])
    rows.update(_columns(decl.value, values, "" if hasattr(decl.value, "fields") else "value"))
    return pandas.DataFrame(rows)


# Writing


def pack_entries(decl: Any, entries: Any) -> tuple[bytes, bytes, int]:
    """Return the keys and values of a mapping or of pairs, each back to back, and their number."""
    pairs = [(decl._key(key), decl._value(value)) for key, value in getattr(entries, "items", lambda: entries)()]
    return b"".join(key for key, _ in pairs), b"".join(value for _, value in pairs), len(pairs)
