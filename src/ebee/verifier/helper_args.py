"""What one argument of a helper must be, checked on the register that holds it.

Source: kernel/bpf/verifier.c (Linux 6.18): check_func_arg(), check_reg_type(), check_func_arg_reg_off(),
check_mem_size_reg(), check_helper_mem_access(), check_reg_const_str().
"""

from __future__ import annotations

from . import memory, stack
from .alu import check_read
from .map_access import check_map_value
from .objects import check_dynptr, check_kptr_slot, check_lock, check_timer
from .state import (
    CONST_PTR_TO_DYNPTR,
    CONST_PTR_TO_MAP,
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    MEM_RINGBUF,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_FUNC,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    PTR_TRUSTED,
    SCALAR,
    UNKNOWN_REG,
    Reg,
)
