"""What compiles, the kernel's verifier accepts: random probes and packet programs are loaded, and never run.

Only its limits of size are no failure: a program of many nested loops may be too much for it to follow. It is given three
seconds; a signal makes it stop.
`EBEE_EXAMPLES=50` looks fifty times as hard.
"""

from __future__ import annotations

import contextlib
import errno
import signal
import textwrap

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_probes import DECLARATIONS, START, statements
from test_packet_writes import BODIES, FREE, Program, make_backend
from test_python_meaning import make_probe

from ebee.api.source import compile_probes
from ebee.errors import CompileError, SyscallError, VerifierError

pytestmark = pytest.mark.needs_kernel
# What is refused is shown as it is: to make it smaller takes minutes.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
_LIMITS = ("too large", "too complex")


@contextlib.contextmanager
def few_seconds():
    """Have system calls that take longer fail with EAGAIN or EINTR."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 3, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def refusal(load_program):
    """Return why the verifier refuses what is loaded, or nothing."""
    try:
        with few_seconds():
            load_program()
    except CompileError:
        return ""  # that is a refusal with a place and a hint
    except VerifierError as e:
        return "" if any(limit in e.reason for limit in _LIMITS) else str(e)
    except SyscallError as e:
        # Too large: it was stopped, its log was cut short, or the states that it keeps filled the memory.
        if e.errno not in (errno.EAGAIN, errno.EINTR, errno.E2BIG, errno.EFAULT, errno.ENOMEM):
            raise
    return ""


def load(lines):
    return loaded(lines, refusal)


def loaded(lines, given_to):
    from ebee.kernel.backend import KernelBackend

    probe, _ = make_probe([*START, *lines, "counts[9] = u64(x) + u64(y) + u64(z)"], prelude=DECLARATIONS)
    backend = KernelBackend()

    def load_program():
        spec, _ = compile_probes([probe], backend.target)
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        backend.load_program(spec.programs["probe"], spec, maps)

    try:
        return given_to(load_program)
    finally:
        backend.close()


TOO_MUCH_ONCE = {
    # The inner loop's turns are not followed, and where they come again the verifier forgot where the outer one ends.
    "a loop around one that is not followed": """
        for i in range(u32(c) & 7):
            n = a & 3
            while n < b:
                n += 1
                x = e.data[u64(i) & 3]
        """,
    # It forgot the bound of a loop that it follows, in the second turn of the one around.
    "a loop inside one that is not followed": """
        n = 0
        while n < b:
            n += 1
            for i in range(2, u32(c) & 7, 2):
                e.values[z % 6] = u8(x)
                counts[c] += 1
            x = u64(e.n)
        """,
    # The bound was in memory, compared in one register and used in another.
    "a loop behind one that is not followed": """
        for i in range(2, b % 7):
            n = 0
            while n < 8:
                n += 1
                x = e.data[a]
                e.words[c] = u8(u64(c) * (u64(y) | 1))
        for i in range(b % 7):
            x = u64(u64(b) + (u64(c) | 1))
        """,
    "a count in narrow memory": """
        n = a & 3
        while n < 6:
            n += 1
            if e.values[3] < 200:
                e.values[3] += 1
            for i in range(0, min(c, 300)):
                if u64(a) // (u64(z) | 1) > u64(b):
                    break
        """,
    "an index that was 0 on one way": """
        for i, letter in enumerate(e.name):
            if u64(s32(u64(b) // (u64(y) | 1)) & 511) == u32(17 + (u64(c) | 1)):
                x = e.data[max(0, min(z, 6))]
                if u64(s32(u64(c) * (u64(e.n) | 1)) & 511) > u64(u64(c) ^ (u64(y) | 1)):
                    continue
            n = a & 3
            while n < b:
                n += 1
                if u64(b) % (u64(a) | 1) % 1000 > u32(u64(a) % (u64(c) | 1)):
                    continue
                z = e.data[min(y, 6)]
                e.values[max(0, min(i, 5))] = u8((3 + (u64(d) | 1)) % 1000)
                if u32(u64(a) ^ (u64(z) | 1)) > u32(u64(x) + (u64(e.n) | 1)):
                    continue
        """,
    # The numbers that a loop carries start alike, and the index of one turn is in a narrower range than that before.
    "an index that grows": """
        for i in range(2, b % 7, 2):
            for j, letter in enumerate(e.name):
                if u64(b) % (u64(b) | 1) > u64(s32(y) & 511):
                    return
            n = 0
            while n < 8:
                n += 1
                e.values[i] = u8(u64(x) // 17 % 1000)
                if u64(z) // 17 > (u64(a) - (u64(c) | 1)) % 1000:
                    break
            with ring.reserve() as r:
                z = u64(s32(3 * (u64(y) | 1)) & 511)
                x = u32(u64(x) ^ 17)
                r.words[u32(a) % 8] = u8(u64(a) % (u64(b) | 1))
            n = 0
            while n < b:
                n += 1
                e.values[i] = u8(u64(s32(u64(a) + (u64(e.n) | 1)) & 511))
                if e.values[clamp(y, 0, 5)] < 200:
                    e.values[clamp(y, 0, 5)] += 1
                if u32(u64(x) + (u64(y) | 1)) > u8(u64(y) & (u64(e.n) | 1)):
                    return
        """,
}


@pytest.mark.parametrize("body", TOO_MUCH_ONCE)
def test_nested_loops(body):
    loaded(textwrap.dedent(TOO_MUCH_ONCE[body]).strip().splitlines(), lambda load_program: load_program())


@settings(phases=PHASES)
@given(statements(depth=2))
def test_probes(lines):
    assert load(lines) == ""


def load_packets(hook, body):
    backend = make_backend("kernel")
    try:
        return refusal(lambda: Program(backend, hook, body))
    finally:
        backend.close()


@st.composite
def writes_in_loops(draw):
    """Assignments to fields behind tests, in loops whose number of turns only the packet knows."""
    lines, depth = [], 0
    for n in range(draw(st.integers(1, 10))):
        header, field, bits = draw(st.sampled_from(FREE))
        top = (1 << bits) - 1
        place = f"pkt.{header}.{field}"
        if depth < 3 and draw(st.integers(0, 5)) == 0:
            lines += [f"{'    ' * depth}n{n} = len(pkt) & 7", f"{'    ' * depth}while n{n} > 2:"]
            lines.append(f"{'    ' * (depth + 1)}n{n} -= 1")
            depth += 1
        value = draw(st.sampled_from(["0", f"{place} ^ {top}", f"({place} + 5) & {top}"]))
        lines += [f"{'    ' * depth}if pkt.{header}:", f"{'    ' * (depth + 1)}{place} = {value}"]
        depth = draw(st.sampled_from([depth, depth + 1, max(depth - 1, 0), 0]))
    return "\n".join([*lines, "return 1"])


@pytest.mark.parametrize("hook", ["xdp", "tc"])
@settings(phases=PHASES, max_examples=settings.default.max_examples // 2 or 1)
@given(body=writes_in_loops())
def test_packet_writes(hook, body):
    assert load_packets(hook, body) == ""


REFUSED_ONCE = {
    # A header that was known on some ways to where it was read: through the packet's start, whose bounds were not.
    "known on some ways": """
        if pkt.eth:
            if pkt.ip6:
                pkt.ip6.src_hi = pkt.ip6.src_hi ^ 5
                if pkt.ip6:
                    pkt.ip6.dst_hi = 1
            if pkt.tcp:
                pkt.tcp.sport = pkt.tcp.sport ^ 65535
        return 1
        """,
    # Where a header is, as a difference of pointers: "verifier bug: backtracking call unexpected regs" (Linux 6.18).
    "offsets in a loop": """
        if pkt.eth:
            pkt.eth.dst = 0
        if pkt.ip6:
            pkt.ip6.src_lo = pkt.ip6.src_lo ^ 5
        n = len(pkt) & 7
        while n > 2:
            n -= 1
            if pkt.ip6:
                pkt.ip6.hop_limit = 1
            if pkt.eth:
                pkt.eth.dst = (pkt.eth.dst + 3) & 281474976710655
                if pkt.icmp:
                    pkt.icmp.type = 0
            if pkt.ip6:
                pkt.ip6.src_lo = (pkt.ip6.src_lo + 1) & 18446744073709551615
                if pkt.icmp:
                    pkt.icmp.seq = (pkt.icmp.seq + 65535) & 65535
                if pkt.ip6:
                    pkt.ip6.dst_hi = 1
            if pkt.icmp6:
                pkt.icmp6.seq = 65535
                if pkt.icmp6:
                    pkt.icmp6.seq = pkt.icmp6.seq ^ 1
                    if pkt.icmp:
                        pkt.icmp.code = (pkt.icmp.code + 28) & 255
        return 1
        """,
}


@pytest.mark.parametrize("body", [*REFUSED_ONCE, *BODIES])
def test_packet_programs(body):
    assert load_packets("tc", {**REFUSED_ONCE, **BODIES}[body]) == ""
