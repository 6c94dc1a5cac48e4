"""Flags and sizes of maps and any calls of them: both backends alike; declarations; the pages about maps."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from map_probes import ROOT, make_backend

from ebee import (
    BloomFilter,
    PerCpuArray,
    PerCpuHash,
    Queue,
    Stack,
    u32,
)
from ebee.abi import bpf
from ebee.errors import SyscallError, UsageError
from kernel_features import missing

# Flags and sizes of the maps themselves

TYPES = {
    "PERCPU_HASH": (4, 8), "PERCPU_ARRAY": (4, 8), "LRU_HASH": (4, 8), "LRU_PERCPU_HASH": (4, 8), "LPM_TRIE": (8, 8),
    "QUEUE": (0, 8), "STACK": (0, 8), "BLOOM_FILTER": (0, 8),
}  # fmt: skip


def outcome(call):
    try:
        result = call()
    except SyscallError as e:
        return errno.errorcode.get(e.errno, e.errno)
    return result


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", TYPES)
def test_creation_is_refused_alike(name):
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key, value) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    base = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    specs = [(key, value, 4, base), (key, 0, 4, base), (key, value, 0, base), (key + 1, value, 4, base),
             (0, value, 4, base), (key, value, 4, base ^ 1), (key, value, 4, base | 1024), (key, 40000, 4, base),
             (key, value, 4, base | bpf.BPF_F_NO_COMMON_LRU)]  # fmt: skip
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        found[engine] = [outcome(lambda s=s, b=backend: b.create_map(MapSpec("m", kind, *s), ObjectSpec("o")) and "ok")
                         for s in specs]  # fmt: skip
        backend.close()
    assert found["engine"] == found["kernel"]
    assert found["kernel"][0] == "ok"


def operations(m, name):
    """Calls on a fresh map, in an order in which most of them can fail."""
    key = bytes(m.spec.key_size)
    value, beyond = b"\1" * (8 * m.cpus), b"\xff" * len(key)
    yield from (lambda f=flags: m.update(key, value, f) for flags in (bpf.BPF_EXIST, bpf.BPF_NOEXIST, 9))
    yield from (lambda f=flags: m.update(key, value, f) for flags in (bpf.BPF_NOEXIST, bpf.BPF_EXIST))
    if name != "BLOOM_FILTER":  # it is asked with the value
        yield lambda: m.lookup(key) == value
        yield lambda: m.lookup(beyond)
    yield lambda: m.update(beyond, value)
    yield lambda: m.delete(beyond)
    yield lambda: m.delete(key)
    yield lambda: m.delete(key)
    yield lambda: m.update(key, value[:-1])
    if key:
        yield lambda: m.next_key(key) is None
    else:
        yield lambda: m.push(value, 2)
        yield lambda: m.has_value(value) if name == "BLOOM_FILTER" else m.pop() == value


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", TYPES)
def test_operations_are_refused_alike(name):
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key, value) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    flags = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        m = backend.create_map(MapSpec("m", kind, key, value, 4, flags), ObjectSpec("o"))
        found[engine] = [outcome(call) for call in operations(m, name)]
        backend.close()
    assert found["engine"] == found["kernel"]


CALLS = st.lists(
    st.tuples(st.sampled_from(["update", "lookup", "delete", "push", "pop"]), st.integers(0, 5), st.integers(0, 3)),
    max_size=30,
)


@pytest.mark.needs_kernel
@settings(max_examples=40)
@given(st.sampled_from(["PERCPU_HASH", "PERCPU_ARRAY", "LPM_TRIE", "QUEUE", "STACK"]), CALLS)
def test_any_calls_on_both_backends(name, calls):
    """Results and errors of a random sequence of calls, and what the map holds after it."""
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key_size, value_size) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    flags = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        m = backend.create_map(MapSpec("m", kind, key_size, value_size, 3, flags), ObjectSpec("o"))
        results = []
        for call, n, flag in calls:
            key = n.to_bytes(4, "little") if key_size == 4 else bytes([8 * n, 0, 0, 0, 1, 2, 3, 4]) if key_size else b""
            if name == "LPM_TRIE":  # nothing behind the prefix, as the typed side has it
                key = key[:4] + (key[4:] + bytes(8))[:min(n, 4)].ljust(4, b"\0")
            value = bytes([n + 1]) * value_size * m.cpus
            arguments = {"update": (key, value, flag), "push": (value, flag), "pop": ()}.get(call, (key,))
            if key_size == 0 and call == "delete" or key_size and call in ("push", "pop"):
                continue
            results.append(outcome(lambda c=call, a=arguments, m=m: getattr(m, c)(*a)))
        results.append(sorted(m.items()) if key_size else [m.pop() for _ in range(4)])
        found[engine] = results
        backend.close()
    assert found["engine"] == found["kernel"]


# Declarations


@pytest.mark.parametrize("kind", [PerCpuArray, Queue, Stack, BloomFilter])
def test_sizes_are_checked(kind):
    with pytest.raises(UsageError, match=f"{kind.__name__}: max_entries"):
        kind(u32, max_entries=0)
    with pytest.raises(UsageError, match=f"value of {kind.__name__}"):
        kind(int, max_entries=1)


def test_unbound_maps_say_so():
    for m, call in ((Queue(u32, max_entries=1), "pop"), (Stack(u32, max_entries=1), "peek")):
        with pytest.raises(UsageError, match="not bound to a live map"):
            getattr(m, call)()
    with pytest.raises(UsageError, match="not bound"):
        assert 1 in BloomFilter(u32, max_entries=1)
    with pytest.raises(UsageError, match="not bound"):
        PerCpuHash(u32, u32)[1] = [1]




PAGES = ("maps.md", "storage.md", "maps-of-maps.md", "user-ring-buffers.md", "arenas.md", "events.md")
TEXTS = [(ROOT / "docs" / page).read_text() for page in PAGES]
SNIPPETS = [part.split("```")[0] for text in TEXTS for part in text.split("```python\n")[1:]]


def test_a_type_checker_accepts_the_snippets(tmp_path):
    files = [tmp_path / f"snippet{at}.py" for at in range(len(SNIPPETS))]
    for file, text in zip(files, SNIPPETS):
        file.write_text(text)
    argv = [sys.executable, "-m", "mypy", "--no-incremental", "--check-untyped-defs", "--config-file", "/dev/null"]
    done = subprocess.run([*argv, *files], capture_output=True, text=True, cwd=tmp_path,
                          env={"MYPYPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
@pytest.mark.parametrize("at", range(len(SNIPPETS)))
def test_the_snippets_of_the_pages_about_maps_work(tmp_path, at, name):
    if name == "engine" and 'backend="kernel"' in SNIPPETS[at]:
        pytest.skip("this snippet is for the kernel")
    for word, feature in (("WorkQueue", "work_queues"), ("Arena", "arena")):
        if word in SNIPPETS[at] and name == "kernel" and (reason := missing(feature)):
            pytest.skip(reason)
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPETS[at].replace("ebee.Session()", f"ebee.Session(backend={name!r})"))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
