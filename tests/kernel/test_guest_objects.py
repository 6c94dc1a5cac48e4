"""Every object that is compiled for guests is loaded there, and attached where it can be."""

from __future__ import annotations

import pytest

import ebee
import kernel_features
from clang_objects import FOR_GUESTS, compiled
from ebee.spec.sections import parse_section

pytestmark = [
    pytest.mark.needs_kernel,
    pytest.mark.needs_root,
    pytest.mark.vm,
    pytest.mark.skipif(not kernel_features.in_guest(), reason="its programs see a whole machine, so one of its own"),
]
# What kinds of sections, and whole objects, need of the kernel.
SECTIONS = {
    "kprobe": "kprobe", "kretprobe": "kprobe", "ksyscall": "kprobe", "kprobe.multi": "kprobe_multi", "tcx/ingress": "tcx",
    "tcx/egress": "tcx", "fentry": "fentry", "fexit": "fentry", "lsm": "lsm",
}  # fmt: skip
OBJECTS = {
    "struct_ops": "struct_ops_link", "arena": "arena", "arena_pages": "arena", "throwing": "exceptions",
    "jumping": "jump_tables", "scheduler": "sched_ext",
}  # fmt: skip
# Where those attach whose sections do not say it; the others attach to nothing by themselves.
PLACES = {
    "hooks": {}, "struct_ops": {}, "counting": {}, "many": {}, "scheduler": {},
    "packets": {"interface": "lo", "cgroup": "/sys/fs/cgroup"},
}  # fmt: skip


def lacks(feature):
    """Whether this kernel was not built with it."""
    return bool(feature and kernel_features.missing(feature))


@pytest.mark.parametrize("of", FOR_GUESTS, ids=" ".join)
def test_it_is_loaded_and_attached(of):
    name, *flags = of
    if lacks(feature := OBJECTS.get(name)):
        with pytest.raises(ebee.EbeeError), ebee.load(compiled(name, *flags)) as obj:
            obj.attach().close()  # a struct of functions is registered only then
        assert kernel_features.missing(feature)
        return
    with ebee.read(compiled(name, *flags)) as obj:
        for map in obj.spec.maps.values():
            map.pinning = 0
        left = []
        for program in obj.programs.values():
            if lacks(SECTIONS.get(parse_section(program.section).kind)):
                program.autoload = False
            elif program.autoload:
                left.append(program)
        obj.load(kconfig={"CONFIG_BPF": "y"})
        loaded = {p.name for p in ebee.Program.all()}
        assert all(program.name[:15] in loaded for program in left)
        if name in PLACES:
            with obj.attach(**PLACES[name]) as attachment:
                assert len(attachment.links) >= 1
