"""Reading ring buffers: iterators, asyncio, file descriptors, callbacks, arrays; nothing is lost on the way."""

from __future__ import annotations

import asyncio
import select
import sys

import pytest

import ebee
from ebee import Hash, PerfEventArray, RingBuf, Str, Struct, u16, u32, u64
from ebee.api.session import stop_all
from ebee.errors import UsageError

BACKENDS = ["engine", pytest.param("kernel", marks=[pytest.mark.needs_kernel, pytest.mark.needs_root])]


class Seen(Struct):
    length: u32
    small: u16
    name: str = Str(6)


@pytest.mark.parametrize("read", [lambda session, ring: session.events(ring), lambda session, ring: iter(ring)])
def test_who_reads_what_was_there_is_stopped_by_a_signal(read):
    """A signal that comes before the reader had to wait ends it, too, and does not cut off what the script does then."""
    ring, send = make()
    with ebee.Session(backend="engine") as session:
        session.load(send)
        for _ in range(3):
            session.run(send, packet=bytes(20))
        records = read(session, ring)
        next(records)
        assert stop_all()
        assert len(list(records)) == 2


class Call(Struct):
    pid: u32
    number: u64


def make(kind=RingBuf):
    """Return a ring buffer, and a packet probe that sends a record to it."""
    ring = kind(Seen, name="seen")

    @ebee.xdp
    def send(pkt):
        ring.output(Seen(length=len(pkt), small=len(pkt) & 7, name="x"))
        return ebee.XDP_PASS

    return ring, send


@pytest.fixture(
    params=[
        pytest.param((backend, kind), marks=[pytest.mark.needs_kernel] * (backend == "kernel"))
        for backend in ("engine", "kernel")
        for kind in (RingBuf, PerfEventArray)
    ],
    ids=lambda param: f"{param[0]}-{param[1].__name__}",
)
def sent(request):
    """A ring buffer and a function that has records of given lengths sent to it."""
    backend, kind = request.param
    ring, send = make(kind)
    with ebee.Session(backend=backend) as session:
        session.load(send)

        def run(*lengths):
            for length in lengths:
                session.run(send, packet=bytes(length))

        yield ring, run


def lengths(records):
    return [record.length for record in records]


def test_the_rest_of_an_iteration_is_there_for_the_next_reader(sent):
    ring, run = sent
    run(60, 61, 62, 63, 64)
    first = None
    for record in ring:
        first = record
        break
    assert first == Seen(length=60, small=4, name="x")
    assert next(iter(ring)).length == 61
    assert lengths(ring.drain()) == [62, 63, 64]
    assert ring.drain() == [] == list(ring)


def test_callbacks(sent):
    ring, run = sent
    got = []

    def callback(record):
        got.append(record.length)
        if record.length == 61:
            raise KeyError("mine")

    run(60, 61, 62, 63)
    with pytest.raises(KeyError, match="mine"):
        ring.poll(callback)
    assert got == [60, 61]
    run(64)
    assert ring.poll(callback) == 2 and got == [60, 61, 62, 63]
    assert ring.poll(callback, timeout_s=0) == 1 and got[-1] == 64
    assert ring.poll(callback, timeout_s=0) == 0


def test_a_file_descriptor(sent):
    ring, run = sent
    poller = select.poll()
    poller.register(ring.fileno(), select.POLLIN)
    assert poller.poll(0) == []
    run(60, 61)
    assert poller.poll(1000)
    assert lengths(ring.drain()) == [60, 61]
    assert poller.poll(0) == []
    run(62)
    assert poller.poll(1000) and lengths(ring.drain()) == [62]


def test_arrays(sent):
    np = pytest.importorskip("numpy")
    ring, run = sent
    assert len(ring.to_numpy()) == 0
    run(*range(60, 100))
    found = ring.to_numpy()
    assert found.dtype.names == ("length", "small", "name") and isinstance(found, np.ndarray)
    assert found["length"].tolist() == [*range(60, 100)] and set(found["name"].tolist()) == {b"x"}
    assert (found["small"] == (found["length"] & 7)).all()
    run(60, 61, 62)
    next(iter(ring))
    assert ring.to_numpy()["length"].tolist() == [61, 62]
    assert found["length"].tolist() == [*range(60, 100)]


def test_tables(sent):
    pytest.importorskip("pandas")
    ring, run = sent
    run(60, 61)
    assert ring.to_pandas().to_dict("list") == {"length": [60, 61], "small": [4, 5], "name": ["x", "x"]}


def test_bytes_of_any_number_have_no_array():
    with pytest.raises(UsageError, match="bytes of any number"):
        RingBuf(bytes).to_numpy()


def test_lost_records_are_seen(sent):
    ring, run = sent
    assert ring.lost == 0
    session = ring._live.session
    for _ in range(30):  # 256K: 10,923 records of a ring buffer
        run(*[60] * 500)
        if ring.lost:
            break
    assert ring.lost > 0
    assert ring.lost == sum(loss.count for loss in session.losses())


# With a command


def openings():
    ring = RingBuf(Call, name="calls")
    other = RingBuf(Call, name="others")

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        ring.output(Call(pid=ebee.pid(), number=1))

    @ebee.tracepoint("syscalls:sys_enter_close")
    def closed(ctx):
        other.output(Call(pid=ebee.pid(), number=2))

    return ring, other, opened, closed


COMMAND = [sys.executable, "-S", "-c", "import os\nfor i in range(300): os.close(os.open('/dev/null', 0))"]


@pytest.fixture(params=BACKENDS)
def session(request):
    with ebee.Session(backend=request.param) as made:
        yield made


@pytest.mark.needs_ptrace
def test_async_iteration_of_two_ring_buffers(session):
    opens, closes, *probes = openings()
    found = {1: 0, 2: 0}

    async def count(ring):
        async for record in ring:
            found[record.number] += 1

    async def both():
        ticks = 0
        tasks = [asyncio.create_task(count(ring)) for ring in (opens, closes)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0.001)
            ticks += 1
        await asyncio.gather(*tasks)
        return ticks

    with session.attach(*probes, command=COMMAND):
        assert asyncio.run(both()) > 1
    assert found[1] >= 300 and found[2] >= 300


@pytest.mark.needs_ptrace
def test_a_cancelled_reader_loses_nothing(session):
    ring, sent = RingBuf(Call, name="calls"), Hash(u32, u64, name="sent")

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        ring.output(Call(pid=ebee.pid(), number=1))
        sent[0] += 1

    async def some():
        got = 0
        async for _ in ring:
            got += 1
            if got == 3:
                break
        reader = asyncio.create_task(anext(aiter(ring)))
        await asyncio.sleep(0)
        reader.cancel()
        found = await asyncio.gather(reader, return_exceptions=True)
        return got + sum(isinstance(one, Call) for one in found)

    with session.attach(opened, command=COMMAND):
        got = asyncio.run(some())
        got += sum(1 for _ in ring)
    assert got == sent[0] >= 300


@pytest.mark.needs_ptrace
def test_several_ring_buffers_on_one_wait(session):
    opens, closes, *probes = openings()
    found = {1: 0, 2: 0}

    def count(record):
        found[record.number] += 1

    with session.attach(*probes, command=COMMAND):
        while session.poll({opens: count, closes: count}):
            pass
    assert found[1] >= 300 and found[2] >= 300


@pytest.mark.needs_ptrace
def test_an_unread_ring_buffer_does_not_keep_others_awake(session):
    """Waiting for one ring buffer sleeps, though another one has records that nobody reads."""
    opens, closes, *probes = openings()
    waits = 0
    inner = session.wait_for

    def wait_for(*args):
        nonlocal waits
        waits += 1
        return inner(*args)

    session.wait_for = wait_for
    slow = [*COMMAND[:-1], "import os, time\nfor i in range(5): os.close(os.open('/dev/null', 0)); time.sleep(0.05)"]
    with session.attach(*probes, command=slow):
        assert sum(1 for _ in opens) >= 5
        assert waits < 1000
        assert len(closes.drain()) >= 5
