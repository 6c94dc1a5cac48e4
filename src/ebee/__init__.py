"""eBPF for Python, whole: write probes in Python, run them in the Linux kernel or in ebee's own engine.

Importing `ebee` is cheap: each name below is loaded when it is first used.
"""

from __future__ import annotations

from .version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import packets as packets
    from .api.compile import Object as Object
    from .api.compile import compile as compile
    from .api.losses import Loss as Loss
    from .api.session import Attachment as Attachment
    from .api.session import Session as Session
    from .api.session import attach as attach
    from .errors import CommandError as CommandError
    from .errors import CompileError as CompileError
    from .errors import EbeeError as EbeeError
    from .errors import FaultError as FaultError
    from .errors import FormatError as FormatError
    from .errors import NotSupported as NotSupported
    from .errors import PermissionMissing as PermissionMissing
    from .errors import SyscallError as SyscallError
    from .errors import UnknownProbe as UnknownProbe
    from .errors import UsageError as UsageError
    from .errors import VerifierError as VerifierError
    from .types.fields import Bits as Bits
    from .types.fields import Bytes as Bytes
    from .types.fields import List as List
    from .types.fields import Union as Union
    from .types.fields import Width as Width
    from .types.fields import be16 as be16
    from .types.fields import be32 as be32
    from .types.fields import be64 as be64
    from .types.intrinsics import comm as comm
    from .types.intrinsics import cpu as cpu
    from .types.intrinsics import current_task as current_task
    from .types.intrinsics import gid as gid
    from .types.intrinsics import ktime as ktime
    from .types.intrinsics import pid as pid
    from .types.intrinsics import tid as tid
    from .types.intrinsics import uid as uid
    from .types.intrinsics import user_str as user_str
    from .types.map_kinds import BloomFilter as BloomFilter
    from .types.map_kinds import LpmTrie as LpmTrie
    from .types.map_kinds import LruHash as LruHash
    from .types.map_kinds import LruPerCpuHash as LruPerCpuHash
    from .types.map_kinds import PerCpuArray as PerCpuArray
    from .types.map_kinds import PerCpuHash as PerCpuHash
    from .types.map_kinds import Queue as Queue
    from .types.map_kinds import Stack as Stack
    from .types.maps import Array as Array
    from .types.maps import Hash as Hash
    from .types.maps import RingBuf as RingBuf
    from .types.packets import XDP_ABORTED as XDP_ABORTED
    from .types.packets import XDP_DROP as XDP_DROP
    from .types.packets import XDP_PASS as XDP_PASS
    from .types.packets import XDP_REDIRECT as XDP_REDIRECT
    from .types.packets import XDP_TX as XDP_TX
    from .types.probes import Probe as Probe
    from .types.probes import tracepoint as tracepoint
    from .types.probes import xdp as xdp
    from .types.scalars import Str as Str
    from .types.scalars import s8 as s8
    from .types.scalars import s16 as s16
    from .types.scalars import s32 as s32
    from .types.scalars import s64 as s64
    from .types.scalars import u8 as u8
    from .types.scalars import u16 as u16
    from .types.scalars import u32 as u32
    from .types.scalars import u64 as u64
    from .types.structs import Struct as Struct

_HOMES = {
    "api": "packets",
    "api.compile": "Object compile",
    "api.losses": "Loss",
    "api.session": "Attachment Session attach",
    "errors": (
        "CommandError CompileError EbeeError FaultError FormatError NotSupported PermissionMissing SyscallError "
        "UnknownProbe UsageError VerifierError"
    ),
    "types.fields": "Bits Bytes List Union Width be16 be32 be64",
    "types.intrinsics": "comm cpu current_task gid ktime pid tid uid user_str",
    "types.map_kinds": "BloomFilter LpmTrie LruHash LruPerCpuHash PerCpuArray PerCpuHash Queue Stack",
    "types.maps": "Array Hash RingBuf",
    "types.packets": "XDP_ABORTED XDP_DROP XDP_PASS XDP_REDIRECT XDP_TX",
    "types.probes": "Probe tracepoint xdp",
    "types.scalars": "Str s8 s16 s32 s64 u8 u16 u32 u64",
    "types.structs": "Struct",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'ebee' has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
