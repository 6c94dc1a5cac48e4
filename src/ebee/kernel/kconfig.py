"""What the kernel was configured with, and what else libbpf fills into `.kconfig`.

Source: bpf_object__read_kconfig_file, set_kcfg_value_* and bpf_object__resolve_externs in libbpf.c (libbpf 1.6).
"""

from __future__ import annotations

import os

from ..errors import NotSupported, UsageError
from ..sys.os_seam import current

_PATHS = "/proc/config.gz", "/boot/config-{release}"
LINUX_KERNEL_VERSION = "LINUX_KERNEL_VERSION"
_GET_ATTACH_COOKIE = 174


def kernel_config() -> dict[str, str]:
    """Return the values of the running kernel's configuration, as they are written. Raises: NotSupported."""
    release = os.uname().release
    for path in _PATHS:
        try:
            data = current().read_file(path.format(release=release))
        except OSError:
            continue
        if path.endswith(".gz"):
            import gzip

            data = gzip.decompress(data)
        return parse_config(data.decode("utf-8", "replace"))
    raise NotSupported(
        "the kernel's configuration: neither /proc/config.gz nor /boot/config-… is there",
        hint="give it: ebee.load(…, kconfig={'CONFIG_HZ': '250'})",
    )


def parse_config(text: str) -> dict[str, str]:
    """Return the values of lines `CONFIG_NAME=value`."""
    pairs = (line.partition("=") for line in text.splitlines() if line.startswith("CONFIG_"))
    return {name: value.strip() for name, _, value in pairs}


def virtual_values(*, is_kernel: bool) -> dict[str, str]:
    """Return what is no configuration, and asked for by the same means; `is_kernel`: the kernel runs the programs."""
    from .features import has_helper

    version, *_rest = os.uname().release.partition("-")[0].split(".", 3), ""
    numbers = [int("".join(c for c in part if c.isdigit()) or 0) for part in (*version, "0", "0")][:3]
    return {
        LINUX_KERNEL_VERSION: str(numbers[0] << 16 | numbers[1] << 8 | min(numbers[2], 255)),
        "LINUX_HAS_BPF_COOKIE": "y" if is_kernel and has_helper(_GET_ATTACH_COOKIE) else "n",
        "LINUX_HAS_SYSCALL_WRAPPER": "y" if os.uname().machine in ("x86_64", "aarch64", "s390x", "riscv64") else "n",
    }


def value_bytes(name: str, text: str, size: int, is_signed: bool, is_bool: bool, is_array: bool) -> bytes:
    """Return the bytes of a variable of `.kconfig`: y, n and m as libbpf has them, texts cut where they are too long.

    Raises: UsageError.
    """
    if is_array:
        if len(text) < 2 or not text[0] == text[-1] == '"':
            hint = f"write it as the configuration does: {name}=\"…\""
            raise UsageError(f"{name}={text} is no text, and the object's variable is an array", hint=hint)
        return text[1:-1].encode()[: size - 1].ljust(size, b"\0")
    if text in ("y", "n", "m"):
        # enum libbpf_tristate: TRI_NO, TRI_YES, TRI_MODULE; of a char the letter, of a bool whether it is built in.
        if is_bool and text == "m":
            raise UsageError(f"{name}=m, and the object's variable is a bool", hint="declare it as an enum of three")
        number = ord(text) if size == 1 and not is_bool else "nym".index(text)
    else:
        try:
            number = int(text, 0)
        except ValueError:
            raise UsageError(f"{name}={text} is no number, and the object's variable is one") from None
    low, high = (-(1 << 8 * size - 1), 1 << 8 * size - 1) if is_signed else (0, 1 << 8 * size)
    if not low <= number < high:
        raise UsageError(f"{name}={text} does not fit into the {size} bytes of the object's variable")
    return (number & (1 << 8 * size) - 1).to_bytes(size, "little")
