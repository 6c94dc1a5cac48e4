"""What ebee says where a kernel, or a user, cannot have a hook: on machines made up for the test."""

from __future__ import annotations

import errno
import os

import pytest

from ebee.abi import bpf as abi
from ebee.errors import NotSupported, PermissionMissing, SyscallError, UnknownProbe, UsageError
from ebee.kernel import attach, btf_ids, kprobes, vmlinux
from ebee.kernel.programs import KernelProgram
from ebee.spec.backend import AttachOptions
from ebee.spec.object import ProgramSpec
from ebee.spec.sections import parse_section
from ebee.sys.os_seam import Fd, Os, swapped
from synthetic_kernel import kernel_btf as synthetic_btf

PMU = {
    "/sys/bus/event_source/devices/kprobe/type": b"8\n",
    "/sys/bus/event_source/devices/kprobe/format/retprobe": b"config:3\n",
}


class Machine(Os):
    """Files, what perf_event_open(2) answers, and what bpf(2) answers to each command."""

    def __init__(self, files=(), event=7, **bpf):
        super().__init__()
        self.files, self.event, self.answers, self.events = dict(files), event, bpf, []

    def bpf(self, cmd, attr):
        return self.answers.get(abi.CMD_NAMES[cmd].removeprefix("BPF_").lower(), -errno.EINVAL)

    def perf_event_open(self, attr, pid, cpu, group_fd, flags):
        self.events.append(attr.raw)
        return self.event

    def ioctl(self, fd, request, arg):
        return 0

    def capget(self):
        return (1 << 40) - 1

    def close(self, fd):
        pass

    def read_file(self, path, dir_fd=None):
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if isinstance(self.files[path], int):
            raise OSError(self.files[path], os.strerror(self.files[path]), path)
        return self.files[path]


def attached(section, machine, **options):
    parsed = parse_section(section)
    spec = ProgramSpec(
        "probe", section, parsed.prog_type, parsed.attach_to, parsed.expected_attach_type, parsed.prog_flags
    )
    name = parsed.attach_to if parsed.prog_type == abi.BPF_PROG_TYPE_RAW_TRACEPOINT else ""
    with swapped(machine):
        return attach.attach(KernelProgram(spec, Fd(5), name), AttachOptions(**options), None)


@pytest.fixture(autouse=True)
def kernel(monkeypatch):
    monkeypatch.setattr(vmlinux, "_found", [synthetic_btf()])


def test_a_kprobe_is_an_event_of_its_own_pmu():
    machine = Machine(PMU, link_create=9)
    attached("kretprobe/do_thing", machine)
    (event,) = machine.events
    assert int.from_bytes(event[:4], "little") == 8 and int.from_bytes(event[8:16], "little") == 1 << 3
    machine = Machine(PMU, link_create=-errno.EINVAL)  # before 5.15: attached by ioctl
    attached("kprobe/do_thing+0x10", machine)
    assert int.from_bytes(machine.events[0][64:72], "little") == 0x10


@pytest.mark.parametrize(
    "section, machine, error, words",
    [
        ("kprobe/do_thing", Machine(), NotSupported, "kprobes"),
        ("kprobe/do_thin", Machine(PMU, event=-errno.ENOENT), UnknownProbe, "did you mean do_thing"),
        ("kprobe/do_thing", Machine(PMU, event=-errno.EINVAL), NotSupported, "a kprobe on do_thing"),
        ("kprobe/do_thing+1", Machine(PMU, event=-errno.EILSEQ), UsageError, "is not where an instruction begins"),
        ("kprobe/do_thing+x", Machine(PMU), UsageError, "does not say how far into do_thing"),
        ("kprobe/do_thing", Machine(PMU, event=-errno.EACCES), PermissionMissing, "attaching to kprobe:do_thing"),
        ("kprobe/do_thing", Machine(PMU, event=-errno.EMFILE), SyscallError, "perf_event_open"),
        ("kprobe", Machine(PMU), UsageError, "which function of the kernel should probe look at"),
        ("uprobe", Machine(PMU), UsageError, "which function of which program should probe look at"),
        ("uprobe/no-such-library:y", Machine(PMU), UnknownProbe, "there is no probe 'no-such-library'"),
        ("raw_tp/evnt", Machine(raw_tracepoint_open=-errno.ENOENT), UnknownProbe, "did you mean event"),
        (
            "lsm/file_open", Machine({"/sys/kernel/security/lsm": b"lockdown,yama"}, raw_tracepoint_open=9), NotSupported,
            "of lockdown,yama none is bpf",
        ),
        ("iter.s/task", Machine(link_create=-errno.EINVAL), NotSupported, "sleeping while it is iterated over task"),
        ("iter/task", Machine(link_create=-errno.ENOMEM), SyscallError, "BPF_LINK_CREATE"),
    ],
)  # fmt: skip
def test_what_cannot_be_attached_says_why(section, machine, error, words):
    with pytest.raises(error, match=words):
        attached(section, machine)


def test_a_process_is_for_iterators_over_its_objects():
    with pytest.raises(UsageError, match="bpf_map iterates over no objects of processes"):
        attached("iter/bpf_map", Machine(link_create=9), pid=1)
    with pytest.raises(UsageError, match="only iterators take it"):
        attached("tp_btf/event", Machine(raw_tracepoint_open=9), pid=1)
    with pytest.raises(NotSupported, match=r"iterating over the task objects of one process \(needs Linux 6.1"):
        attached("iter/task", Machine(link_create=-errno.EINVAL), pid=1)


def test_a_security_program_is_attached_where_the_kernel_will_ask_it():
    for files in ({"/sys/kernel/security/lsm": b"yama,bpf\n"}, {}):
        attached("lsm/file_open", Machine(files, raw_tracepoint_open=9)).close()


def test_patterns(monkeypatch):
    class Traced:
        def __init__(self, listed):
            self.listed = listed

        def read(self, path):
            if isinstance(self.listed, Exception):
                raise self.listed
            return self.listed

    def many(listed, **answers):
        monkeypatch.setattr(kprobes, "open_tracefs", lambda: Traced(listed))
        return attached("kprobe.multi/do_*", Machine(**answers))

    many(b"do_thing\ndo_nothing [module]\nother\n", link_create=9).close()
    assert kprobes.matching_functions("do_*") == ["do_thing", "do_nothing"]
    for listed, answer, error, words in [
        (b"other\n", 9, UnknownProbe, "no function that can be traced"),
        (FileNotFoundError(), 9, NotSupported, "kprobes on many functions"),
        (PermissionError(), 9, PermissionMissing, "reading tracefs"),
        (b"do_thing\n", -errno.EOPNOTSUPP, NotSupported, "needs Linux 5.18"),
        (b"do_thing\n", -errno.EPERM, PermissionMissing, "attaching to kprobe:do_"),
        (b"do_thing\n", -errno.ENOENT, SyscallError, "1 functions"),
    ]:
        with pytest.raises(error) as caught:
            many(listed, link_create=answer)
        assert words in f"{caught.value} {caught.value.hint}"


def test_types_that_a_program_is_loaded_with(monkeypatch):
    btf = synthetic_btf()
    assert btf.by_id(btf_ids.find_attach_btf("tp_btf", "event")[0]).name == "btf_trace_event"
    assert btf.by_id(btf_ids.find_attach_btf("lsm.s", "file_open")[0]).name == "bpf_lsm_file_open"
    with pytest.raises(UnknownProbe, match="did you mean do_thing"):
        btf_ids.find_attach_btf("fexit", "do_thin")
    with pytest.raises(NotSupported, match="programs of section 'fentry'"), swapped(Machine()):
        btf_ids.find_attach_btf("fentry", "module:do_thing")
    monkeypatch.setattr(vmlinux, "_found", [None])
    with pytest.raises(NotSupported, match="CONFIG_DEBUG_INFO_BTF"):
        btf_ids.find_attach_btf("fentry", "do_thing")
