"""bpf(2) wrappers on a kernel that answers as the test wants."""

from __future__ import annotations

import ctypes
import errno
import os

import pytest

from ebee.abi import attr as layouts
from ebee.abi import bpf as abi
from ebee.errors import PermissionMissing, SyscallError
from ebee.sys import bpf, caps, os_seam, tracefs
from ebee.sys.map_elements import MapElements
from ebee.sys.os_seam import Fd, Os, swapped


class FakeOs(Os):
    """Answers bpf(2) from a function and remembers the calls; file descriptors are numbers that are only closed."""

    def __init__(self, answer=lambda cmd, attr: 0, **more):
        super().__init__()
        self.answer, self.calls, self.closed = answer, [], []
        self.more = more

    def bpf(self, cmd, attr):
        self.calls.append((cmd, attr.raw))
        return self.answer(cmd, attr)

    def close(self, fd):
        self.closed.append(fd)

    def capget(self):
        return self.more.get("caps", 0)

    def fsopen(self, name, flags):
        return self.more["fsopen"]

    def fsconfig(self, fd, cmd):
        return self.more["fsconfig"]

    def fsmount(self, fd, flags, attrs):
        return self.more["fsmount"]


def field(raw, layout, name):
    off, size = layout[name]
    return int.from_bytes(raw[off : off + size], "little")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("counts", b"counts"), ("a b/ü.x_9", b"a_b__.x_9"), ("x" * 40, b"x" * 15), ("", b"")],
)
def test_object_names_are_what_the_kernel_takes(name, expected):
    assert bpf.object_name(name) == expected


def test_map_create_fills_the_attr_and_owns_the_fd():
    with swapped(FakeOs(lambda *_: 42)) as fake:
        with bpf.map_create(1, 4, 8, 16, 1, "name", 7, 2, 3) as fd:
            assert fd.number == 42
        assert fake.closed == [42]
        fd.close()
        assert fake.closed == [42]
    cmd, raw = fake.calls[0]
    assert cmd == abi.BPF_MAP_CREATE
    names = ("map_type", "key_size", "value_size", "max_entries", "map_flags", "btf_fd", "btf_key_type_id")
    assert [field(raw, layouts.MAP_CREATE, n) for n in names] == [1, 4, 8, 16, 1, 7, 2]
    assert raw[28:44] == b"name".ljust(16, b"\0")


def test_a_collected_fd_is_closed():
    with swapped(FakeOs()) as fake:
        Fd(77)
        assert fake.closed == [77]


def test_eperm_is_a_missing_privilege(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "h", "6.1.0", "v", "x86_64")))
    with swapped(FakeOs(lambda *_: -errno.EPERM)) as fake, pytest.raises(PermissionMissing, match="CAP_BPF"):
        bpf.map_create(1, 4, 8, 16)
    assert len(fake.calls) == 1


@pytest.mark.parametrize("can_lift", [True, False])
def test_kernels_that_charge_memlock_get_one_more_try(monkeypatch, can_lift):
    import resource

    lifted = []

    def setrlimit(*what):
        lifted.append(what)
        if not can_lift:
            raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    monkeypatch.setattr(bpf, "_memlock_raised", False)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "h", "5.10.0-rc1", "v", "x86_64")))
    fake = FakeOs(lambda *_: 5 if lifted and can_lift else -errno.EPERM)
    with swapped(fake):
        if can_lift:
            assert bpf.map_create(1, 4, 8, 16).number == 5
        else:
            for _ in range(2):
                with pytest.raises(PermissionMissing):
                    bpf.map_create(1, 4, 8, 16)
    assert len(lifted) == 1


@pytest.mark.parametrize("says_size", [True, False])
def test_the_log_buffer_grows_until_the_log_fits(says_size):
    text = b"x" * 300_000
    layout = layouts.PROG_LOAD

    def answer(cmd, attr):
        size = field(attr.raw, layout, "log_size")
        if size < len(text) + 1:
            if says_size:
                off, width = layout["log_true_size"]
                ctypes.memmove(ctypes.addressof(attr) + off, (len(text) + 1).to_bytes(width, "little"), width)
            return -errno.ENOSPC
        ctypes.memmove(field(attr.raw, layout, "log_buf"), text + b"\0", len(text) + 1)
        return -errno.EACCES

    with swapped(FakeOs(answer)) as fake:
        result, log = bpf.ProgLoad(5, bytes(16), "p", "GPL").load_with_log()
    assert (result, log.encode()) == (-errno.EACCES, text)
    assert len(fake.calls) == (2 if says_size else 3)


def test_errors_name_command_and_map():
    with swapped(FakeOs(lambda *_: -errno.ENOMEM)):
        ops = MapElements(3, 4, 8, "counts")
        with pytest.raises(SyscallError, match=r"BPF_MAP_LOOKUP_ELEM.*'counts'") as caught:
            ops.lookup(bytes(4))
    assert caught.value.errno == errno.ENOMEM


def test_element_flags_do_not_stay():
    with swapped(FakeOs()) as fake:
        ops = MapElements(3, 4, 8, "m")
        ops.update(bytes(4), bytes(8), 2)
        ops.update(bytes(4), bytes(8))
        ops.lookup(bytes(4))
        ops.delete(bytes(4))
    assert [field(raw, layouts.MAP_ELEM, "flags") for _, raw in fake.calls] == [2, 0, 0, 0]


def test_link_create_asks_for_a_perf_event_link():
    with swapped(FakeOs(lambda *_: 9)) as fake:
        assert bpf.link_create_perf_event(3, 4, 77) == 9
    _, raw = fake.calls[0]
    names = ("prog_fd", "target_fd", "attach_type", "perf_event.bpf_cookie")
    assert [field(raw, layouts.LINK_CREATE, n) for n in names] == [3, 4, abi.BPF_PERF_EVENT, 77]


def test_capabilities_by_name():
    def mask(*names):
        return sum(1 << caps.CAP_NUMBERS[n] for n in names)

    for has, missing in [
        ((), ["CAP_BPF", "CAP_PERFMON"]),
        (("CAP_BPF",), ["CAP_PERFMON"]),
        (("CAP_BPF", "CAP_PERFMON"), []),
        (("CAP_SYS_ADMIN",), []),
    ]:
        with swapped(FakeOs(caps=mask(*has))):
            assert caps.missing_for_tracing() == missing
            assert caps.effective_capabilities() == frozenset(has)
    with swapped(FakeOs(caps=-errno.EINVAL)):
        assert caps.effective_capabilities() == frozenset()


@pytest.mark.parametrize(
    ("answers", "error", "text"),
    [
        ({"fsopen": -errno.EPERM}, PermissionMissing, "CAP_SYS_ADMIN"),
        ({"fsopen": -errno.ENOSYS}, PermissionMissing, "CAP_SYS_ADMIN"),
        ({"fsopen": -errno.ENODEV}, SyscallError, "no tracefs"),
        ({"fsopen": 900, "fsconfig": -errno.EBUSY}, SyscallError, "fsconfig"),
        ({"fsopen": 900, "fsconfig": 0, "fsmount": -errno.EMFILE}, SyscallError, "fsmount"),
    ],
)
def test_a_tracefs_that_cannot_be_had_says_why(monkeypatch, answers, error, text):
    monkeypatch.setattr(tracefs, "MOUNT_POINTS", ("/no/such/place",))
    with swapped(FakeOs(**answers)) as fake, pytest.raises(error, match=text):
        tracefs.open_tracefs()
    assert fake.closed == ([900] if answers["fsopen"] > 0 else [])


def test_a_mounted_tracefs_is_used(monkeypatch, tmp_path):
    event = tmp_path / "events" / "cat" / "name"
    event.mkdir(parents=True)
    (event / "id").write_text("314\n")
    (event / "format").write_text("name: name\n")
    (tmp_path / "available_events").write_text("cat:name\nb:c\n")
    monkeypatch.setattr(tracefs, "MOUNT_POINTS", ("/no/such/place", str(tmp_path)))
    found = tracefs.open_tracefs()
    assert found.path == str(tmp_path)
    assert found.event_id("cat", "name") == 314
    assert found.event_format("cat", "name") == "name: name\n"
    assert found.event_names() == ["b:c", "cat:name"]
    from ebee.errors import UnknownProbe

    for category, name in (("cat", "no"), ("..", ".."), ("cat", "../cat/name"), ("", ""), ("c\0", "x")):
        with pytest.raises(UnknownProbe):
            found.event_id(category, name)
    found.close()


def test_an_unknown_machine_has_no_system_calls(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "h", "6.1.0", "v", "sparc64")))
    seam = os_seam.Os()
    assert seam.pidfd_open(1) == -errno.ENOSYS
    assert seam.bpf(0, ctypes.create_string_buffer(8)) == -errno.ENOSYS
