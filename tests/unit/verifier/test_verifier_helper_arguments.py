"""Calls of every helper: what a kernel said of each is recorded, and fits the table of contracts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ebee.abi.helpers import HELPER_IDS
from ebee.abi.map_helpers import HELPERS_OF, MAPS_OF
from ebee.spec.sections import SECTIONS
from ebee.verifier.prototypes import Arg, helper_proto, may_call

ROOT = Path(__file__).resolve().parents[3]
RECORDED = ROOT / "tests" / "data" / "verifier" / "helper_arguments.txt"

MEMORY = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"
EXPECTED = {
    "ctx": "ctx", "map": "map_ptr", "key": MEMORY, "value": MEMORY, "mem": MEMORY, "size": "scalar", "size0": "scalar",
    "alloc": "scalar", "str": "map_value", "func": "func", "stack": "fp", "sock": "sock", "timer": "map_value",
    "lock": "map_value, ptr_", "kptr": "map_value, ptr_", "skc": "sock_common, sock, tcp_sock, xdp_sock",
    "btf_skc": "sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_", "btf": "ptr_, trusted_ptr_, rcu_ptr_",
    "percpu": "percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_", "dynptr": "fp, dynptr_ptr", "record": "ringbuf_mem",
}  # fmt: skip
# Calls that are as they should be, and yet refused: what they give is not released, or this kernel leaves them out.
NEED_MORE = "reference leak", "cannot use helper", "for bpf_dynptr_from_mem data"


def records() -> list[tuple[str, str, int, list[str], str]]:
    found = []
    for line in RECORDED.read_text().splitlines():
        if not line.startswith("#"):
            head, _, answer = line.partition(": ")
            kind, helper, number, whats = head.split()
            found.append((kind, helper, int(number), whats.split(","), answer))
    return found


def test_what_the_table_says_is_accepted() -> None:
    right = [(helper, answer) for _, helper, number, _, answer in records() if not number]
    assert len(right) > 160
    assert [row for row in right if row[1] != "ok" and not any(word in row[1] for word in NEED_MORE)] == []


@pytest.mark.parametrize("what", ["7", "map", "ctx", "rdonly", "0"])
def test_what_is_put_in_its_place_is_answered_as_the_table_says(what: str) -> None:
    wrong = []
    for kind, helper, number, whats, answer in records():
        if not number or what not in whats:
            continue
        proto = helper_proto(HELPER_IDS[helper], SECTIONS[kind][0])
        assert proto is not None
        arg = proto.args[number - 1]
        if not fits(arg, what, answer) and not any(word in answer for word in (*NEED_MORE, "!read_ok", "in probe")):
            wrong.append((kind, helper, number, answer))
    assert wrong == []


def fits(arg: Arg, what: str, answer: str) -> bool:
    """Whether a verdict is what a contract says of an argument that is of another kind."""
    if arg.kind == "any":
        return answer == "ok" or "non-zero flags" in answer
    is_type = f"expected={EXPECTED[arg.kind]}" in answer
    if what == "0" and arg.is_nullable:
        return answer == "ok" or answer.endswith("expected=fp")  # memory of 8 bytes at 0
    if what in ("0", "7") and arg.kind in ("size", "size0", "alloc"):
        zero = what == "0" and arg.kind == "size"
        return "invalid zero-sized read" in answer if zero else not is_type
    if what == "rdonly" and arg.kind in ("mem", "value", "key", "str", "lock", "timer", "kptr"):
        return "write into map forbidden" in answer if arg.is_written else not is_type
    if what == arg.kind:
        return answer == "ok" or arg.kind == "map"
    return is_type


def test_the_tables_of_maps_and_helpers_agree() -> None:
    for helper, maps in MAPS_OF.items():
        assert helper in HELPER_IDS
        for kind in maps.split():
            restricted = HELPERS_OF.get(kind)
            assert restricted is None or helper in restricted.split(), (helper, kind)
    for helpers in HELPERS_OF.values():
        assert HELPER_IDS.keys() >= set(helpers.split())


@pytest.mark.needs_kernel
def test_this_kernel_says_what_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "gen"))
    import emit
    import verifier_helper_arguments as generator

    try:
        emit.require_same_kernel(RECORDED)
    except emit.SourceMissing as e:
        pytest.skip(str(e))
    recorded = set(RECORDED.read_text().splitlines(keepends=True))
    said = generator.records(every=12)
    assert len(said) > 50
    assert [line for line in said if line not in recorded] == []


WITH_CAP_BPF_ALONE = """
import ctypes, struct, sys
sys.path.insert(0, sys.argv[1])
from abi_helper_hooks import knows
from ebee.abi.helpers import HELPER_NAMES
low, high = 1 << 12, 1 << (39 - 32)  # CAP_NET_ADMIN, CAP_BPF
assert ctypes.CDLL(None).capset(struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", low, low, 0, high, high, 0)) == 0
print(*(name for number, name in HELPER_NAMES.items() if name != "unspec" and knows(sys.argv[2], number, 0)))
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.parametrize("kind", ["tc", "sockops"])
def test_what_is_there_without_cap_perfmon(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    tools = ROOT / "tools" / "gen"
    monkeypatch.syspath_prepend(str(tools))
    import emit

    try:
        emit.require_same_kernel(RECORDED)
    except emit.SourceMissing as e:
        pytest.skip(str(e))
    script = [sys.executable, "-c", WITH_CAP_BPF_ALONE, str(tools), kind]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    ours = {name for name in HELPER_IDS if name != "unspec" and may_call(name, kind, has_perfmon=False)}
    assert set(done.stdout.split()) == ours - {"probe_write_user"}
