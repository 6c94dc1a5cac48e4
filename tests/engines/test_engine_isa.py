"""Every instruction against the cases of tests/data/isa: in the engines, and in the kernel where it may run."""

from __future__ import annotations

import isa_cases
import linux_engine
import pytest
from machines import each_machine

from ebee.errors import EbeeError
from ebee.isa.table import ROWS, row_of

# Rows that no case runs: they need maps, which are tested with the backend, or are refused before.
NOT_IN_CASES = {
    "lddw_map_fd", "lddw_map_value", "lddw_btf_id", "lddw_map_idx", "lddw_map_idx_value", "call_kfunc",
}  # fmt: skip


def ids(cases):
    return [case.name.replace(" ", "-") for case in cases]


@each_machine
@pytest.mark.parametrize("case", isa_cases.ALL, ids=ids(isa_cases.ALL))
def test_engine(case, new_machine):
    def run():
        return new_machine().load(case.insns).run(packet=case.packet)

    if case.error:
        with pytest.raises(EbeeError) as caught:
            run()
        assert case.error in str(caught.value)
    else:
        assert run() == case.expected


def test_every_row_has_a_case():
    rows = {row_of(insn).name for case in isa_cases.ALL for insn in case.insns}
    assert {row.name for row in ROWS} - rows == NOT_IN_CASES


FOR_LINUX = [case for case in isa_cases.ALL if not case.not_linux]


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", ["arithmetic", "jumps", "memory", "programs"])
def test_kernel(kind):
    """The same results in Linux: the low half of r0, then (where nothing jumps over the exit) the upper one."""
    names = {case.name for case in getattr(isa_cases, kind)()}
    wrong = []
    for case in (case for case in FOR_LINUX if case.name in names):
        for variant in [case] if kind == "programs" else [case, isa_cases.upper_half(case)]:
            try:
                result = linux_engine.run(variant.insns, case.packet or bytes(50))
            except linux_engine.Refused as error:
                wrong.append(f"{case.name}: refused: {error}")
                break
            if result != variant.expected & 0xFFFF_FFFF:
                wrong.append(f"{case.name}: {result:#x}, not {variant.expected & 0xFFFFFFFF:#x}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.needs_kernel
def test_kernel_refuses_what_the_cases_say():
    arithmetic = [case for case in isa_cases.arithmetic() if case.not_linux]
    assert arithmetic
    for case in arithmetic:
        with pytest.raises(linux_engine.Refused):
            linux_engine.run(case.insns)
