"""What a session is told of mappings: whose count, what is lost, and where nobody tells."""

from __future__ import annotations

import os
from pathlib import Path

import built_programs as built
import pytest

from ebee.api import options
from ebee.api.stack_names import StackNames
from ebee.errors import PermissionMissing

PATH_OFFSET = 0x10_0000_0000


class Source:
    def __init__(self, *events):
        self.events = list(events)

    def take(self):
        events, self.events = self.events, []
        return events


class Backend:
    """Tells what it was given, and remembers how it was asked."""

    def __init__(self, *sources):
        self.sources, self.asked = list(sources), []

    def mapping_events(self, *, is_for_command):
        self.asked.append(is_for_command)
        source = self.sources.pop(0)
        if isinstance(source, Exception):
            raise source
        return source


@pytest.fixture
def told(monkeypatch):
    texts = []
    monkeypatch.setattr(options.current, "on_notice", texts.append)
    return texts


def mapped(pid, path, start=PATH_OFFSET):
    return ("map", pid, start, start + os.path.getsize(path), 0, os.stat(path).st_ino, path)


GONE = 1 << 22  # no process has such a number


def test_processes_that_map_and_fork(told):
    path = built.build("dwarf5")
    place = next(f.addr for f in built_functions(path) if f.name == "outer")
    off = file_offset(path, place)
    names = StackNames()
    names.follow(Backend(Source(mapped(GONE, path), ("fork", GONE + 1, GONE, 0, 0, 0, ""))), 0, is_for_command=True)
    for pid in (GONE, GONE + 1):
        (frame,) = names.frames([PATH_OFFSET + off], pid)
        assert (frame.function, frame.module) == ("outer", path)
    assert told == []


def built_functions(path):
    from ebee.symbols.elf_file import open_elf

    return open_elf(path).functions()


def file_offset(path, address):
    from ebee.symbols.elf_file import open_elf

    return open_elf(path).file_offset(address)


def test_of_one_process_others_do_not_count(told):
    path = built.build("dwarf5")
    source = Source(
        mapped(GONE + 1, path), ("fork", GONE + 2, GONE + 1, 0, 0, 0, ""), ("fork", GONE + 3, GONE, 0, 0, 0, ""),
        mapped(GONE + 3, path),
    )  # fmt: skip
    names = StackNames()
    names.follow(Backend(source), GONE, is_for_command=False)
    names.update()
    assert {pid for pid, space in names.symbols._spaces.items() if space.mappings} == {GONE + 3}


def test_what_was_lost_and_who_is_not_told(told):
    names = StackNames()
    names.follow(Backend(Source(("lost", 0, 7, 0, 0, 0, ""))), 0, is_for_command=True)
    names.update()
    assert told == ["7 mappings of processes were not seen: some functions may have no names"]
    backend = Backend(PermissionMissing("following what processes map", ["CAP_PERFMON"]), None, Source())
    for _ in range(4):  # of all processes one source is enough
        names.follow(backend, 0, is_for_command=False)
    assert len(told) == 2 and "CAP_PERFMON" in told[1] and backend.asked == [False] * 3


def test_a_file_that_another_one_has_replaced_is_not_taken_for_it(told, tmp_path):
    """The process is gone, and what is at the path has another inode."""
    path = tmp_path / "x.so"
    path.write_bytes(Path(built.build("dwarf5")).read_bytes())
    event = mapped(GONE, str(path))
    names = StackNames()
    names.follow(Backend(Source((*event[:5], event[5] + 1, event[6]))), 0, is_for_command=True)
    (frame,) = names.frames([PATH_OFFSET + 0x300], GONE)
    assert (frame.function, frame.module, frame.offset_bytes) == ("", str(path), 0x300)
    names.end()
    assert names.frames([PATH_OFFSET + 0x300], GONE) == [frame]
