"""`ebee filter`: tcpdump's expressions and classic BPF programs: shown, converted, run over files."""

from __future__ import annotations

import sys

from ..api.filters import ClassicFilter, classic_filter, describe_seccomp, pcap_filter, read_pcap, seccomp_filters
from ..errors import FormatError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..pcap.capture import Captured

STYLES = {"d": "tcpdump", "dd": "c", "ddd": "numbers", "asm": "asm"}


def show(expression: str, link: str, form: str, program: str | None) -> int:
    """Print an expression's program, or one that is read from a file (`-`: standard input), in a form."""
    filter = pcap_filter(expression, link=link) if program is None else _read_program(program)
    if form == "ebpf":
        from ..isa.disasm import disassemble

        print("\n".join(disassemble(filter.to_object().spec.programs["filter"].insns)))
    elif form == "words":
        print(describe_seccomp(filter))
    elif form == "c":
        print(f"struct sock_filter filter[{len(filter.insns)}] = {{")
        print("\n".join(f"\t{line}" for line in filter.listing("c").splitlines()))
        print("};")
    else:
        print(filter.listing(STYLES[form]))  # type: ignore[arg-type]
    return 0


def _read_program(path: str) -> ClassicFilter:
    try:
        if path == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                data = file.read()
    except OSError as e:
        raise FormatError(f"cannot be read: {e.strerror}", file=path) from None
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return classic_filter(data)
    return classic_filter(data if "\0" in text else text)


def search(expression: str, path: str, output: str | None, only_count: bool) -> int:
    """Print, or write to a file, the packets of a file that match; return 0 if there were some, else 1 as grep does."""
    filters: dict[int, ClassicFilter] = {}
    seen = matched = 0

    def matching() -> Iterator[Captured]:
        nonlocal seen, matched
        try:
            for packet in read_pcap(path):
                if packet.link not in filters:
                    filters[packet.link] = pcap_filter(expression, link=packet.link)
                seen += 1
                if filters[packet.link].matches(packet.data, length=packet.length):
                    matched += 1
                    yield packet
        except OSError as e:
            raise FormatError(f"cannot be read: {e.strerror}", file=path) from None

    if output is not None:
        _write(matching(), output)
    else:
        for packet in matching():
            if not only_count:
                seconds, ns = divmod(packet.ts_ns, 10**9)
                print(f"{seen}: {seconds}.{ns:09} {packet.length} bytes: {packet.data[:32].hex(' ')}")
    if only_count:
        print(matched)
    else:
        print(f"{matched} of {seen} packets match", file=sys.stderr)
    return 0 if matched else 1


def _write(packets: Iterator[Captured], output: str) -> None:
    from ..pcap.capture import write_packets

    first = next(packets, None)
    link = first.link if first is not None else 1

    def all_packets() -> Iterator[Captured]:
        if first is not None:
            yield first
        for packet in packets:
            if packet.link != link:
                raise UsageError("packets of several link types do not fit in one pcap file")
            yield packet

    try:
        with open(output, "wb") as file:
            file.writelines(write_packets(all_packets(), link))
    except OSError as e:
        raise FormatError(f"cannot be written: {e.strerror}", file=output) from None


def seccomp(pid: int, form: str) -> int:
    """Print the seccomp filters of a process."""
    filters = seccomp_filters(pid)
    if not filters:
        print(f"process {pid} has no seccomp filter", file=sys.stderr)
    for at, filter in enumerate(filters):
        print(f"filter {at + 1} of {len(filters)}, {len(filter.insns)} instructions")
        print(describe_seccomp(filter) if form == "words" else filter.listing(STYLES.get(form, "tcpdump")))  # type: ignore[arg-type]
    return 0
