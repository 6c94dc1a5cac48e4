"""`ebee verify`: what a verifier says of programs, and why."""

from __future__ import annotations

from ..api.objects import Object
from ..api.verify import verdicts_accept, verify
from ..errors import UsageError
from ..verifier.rules import RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.object import ObjectSpec
    from ..types.probes import Probe
    from ..types.struct_ops import StructOps

REFUSED = 4


def verify_file(
    file: str, *, as_json: bool, log: str, kernel: str, unprivileged: bool, strict_alignment: bool, everything: bool,
    section: str, target: str, kconfig: Sequence[str],
) -> int:
    """Print the verdict on each program of a file and return the exit code. Raises: EbeeError."""
    verdicts = verify(
        *_programs(file, section), log=log, kernel=kernel, unprivileged=unprivileged, strict_alignment=strict_alignment,
        target=target, kconfig=dict(_variable(word) for word in kconfig),
    )  # fmt: skip
    shown = verdicts if everything else [v for v in verdicts if not v.accepted] or verdicts
    if as_json:
        import json

        print(json.dumps([v.to_dict() for v in verdicts], indent=2))
    else:
        print("\n".join(verdict.render() for verdict in shown))
        if len(shown) < len(verdicts):
            print(f"{len(verdicts) - len(shown)} other programs are accepted: --all shows them")
    return 0 if verdicts_accept(verdicts) else REFUSED


def _variable(word: str) -> tuple[str, str]:
    name, is_given, value = word.partition("=")
    if not is_given:
        raise UsageError(f"--kconfig {word} has no value", hint="write --kconfig CONFIG_HZ=250")
    return name, value


def _programs(file: str, section: str) -> Sequence[Probe | type[StructOps] | Object | str]:
    if file.endswith(".py"):
        from .disasm import check_names, declarations_of

        probes = declarations_of(file)
        check_names((), [p.__name__ if isinstance(p, type) else p.name for p in probes], file)
        return probes
    if file.endswith(".c"):
        from ..api.c_sources import compile_c
        from ..elf.read import read_object

        return [Object(read_object(compile_c(file), file))]
    if file.endswith((".S", ".s", ".asm")):
        return [Object(_assembled(file, section))]
    return [file]


def _assembled(file: str, section: str) -> ObjectSpec:
    """Return the object of an assembly text: one program."""
    from ..abi.helpers import HELPER_IDS
    from ..btf.build import BtfBuilder
    from ..isa.asm import assemble_listing
    from ..spec.object import LineInfo, ObjectSpec, ProgramSpec
    from ..spec.sections import parse_section
    from .run import read_source

    text = read_source(file)
    listing = assemble_listing(text, file, helpers=HELPER_IDS)
    if not listing.insns:
        raise UsageError(f"there is no instruction in {file}")
    found = parse_section(section)
    program = ProgramSpec(
        "program", section, found.prog_type, found.attach_to, found.expected_attach_type, found.prog_flags,
        listing.insns,
    )  # fmt: skip
    btf = BtfBuilder()
    name_off = btf.string(file)
    program.line_info = [
        LineInfo(i, name_off, btf.string(span.text.rstrip()), span.line) for i, span in enumerate(listing.spans)
    ]
    btf.add_int("int", 4)
    return ObjectSpec("assembly", {"program": program}, btf=btf.encode())


def show_rules(name: str) -> int:
    """Print a rule, or with `all` every rule, and return the exit code. Raises: UsageError."""
    if name != "all" and name not in RULES:
        from difflib import get_close_matches

        close = get_close_matches(name, RULES, 3)
        hint = f"did you mean {' or '.join(close)}?" if close else "`ebee verify --explain all` lists them"
        raise UsageError(f"there is no rule {name!r}", hint=hint)
    for rule in RULES.values() if name == "all" else [RULES[name]]:
        print(f"{rule.name}: {rule.words}")
        if name != "all":
            print(f"  what to do: {rule.hint}")
            for title, text in (("Python", rule.python), ("C", rule.c), ("bpftrace", rule.bpftrace)):
                if text:
                    print(f"  {title}: {text}")
    return 0
