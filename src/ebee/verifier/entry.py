"""The way into the verifier from an object's program: what it says."""

from __future__ import annotations

from ..errors import BtfError, InternalError
from .explore import verify
from .refusal import Options, Refusal, Verdict
from .setting import setting_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ObjectSpec, ProgramSpec
    from ..spec.target import Target


MOST_INSNS = 1_000_000  # BPF_COMPLEXITY_LIMIT_INSNS


def verify_program(
    prog: ProgramSpec, obj: ObjectSpec, target: Target | None = None, options: Options | None = None
) -> Verdict:
    """Return the verdict on a program of an object.

    Raises: InternalError if the verifier itself fails, which is to count as a refusal.
    """
    count = len(prog.insns)
    if not 0 < count <= MOST_INSNS:
        return Verdict(False, Refusal("program_size", 0, f"a program of {count} instructions"))
    try:
        options = options or Options()
        return verify(setting_of(prog, obj, target, options.kernel), options)
    except BtfError as e:  # types that are none: the object's fault
        return Verdict(False, Refusal("line_info", 0, str(e)))
    except Exception as e:
        what = f"the verifier failed on program {prog.name!r}: {type(e).__name__}: {e}"
        raise InternalError(what, hint="the program counts as refused") from e
