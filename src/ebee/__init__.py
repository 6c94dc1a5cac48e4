"""eBPF for Python, whole: write probes in Python, run them in the Linux kernel or in ebee's own engine.

Importing `ebee` is cheap: each name below is loaded when it is first used.
"""

from __future__ import annotations

from .version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import helpers as helpers
    from .api import packets as packets
    from .api.compile import compile as compile
    from .api.filters import ClassicFilter as ClassicFilter
    from .api.filters import attach_filter as attach_filter
    from .api.filters import classic_filter as classic_filter
    from .api.filters import describe_seccomp as describe_seccomp
    from .api.filters import detach_filter as detach_filter
    from .api.filters import pcap_filter as pcap_filter
    from .api.filters import read_filter as read_filter
    from .api.filters import read_pcap as read_pcap
    from .api.filters import seccomp_filters as seccomp_filters
    from .api.histograms import print_histogram as print_histogram
    from .api.histograms import render_histogram as render_histogram
    from .api.live import Attachment as Attachment
    from .api.losses import Loss as Loss
    from .api.objects import Object as Object
    from .api.objects import load as load
    from .api.objects import read as read
    from .api.session import Session as Session
    from .api.session import attach as attach
    from .api.session import lines as lines
    from .api.session import rows as rows
    from .api.syscall_names import syscall_name as syscall_name
    from .api.user_functions import usdt_probes as usdt_probes
    from .api.user_functions import user_functions as user_functions
    from .api.verify import ProgramVerdict as ProgramVerdict
    from .api.verify import verify as verify
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
    from .kernel.live_links import Link as Link
    from .kernel.live_programs import Program as Program
    from .kernel.live_programs import RunStats as RunStats
    from .kernel.objects import Map as Map
    from .kernel.objects import unpin as unpin
    from .symbols.demangle import demangle as demangle
    from .symbols.kernel import kernel_functions as kernel_functions
    from .symbols.kernel import kernel_symbol as kernel_symbol
    from .symbols.names import Symbols as Symbols
    from .symbols.names import file_symbol as file_symbol
    from .symbols.names import user_symbol as user_symbol
    from .types import linux as linux
    from .types.arena import Arena as Arena
    from .types.call_stacks import CallStack as CallStack
    from .types.call_stacks import FileOffset as FileOffset
    from .types.call_stacks import Frame as Frame
    from .types.fields import Bits as Bits
    from .types.fields import Bytes as Bytes
    from .types.fields import List as List
    from .types.fields import Union as Union
    from .types.fields import Width as Width
    from .types.fields import be16 as be16
    from .types.fields import be32 as be32
    from .types.fields import be64 as be64
    from .types.globals import Global as Global
    from .types.headers import Header as Header
    from .types.inner_maps import ArrayOfMaps as ArrayOfMaps
    from .types.inner_maps import HashOfMaps as HashOfMaps
    from .types.intrinsics import boot_ns as boot_ns
    from .types.intrinsics import cgroup_id as cgroup_id
    from .types.intrinsics import cmpxchg as cmpxchg
    from .types.intrinsics import comm as comm
    from .types.intrinsics import cpu as cpu
    from .types.intrinsics import current_cgroup as current_cgroup
    from .types.intrinsics import current_task as current_task
    from .types.intrinsics import enum_value as enum_value
    from .types.intrinsics import fetch_add as fetch_add
    from .types.intrinsics import fetch_and as fetch_and
    from .types.intrinsics import fetch_or as fetch_or
    from .types.intrinsics import fetch_xor as fetch_xor
    from .types.intrinsics import followed as followed
    from .types.intrinsics import gid as gid
    from .types.intrinsics import has_enum_value as has_enum_value
    from .types.intrinsics import has_type as has_type
    from .types.intrinsics import kernel_str as kernel_str
    from .types.intrinsics import ktime as ktime
    from .types.intrinsics import log2 as log2
    from .types.intrinsics import numa_node as numa_node
    from .types.intrinsics import pid as pid
    from .types.intrinsics import random as random
    from .types.intrinsics import read_kernel as read_kernel
    from .types.intrinsics import read_user as read_user
    from .types.intrinsics import redirect as redirect
    from .types.intrinsics import redirect_peer as redirect_peer
    from .types.intrinsics import signal as signal
    from .types.intrinsics import sizeof as sizeof
    from .types.intrinsics import tid as tid
    from .types.intrinsics import uid as uid
    from .types.intrinsics import user_str as user_str
    from .types.intrinsics import xchg as xchg
    from .types.kernel_hooks import fentry as fentry
    from .types.kernel_hooks import fexit as fexit
    from .types.kernel_hooks import fmod_ret as fmod_ret
    from .types.kernel_hooks import iter as iter
    from .types.kernel_hooks import kprobe as kprobe
    from .types.kernel_hooks import kprobe_session as kprobe_session
    from .types.kernel_hooks import kretprobe as kretprobe
    from .types.kernel_hooks import kretsyscall as kretsyscall
    from .types.kernel_hooks import ksyscall as ksyscall
    from .types.kernel_hooks import lsm as lsm
    from .types.kernel_hooks import lsm_cgroup as lsm_cgroup
    from .types.kernel_hooks import raw_tracepoint as raw_tracepoint
    from .types.kernel_hooks import syscall_program as syscall_program
    from .types.kernel_hooks import tp_btf as tp_btf
    from .types.kernel_structs import KernelStruct as KernelStruct
    from .types.kernel_structs import Ptr as Ptr
    from .types.kfuncs import dynptr as dynptr
    from .types.kfuncs import iter_num as iter_num
    from .types.kfuncs import iter_task as iter_task
    from .types.kfuncs import kfunc as kfunc
    from .types.kfuncs import kfunc_iter as kfunc_iter
    from .types.kfuncs import kptr_xchg as kptr_xchg
    from .types.kfuncs import preempt_disabled as preempt_disabled
    from .types.kfuncs import rcu as rcu
    from .types.ksyms import Ksym as Ksym
    from .types.ksyms import ksym as ksym
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
    from .types.net_hooks import BPF_DROP as BPF_DROP
    from .types.net_hooks import BPF_FLOW_DISSECTOR_CONTINUE as BPF_FLOW_DISSECTOR_CONTINUE
    from .types.net_hooks import BPF_LWT_REROUTE as BPF_LWT_REROUTE
    from .types.net_hooks import BPF_OK as BPF_OK
    from .types.net_hooks import BPF_REDIRECT as BPF_REDIRECT
    from .types.net_hooks import NF_ACCEPT as NF_ACCEPT
    from .types.net_hooks import NF_DROP as NF_DROP
    from .types.net_hooks import SK_DROP as SK_DROP
    from .types.net_hooks import SK_PASS as SK_PASS
    from .types.net_hooks import TC_ACT_OK as TC_ACT_OK
    from .types.net_hooks import TC_ACT_PIPE as TC_ACT_PIPE
    from .types.net_hooks import TC_ACT_QUEUED as TC_ACT_QUEUED
    from .types.net_hooks import TC_ACT_RECLASSIFY as TC_ACT_RECLASSIFY
    from .types.net_hooks import TC_ACT_REDIRECT as TC_ACT_REDIRECT
    from .types.net_hooks import TC_ACT_REPEAT as TC_ACT_REPEAT
    from .types.net_hooks import TC_ACT_SHOT as TC_ACT_SHOT
    from .types.net_hooks import TC_ACT_STOLEN as TC_ACT_STOLEN
    from .types.net_hooks import TC_ACT_TRAP as TC_ACT_TRAP
    from .types.net_hooks import TC_ACT_UNSPEC as TC_ACT_UNSPEC
    from .types.net_maps import CpuMap as CpuMap
    from .types.net_maps import DevMap as DevMap
    from .types.net_maps import DevMapHash as DevMapHash
    from .types.net_maps import ReuseportSockArray as ReuseportSockArray
    from .types.net_maps import SockHash as SockHash
    from .types.net_maps import SockMap as SockMap
    from .types.net_maps import XskMap as XskMap
    from .types.net_probes import cgroup_device as cgroup_device
    from .types.net_probes import cgroup_skb as cgroup_skb
    from .types.net_probes import cgroup_sock as cgroup_sock
    from .types.net_probes import cgroup_sock_addr as cgroup_sock_addr
    from .types.net_probes import flow_dissector as flow_dissector
    from .types.net_probes import lwt as lwt
    from .types.net_probes import netfilter as netfilter
    from .types.net_probes import netkit as netkit
    from .types.net_probes import sk_lookup as sk_lookup
    from .types.net_probes import sk_msg as sk_msg
    from .types.net_probes import sk_reuseport as sk_reuseport
    from .types.net_probes import sk_skb as sk_skb
    from .types.net_probes import sock_ops as sock_ops
    from .types.net_probes import socket_filter as socket_filter
    from .types.net_probes import sockopt as sockopt
    from .types.net_probes import sysctl as sysctl
    from .types.net_probes import tc as tc
    from .types.net_probes import xdp as xdp
    from .types.packets import XDP_ABORTED as XDP_ABORTED
    from .types.packets import XDP_DROP as XDP_DROP
    from .types.packets import XDP_PASS as XDP_PASS
    from .types.packets import XDP_REDIRECT as XDP_REDIRECT
    from .types.packets import XDP_TX as XDP_TX
    from .types.perf_hooks import breakpoint as breakpoint
    from .types.perf_hooks import interval as interval
    from .types.perf_hooks import perf_event as perf_event
    from .types.perf_hooks import profile as profile
    from .types.perf_maps import PerfEventArray as PerfEventArray
    from .types.probes import Probe as Probe
    from .types.probes import tracepoint as tracepoint
    from .types.programs import ProgArray as ProgArray
    from .types.scalars import Str as Str
    from .types.scalars import s8 as s8
    from .types.scalars import s16 as s16
    from .types.scalars import s32 as s32
    from .types.scalars import s64 as s64
    from .types.scalars import u8 as u8
    from .types.scalars import u16 as u16
    from .types.scalars import u32 as u32
    from .types.scalars import u64 as u64
    from .types.special import Kptr as Kptr
    from .types.special import SpinLock as SpinLock
    from .types.stacks import StackTrace as StackTrace
    from .types.stacks import kernel_stack as kernel_stack
    from .types.stacks import stack_id as stack_id
    from .types.stacks import user_stack as user_stack
    from .types.storage import CgroupStorage as CgroupStorage
    from .types.storage import InodeStorage as InodeStorage
    from .types.storage import SkStorage as SkStorage
    from .types.storage import TaskStorage as TaskStorage
    from .types.struct_ops import StructOps as StructOps
    from .types.structs import Struct as Struct
    from .types.structs import fields as fields
    from .types.subprograms import Context as Context
    from .types.subprograms import freplace as freplace
    from .types.subprograms import inline as inline
    from .types.subprograms import subprogram as subprogram
    from .types.timers import Timer as Timer
    from .types.timers import WorkQueue as WorkQueue
    from .types.user_hooks import uprobe as uprobe
    from .types.user_hooks import uprobe_session as uprobe_session
    from .types.user_hooks import uretprobe as uretprobe
    from .types.user_hooks import usdt as usdt
    from .types.user_rings import UserRingBuf as UserRingBuf

_HOMES = {
    "api": "packets",
    "types": "linux",
    "api.compile": "compile",
    "api.verify": "ProgramVerdict verify",
    "api.filters": (
        "ClassicFilter attach_filter classic_filter describe_seccomp detach_filter pcap_filter read_filter read_pcap "
        "seccomp_filters"
    ),
    "api.histograms": "print_histogram render_histogram",
    "api.live": "Attachment",
    "api.losses": "Loss",
    "api.objects": "Object load read",
    "api.session": "Session attach lines rows",
    "api.user_functions": "usdt_probes user_functions",
    "api.syscall_names": "syscall_name",
    "errors": (
        "CommandError CompileError EbeeError FaultError FormatError NotSupported PermissionMissing SyscallError "
        "UnknownProbe UsageError VerifierError"
    ),
    "kernel.live_links": "Link",
    "kernel.live_programs": "Program RunStats",
    "kernel.objects": "Map unpin",
    "types.arena": "Arena",
    "symbols.kernel": "kernel_functions kernel_symbol",
    "symbols.demangle": "demangle",
    "symbols.names": "Symbols file_symbol user_symbol",
    "types.call_stacks": "CallStack FileOffset Frame",
    "types.fields": "Bits Bytes List Union Width be16 be32 be64",
    "types.globals": "Global",
    "types.headers": "Header",
    "types.inner_maps": "ArrayOfMaps HashOfMaps",
    "types.intrinsics": (
        "boot_ns cgroup_id cmpxchg comm cpu current_cgroup current_task enum_value fetch_add fetch_and fetch_or "
        "fetch_xor followed gid has_enum_value has_type kernel_str ktime log2 numa_node pid random read_kernel "
        "read_user redirect redirect_peer signal sizeof tid uid user_str xchg"
    ),
    "types.kernel_hooks": (
        "fentry fexit fmod_ret iter kprobe kprobe_session kretprobe kretsyscall ksyscall lsm lsm_cgroup "
        "raw_tracepoint syscall_program tp_btf"
    ),
    "types.kernel_structs": "KernelStruct Ptr",
    "types.kfuncs": "dynptr iter_num iter_task kfunc kfunc_iter kptr_xchg preempt_disabled rcu",
    "types.ksyms": "Ksym ksym",
    "types.map_kinds": "BloomFilter LpmTrie LruHash LruPerCpuHash PerCpuArray PerCpuHash Queue Stack",
    "types.maps": "Array Hash RingBuf",
    "types.net_hooks": (
        "BPF_DROP BPF_FLOW_DISSECTOR_CONTINUE BPF_LWT_REROUTE BPF_OK BPF_REDIRECT NF_ACCEPT NF_DROP SK_DROP SK_PASS "
        "TC_ACT_OK TC_ACT_PIPE TC_ACT_QUEUED TC_ACT_RECLASSIFY TC_ACT_REDIRECT TC_ACT_REPEAT TC_ACT_SHOT TC_ACT_STOLEN "
        "TC_ACT_TRAP TC_ACT_UNSPEC"
    ),
    "types.net_maps": "CpuMap DevMap DevMapHash ReuseportSockArray SockHash SockMap XskMap",
    "types.net_probes": (
        "cgroup_device cgroup_skb cgroup_sock cgroup_sock_addr flow_dissector lwt netfilter netkit sk_lookup sk_msg "
        "sk_reuseport sk_skb sock_ops socket_filter sockopt sysctl tc xdp"
    ),
    "types.packets": "XDP_ABORTED XDP_DROP XDP_PASS XDP_REDIRECT XDP_TX",
    "types.perf_hooks": "breakpoint interval perf_event profile",
    "types.perf_maps": "PerfEventArray",
    "types.probes": "Probe tracepoint",
    "types.programs": "ProgArray",
    "types.scalars": "Str s8 s16 s32 s64 u8 u16 u32 u64",
    "types.stacks": "StackTrace kernel_stack stack_id user_stack",
    "types.storage": "CgroupStorage InodeStorage SkStorage TaskStorage",
    "types.special": "Kptr SpinLock",
    "types.struct_ops": "StructOps",
    "types.structs": "Struct fields",
    "types.timers": "Timer WorkQueue",
    "types.user_hooks": "uprobe uprobe_session uretprobe usdt",
    "types.user_rings": "UserRingBuf",
    "types.subprograms": "Context freplace inline subprogram",
}
_MODULES = frozenset(("helpers",))
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

# Who declares a probe will attach it. What that takes is imported with the decorator: the less there is between
# attach() and the first event, the fewer of them are missed.
_DECORATORS = frozenset((
    "types.kernel_hooks", "types.net_probes", "types.perf_hooks", "types.probes", "types.user_hooks",
))  # fmt: skip

# What `from ebee import *` leaves out: it would hide functions and modules of Python's own. Say ebee.signal(…).
_NOT_STARRED = frozenset(("breakpoint", "compile", "iter", "random", "signal"))

__all__ = ["__version__", *sorted({*_HOME_OF, *_MODULES} - _NOT_STARRED)]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(__import__(f"{__name__}.{name}"), name)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'ebee' has no attribute {name!r}")
    value = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    if home in _DECORATORS and name != "Probe":
        __import__(f"{__name__}.api.session")
        __import__(f"{__name__}.api.source")
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_NOT_STARRED})
