"""The running kernel's verdict on a case: it is loaded and let go again, never run."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from verdict_cases import Verdict, encode_slots

from ebee.btf.read import Btf
from ebee.errors import EbeeError
from ebee.kernel import programs
from ebee.kernel.maps import KernelMap
from ebee.kernel.target import Tracepoints
from ebee.kernel.types import ObjectTypes
from ebee.sys.objects import map_info
from ebee.sys.os_seam import Fd
from ebee.verifier.kernel_log import read_log
from ebee.verifier.special_fields import special_fields

if TYPE_CHECKING:
    from verdict_cases import Case

    from ebee.spec.object import MapSpec

LOG_BYTES = 1 << 18
_ENOSPC = 28
_STATS, _PATH = 4, 1
_PROCESSED = re.compile(r"^processed (\d+) insns", re.M)


def kernel_version() -> str:
    """Return the running kernel's version as cases name it: `6.18`."""
    return ".".join(os.uname().release.split("-")[0].split(".")[:2])


def _has_fields(case: Case, spec: MapSpec) -> bool:
    return bool(spec.value_type_id and special_fields(Btf(case.spec.btf), spec.value_type_id))


def load_log(case: Case, log_level: int = _PATH | _STATS, *, whole_maps: bool = False) -> tuple[int, str]:
    """Load a case's program and let it go: 0 or minus the error number, and the verifier's log.

    `whole_maps`: maps whose special fields the kernel does not know are not to be had.
    Raises: EbeeError if what the program needs (maps, hooks) is not to be had.
    """
    maps: dict[str, KernelMap] = {}
    types = ObjectTypes(case.spec)
    try:
        if case.spec.btf and types.fd < 0:
            raise EbeeError(f"the kernel does not take the types of case {case.name}")
        for name, spec in case.spec.maps.items():
            maps[name] = made = KernelMap(spec, types.fd)
            if whole_maps and not map_info(made.fd.number)["btf_id"] and _has_fields(case, spec):
                raise EbeeError(f"the kernel does not take the types of map {name}")
        command = programs.load_command(
            case.program, case.spec, types, maps, Tracepoints(), encode=lambda insns, _: encode_slots(insns)
        )
        result, log = command.load_with_log(log_level, LOG_BYTES)
        if result >= 0:
            Fd(result).close()
        return min(result, 0), log
    finally:
        for made in maps.values():
            made.close()
        types.close()


def kernel_verdict(case: Case, *, whole_maps: bool = False) -> Verdict:
    """Return the verdict of the running kernel. Raises: EbeeError as `load_log`."""
    result, log = load_log(case, whole_maps=whole_maps)
    if result == -_ENOSPC:
        result, _ = load_log(case, _STATS)
    if result >= 0:
        found = _PROCESSED.search(log)
        return Verdict(True, int(found[1]) if found else 0)
    report = read_log(log)
    if not report.message:
        return Verdict(False, 0, os.strerror(-result), "no_message")
    line = 0 if report.insn_idx is None else case.line_of_slot(report.insn_idx)
    return Verdict(False, 0, report.message, report.rule, line)
