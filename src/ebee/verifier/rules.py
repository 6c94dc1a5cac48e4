"""The rules that a verifier enforces: a stable name, what it means, what to write instead, and the kernel's messages.

Messages are matched in the order of the table: the first rule with a pattern that is found in a message is the rule.
Source: verbose() calls in kernel/bpf/verifier.c, cfg.c, btf.c, liveness.c and log.c (Linux 5.10 to 7.3).
"""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

PYTHON, C, BPFTRACE, ASM = "python", "c", "bpftrace", "asm"
WRITTEN = (PYTHON, C, BPFTRACE)  # what rules have words for


class Rule(Record):
    """One rule. `words` say what must hold; `hint` what to do in any language; the others what to write in theirs.

    `patterns` are regular expressions of the kernel's messages.
    """

    name: str
    words: str
    hint: str
    patterns: tuple[str, ...]
    python: str = ""
    c: str = ""
    bpftrace: str = ""

    def advice(self, language: str = "") -> str:
        """Return what to write instead, in `python`, `c`, `bpftrace`, or in no language."""
        return (language in WRITTEN and getattr(self, language)) or self.hint


OTHER = "other"  # the rule of a message that no pattern knows

_MANY = "give it fewer paths: fewer branches in loops, smaller bounds, or functions that are verified once"

# fmt: off
TABLE: tuple[Rule, ...] = (
    # -- the shape of the program
    Rule("program_size", "a program has from 1 to 1,000,000 instructions (4,096 for users without privilege).",
         "split it into programs that tail-call each other", (r"too many instructions", r"^no program is there")),
    Rule("cfg_fallthrough", "each function ends with exit or with a jump, so that nothing runs on behind its end.",
         "end the function with exit", (r"last insn is not an exit or jmp", r"not an exit")),
    Rule("cfg_jump_range", "a jump goes to an instruction of its own function.",
         "let the jump end at an instruction of this function", (r"jump out of range", r"jump to reserved code",
         r"jump into the middle of ldimm64", r"invalid jump", r"goto(?:l|_or_nop)? .*out of range",
         r"jump .*middle")),
    Rule("cfg_unreachable", "every instruction can be reached.",
         "remove the instructions that can never run", (r"unreachable insn",)),
    Rule("function_removed", "a function whose address is taken is called: the kernel removes one that never is.",
         "call the function, or do not take its address: a loop of 0 turns calls nothing",
         (r"No program to jit at insn",)),
    Rule("cfg_loop", "users without privilege may not have loops; others need loops that move on.",
         "write the loop out, or load with CAP_BPF", (r"back-edge from insn",)),
    Rule("cfg_jump_table", "a jump through a table (gotox) goes to an instruction that its table names.",
         "take the address from the jump table's map, with the index in its bounds",
         (r"gotox", r"jump table", r"insn_array")),
    Rule("infinite_loop", "a loop comes to its end: some value must change from one turn to the next.",
         "count in the loop, and leave it when the count is reached", (r"infinite loop detected",
         r"loop is not bounded"),
         python="write `for i in range(N)` with a constant bound, or change what the `while` compares",
         c="write for (i = 0; i < N; i++), or bpf_loop() for many turns",
         bpftrace="write `unroll (N) { ... }` or a `while` that counts to a constant"),
    Rule("complexity", "a verifier looks at no more than 1,000,000 instructions on all paths together.",
         _MANY, (r"BPF program is too large", r"processed \d+ insn$", r"complexity"),
         python=_MANY + "; `for i in range(N)` with a large N becomes bpf_loop where its body is a function",
         c="use bpf_loop() or bpf_for() instead of an unrolled loop, and __noinline functions with BTF (global)"),
    Rule("jump_sequence", "at most 8,192 branches wait to be looked at on one path.",
         _MANY, (r"sequence of \d+ jumps is too complex", r"The sequence of \d+ jumps", r"too many (?:jumps|branches)",
         r"push_stack")),
    Rule("insn_reserved", "fields of an instruction that it does not use are zero, and its code is known.",
         "write 0 where the instruction has no operand", (r"uses reserved fields", r"unknown opcode",
         r"uses unsupported",
         r"reserved (?:fields?|code)", r"unknown (?:insn|instruction|class)",
         r"invalid (?:BPF_LD_IMM64|bpf_ld_imm64) insn",
         r"unrecognized bpf_ld_imm64", r"invalid opcode", r"invalid insn", r"incorrect (?:insn|code)",
         r"BPF_(?:STX?|LDX?|ALU(?:64)?|JMP(?:32)?|CALL|EXIT|LD_\[?\w*\]?)\s+uses", r"may_goto.*(?:reserved|off)",
         r"Invalid sign-extended mov", r"BPF_MOV uses", r"opcode \S+ is invalid", r"addr_space_cast insn"
         r" has", r"invalid (?:src|dst) (?:operand|reg)")),
    Rule("register_number", "registers are r0 to r10.", "use r0 to r9, and r10 for the frame",
         (r"R1?\d is invalid", r"R\d+ is invalid")),
    Rule("frame_pointer_written", "r10 holds the frame's address and is only read.",
         "copy r10 to another register and change that", (r"frame pointer is read only",)),
    Rule("shift_amount", "a shift by a constant is by fewer bits than the value has.",
         "shift by 0 to 31 (32-bit values) or 0 to 63", (r"invalid shift -?\d+",)),
    Rule("division_by_zero", "a constant divisor is not 0.", "divide by a number other than 0",
         (r"div by zero", r"division by zero")),
    # -- registers
    Rule("register_unset", "a register is set on every path before it is read.",
         "give it a value before, on every path", (r"!read_ok", r"unreadable register", r"R0 !read_ok",
         r"register R?\d+ .*(?:uninitialized|not init)", r"unexpected __bpf_trap"),
         python="assign the variable on every path; a probe that returns on one path returns on all",
         c="set the variable when it is declared; after a call r1 to r5 are gone",
         bpftrace="assign the variable before the `if` that uses it"),
    Rule("address_is_number", "memory is read and written through a pointer, not through a number.",
         "read memory at an address that is a number with a probe_read helper",
         (r"invalid mem access '(?:inv|scalar|scalar_value)'",),
         python="read it with ebee.read(...), or follow the typed pointer that the context gives",
         c="bpf_probe_read_kernel(&v, sizeof(v), address), or bpf_core_read()",
         bpftrace="cast it: `*(uint64*)addr`, which is read safely"),
    Rule("pointer_may_be_null", "a pointer that may be null is compared with null before it is used.",
         "test the result for null first", (r"invalid mem access '\w*_or_null_?'",
         r"invalid mem access '\w*or_null\w*'",
         r"possibly NULL pointer passed", r"Possibly NULL pointer passed", r"R\d+ (?:is )?ptr_\w+_or_null",
         r"trusted arg\#?\d*.*NULL", r"NULL pointer passed to trusted", r"type=\w*_or_null expected",
         r"arg\#\d+ .*may be NULL"),
         python="write `if value is not None:` (or `if value:`) round what uses it",
         c="if (!value) return 0;",
         bpftrace="test it with `if (@m[key]) { ... }`"),
    Rule("pointer_deref", "this kind of pointer has nothing behind it that a program may read or write.",
         "use the helper or field that gives what you want", (r"invalid mem access '",)),
    Rule("pointer_offset_range", "what is added to a pointer is a number with known, small bounds (under 512 MiB).",
         "bound the number (compare it, or mask it) before it is added",
         (r"math between \w+ pointer and", r"value -?\d+ makes", r"makes \w+ pointer be out of bounds",
          r"pointer offset -?\d+ is not allowed", r"unbounded min value",
         r"has unknown scalar with mixed signed bounds",
          r"register with unbounded min value")),
    Rule("pointer_arithmetic", "only some arithmetic is allowed on pointers: adding and subtracting bounded numbers.",
         "calculate with numbers, and add the result to the pointer once", (
         r"pointer arithmetic", r"arithmetic prohibited", r"operator (?:on|prohibited)", r"with (?:\S+ )?operator",
         r"pointer \S+= pointer prohibited", r"math between", r"bitwise operator .* on pointer",
         r"32-bit pointer arithmetic prohibited", r"tried to (?:add|subtract)", r"subtraction from stack pointer",
         r"pointer -= pointer", r"R\d+ tried to .* different maps", r"partial copy of pointer",
         r"sign-extension? (?:part of )?pointer", r"pointer offset .* not allowed", r"pointer being subtracted",
         r"value -?\d+ makes \w+ pointer be out of bounds", r"unsupported pointer"),
         python="index with a number that is compared or masked before",
         c="compute the offset in a u32/u64, bound it, then add it to the pointer"),
    Rule("pointer_compare", "pointers are compared with null, with the packet's end, or with pointers of their kind.",
         "compare numbers", (r"pointer comparison prohibited",)),
    Rule("pointer_leak", "users without privilege may not learn addresses.",
         "do not store, return or calculate with pointers, or load with CAP_PERFMON",
         (r"leaks addr", r"leaks? (?:pointer|kernel)", r"leak pointer")),
    Rule("pointer_partial", "a spilled pointer is read and overwritten as a whole, 8 bytes at once.",
         "read the 8 bytes that were stored", (r"attempt to corrupt spilled pointer", r"corrupted spill",
         r"invalid size of register (?:spill|fill)")),
    Rule("speculation", "users without privilege may not have branches whose wrong prediction would reveal memory.",
         "load with CAP_PERFMON", (r"speculati", r"different branch(?:es)? .*limits?", r"sanitize")),
    # -- stack
    Rule("stack_size", "all frames of a chain of calls need at most 512 bytes of stack together.",
         "use less of the stack: put large values into a map", (r"combined stack size", r"stack size .* too large",
         r"stack (?:depth|limit)"),
         python="use smaller local structs and strings, or a PerCpuArray element as scratch memory",
         c="put large structs into a per-CPU array map",
         bpftrace="lower BPFTRACE_MAX_STRLEN, or use fewer strings at once"),
    Rule("size_zero", "this helper does not take a length of 0.", "see to it that the length is at least 1",
         (r"invalid zero-sized read", r"zero-size", r"R\d+ invalid zero", r"len(?:gth)? 0")),
    Rule("stack_bounds", "stack memory is from r10 - 512 to r10, and an access lies in it whole.",
         "stay within the array or struct",
         (r"invalid (?:write to|read from|unbounded|indirect access to|variable-offset"
         r" (?:read from|write to|indirect access to)) stack.*off", r"invalid stack (?:type )?R?\d* ?off",
          r"invalid stack off=", r"invalid unbounded variable-offset",
         r"stack (?:access|pointer) .*out of (?:bounds|range)", r"invalid (?:write to|access to) stack",
         r"beyond the stack", r"R\d+ stack pointer arithmetic"),
         python="index a local array with a number that is compared with its length before",
         c="check the index against the array's size"),
    Rule("stack_unwritten", "stack memory is written before it is read or handed to a helper.",
         "set all of it first, padding between the fields too", (
         r"invalid (?:indirect )?read from stack", r"invalid read from stack", r"uninitialized stack"),
         python="assign every field of the struct before passing it on",
         c="struct key k = {}; or __builtin_memset(&k, 0, sizeof(k));",
         bpftrace="assign the variable on every path"),
    Rule("stack_escape", "the address of a function's stack does not outlive the function.",
         "hand out numbers, or memory of the caller", (r"cannot return stack pointer",
         r"into stack frame of the caller")),
    Rule("stack_variable_offset", "stack memory is accessed at a known offset, or, with privilege, at a bounded one.",
         "use a constant index", (r"variable stack (?:access|read|write)", r"variable offset stack",
         r"stack frame.*variable", r"cannot (?:write|spill) .*variable.* stack")),
    # -- maps
    Rule("map_value_bounds", "an access to a map's value lies in the value whole.",
         "bound the index or offset by the size of the value", (r"invalid access to map value",
         r"invalid access to map_value",
         r"R\d+ (?:max|min|unbounded).*map.?value"),
         python="compare the index with the array's length first: `if i < len(value.items):`",
         c="if (i >= MAX) return 0; value->items[i]  (or i &= MAX - 1)",
         bpftrace="use a constant index"),
    Rule("map_key_bounds", "an access to a map's key lies in the key whole.",
         "stay within the key", (r"invalid access to map key",)),
    Rule("map_read_only", "a map made read-only for programs, or frozen, is not written to.",
         "make the map without BPF_F_RDONLY_PROG, or do not write", (r"write into map forbidden",
         r"write into map.*readonly", r"cannot write into map", r"map is read-?only")),
    Rule("map_write_only", "a map made write-only for programs is not read.",
         "make the map without BPF_F_WRONLY_PROG", (r"read from map forbidden", r"read into map forbidden")),
    Rule("map_helper", "each helper works on certain kinds of maps.",
         "use the operations of this kind of map", (r"cannot pass map_type \d+ into func", r"cannot pass map_type")),
    Rule("map_program", "this type of program may not use this kind of map.",
         "use another kind of map", (r"programs? (?:can't|cannot) use", r"cannot use (?:bpf_)?(?:timer|spin_lock|map)",
         r"can only use (?:preallocated|array|hash)", r"preallocated hash map", r"Sleepable programs can only use",
         r"trace type programs", r"tracing progs cannot use", r"socket filter progs cannot use",
         r"offload device mismatch", r"only one cgroup storage", r"Bpf programs? .*cannot use",
         r"map type .*not (?:supported|allowed)", r"cannot use bpf_\w+ yet")),
    Rule("list_tree", "allocated objects are owned by the program or by a list or tree, and are used under its lock.",
         "take the lock that lies beside the list or tree, and add or drop what was made by bpf_obj_new, once", (
         r"expected pointer to (?:map value or )?allocated object", r"^allocated object must be referenced",
         r"operation on bpf_(?:list|rb)", r"but expected bpf_(?:list|rb)_node", r"bpf_(?:list|rb)_\w+ not found at",
         r"non-owning", r"in rbtree cb", r"bpf_refcount field", r"bpf_(?:list|rbtree)_(?:push|pop|add|remove|first)",
         r"rbtree", r"graph")),
    Rule("map_special_field", "locks, timers, lists and kernel pointers in a map's value are used by their helpers"
         " only.",
         "use the helper for the field, and leave its bytes alone", (
         r"(?:bpf_)?(?:spin_lock|timer|kptr|list_head|list_node|rb_root|rb_node|wq|refcount|uptr|task_work|res_spin_lock)"
         r" cannot be accessed directly", r"cannot be accessed directly by load/store",
         r"direct access to \w+ is disallowed", r"doesn't point to kptr", r"isn't referenced kptr",
         r"kptr access", r"kptr in", r"kptr cannot", r"access to (?:special )?field",
         r"access to \w*kptr\w*", r"kptr(?:_ref)? .*(?:size|offset|variable|indirect)",
         r"invalid kptr access", r"store to referenced kptr disallowed",
         r"BPF_(?:ST|STX|LDX?)(?: imm)? (?:must|on|to) .*kptr",
         r"map '\S*' has no valid (?:bpf_)?\w+", r"map '\S*' .*is not in (?:the )?BTF", r"has to be in BTF",
         r"has no valid (?:bpf_)?\w+", r"map '\S*' has to have BTF")),
    Rule("map_pointer", "a map's own memory is only read where its type information allows it.",
         "use map helpers", (r"bpf_array access not allowed", r"cannot access ptr member", r"map_ptr access",
         r"access to (?:untrusted )?map.?ptr", r"only read from bpf_array is supported",
         r"R\d+ is bpf_array invalid negative",
         r"bpf_array_.* invalid", r"R\d+ points to struct bpf_map")),
    Rule("map_fd", "the map that an instruction names exists.",
         "name a map of the object", (r"fd -?\d+ is not pointing to valid bpf_map", r"not pointing to valid",
         r"fd_idx without fd_array", r"The total number of maps per program has reached", r"invalid map_fd")),
    Rule("map_value_address", "the address of a map's value is taken of arrays with one entry, and lies in the value.",
         "take addresses of global variables only", (r"direct value (?:offset|access)",
         r"invalid access to map value pointer", r"map_value.* pointer, value_size")),
    Rule("tail_call", "tail calls and programs that call functions obey the rules for both.",
         "call it at the end of the main function", (r"tail_calls? (?:are|is)", r"tail_call.*not (?:allowed|supported)",
         r"mix of tail.?call", r"tail calls? (?:lead|is|are)", r"for tail call", r"tail_call_reachable",
         r"tail_call abusing map")),
    # -- context
    Rule("context_access", "only the fields of this program type's context can be read or written, whole or in part"
         " as the kernel allows.", "use the fields of this program type", (r"invalid bpf_context access",),
         python="use the fields that the probe's context has: docs/hooks.md lists them",
         c="use the struct of this program type (struct __sk_buff, struct xdp_md, struct pt_regs, ...)"),
    Rule("context_modified", "the context is accessed at a known offset from its own address.",
         "do not calculate with the context's address", (r"dereference of modified ctx",
         r"variable \w*ptr_ access", r"variable ctx access",
         r"negative offset ctx ptr", r"invalid (?:negative|variable) ctx")),
    Rule("context_write", "writes to the context are of whole fields by stores, no atomics, no constants where"
         " refused.",
         "store a register", (r"BPF_(?:ST|XADD) (?:stores|atomic \w+|\w+)? ?into R\d+ (?:ctx|\w+) is not allowed",
         r"BPF_ST stores into R\d+", r"atomic (?:stores|loads) (?:into|from)")),
    Rule("return_value", "what a program of this type returns is a number in the range that the kernel expects.",
         "return one of the values that this program type knows", (r"At program exit the register R\d+",
         r"At (?:async|subprogram|callback|iterator) \w* ?exit", r"R\d+ (?:is not|leaks|has) .*return",
         r"has (?:value|unknown scalar value|smin=|smax=|unknown).* should have been", r"should have been in",
         r"R0 not a scalar value", r"exit the register R0 is not a known value",
         r"In (?:async )?callback the register R0", r"In (?:bpf_)?callback", r"return value must be",
         r"the register R0 (?:is not a scalar|has)"),
         python="return one of the constants of the hook (ebee.XDP_PASS, ...) or 0",
         c="return one of the constants of the program type"),
    # -- packets
    Rule("packet_bounds", "packet data is compared with data_end before it is accessed.",
         "compare the end of what is read with data_end, and leave if it is beyond", (r"invalid access to packet",
         r"R\d+ offset is outside of the packet"),
         python="read it through `ctx.packet` with its length check, or `if len(packet) >= N:` before",
         c="if (data + off + size > data_end) return XDP_PASS;  directly before the access"),
    Rule("packet_write", "this program type, or this call, may not write to packet data.",
         "copy the data to the stack", (r"does not allow writes to packet data",
         r"cannot write into packet", r"helper access to the packet is not allowed",
         r"direct packet access", r"packet (?:access|write) is not allowed")),
    Rule("packet_load_context", "LD_ABS and LD_IND need the socket buffer in r6, and r1 to r5 are lost.",
         "copy the context to r6 first", (r"at the time of BPF_LD_ABS", r"BPF_LD_\[ABS\|IND\]",
         r"LD_ABS", r"LD_IND", r"gen_ld_abs")),
    # -- memory in general
    Rule("memory_bounds", "an access lies whole in the memory that the pointer is for.",
         "bound the index or the length by the size of the memory", (r"invalid access to memory",
         r"R\d+ (?:min|max) value is outside of the (?:allowed )?memory", r"invalid access to (?:rdonly|rdwr)? ?buffer",
         r"invalid (?:variable|negative) buffer offset", r"invalid tracepoint buffer access",
         r"invalid access of (?:rdonly|rdwr)", r"invalid (?:rdonly|rdwr) buffer", r"value is outside of the",
         r"outside of the allowed memory range")),
    Rule("offset_negative", "an offset or index cannot be below 0.", "compare it: `if n >= 0`, or make it unsigned",
         (r"min value is negative", r"R\d+ min value is negative",),
         python="use an unsigned number, or `if n < 0: return 0` before",
         c="make it __u32/__u64, or if (n < 0) return 0;"),
    Rule("access_unbounded", "an index that an access goes by has a known upper bound.",
         "bound it: compare it, or mask it with a power of 2 minus 1", (r"unbounded memory access, make sure",),
         python="compare the index with the size before: `if i < SIZE:`",
         c="if (i >= MAX) return 0; value->items[i]  (or i &= MAX - 1)"),
    Rule("size_unbounded", "a length handed to a helper has a known upper bound, and is not negative.",
         "bound it: compare it, or mask it with a power of 2 minus 1", (r"unbounded memory access",
         r"unbounded (?:min|max) value", r"R\d+ (?:unbounded|max value|min value)", r"invalid (?:zero-)?size",
         r"use 'var &= const' or 'if \(var < const\)'"),
         python="`n = min(n, SIZE)` before the call",
         c="if (n > sizeof(buf)) n = sizeof(buf);  or n &= sizeof(buf) - 1;",
         bpftrace="give str() or buf() a constant length"),
    Rule("memory_read_only", "memory that is lent for reading is not written to.",
         "copy it, and change the copy", (r"write to change key", r"cannot write into (?:rdonly|ptr|\w+)",
         r"cannot write into",
         r"write to (?:rdonly|read-only)", r"prohibits writes?", r"only read is supported", r"is read-only",
         r"R\d+ cannot write")),
    Rule("misaligned", "with strict alignment an access is at a multiple of its size; atomics always.",
         "align the access to its size", (r"misaligned",)),
    Rule("access_kinds", "one instruction accesses one kind of memory, whichever way led to it.",
         "access each kind of pointer by a load of its own, before the paths meet",
         (r"same insn cannot be used with different",)),
    Rule("atomic_operand", "atomic operations are on 4 or 8 bytes of memory that programs own, with numbers.",
         "use a u32 or u64 in a map's value or on the stack", (r"invalid atomic (?:operand|load|store|access)",
         r"atomic(?:s)? .*not allowed", r"BPF_ATOMIC uses invalid", r"BPF_ATOMIC (?:stores into|loads from)",
         r"invalid (?:load-acquire|store-release)", r"R\d+ leaks addr into mem.*atomic", r"BPF_XADD")),
    Rule("arena", "arena memory is used in programs with an arena map, through pointers that were cast.",
         "use the arena's own pointers", (r"arena", r"addr_space_cast"),),
    # -- kernel pointers
    Rule("btf_access", "a field of a kernel struct is read where its type says that there is one.",
         "use a field of this struct, with its type", (r"access beyond struct", r"access beyond the end of",
         r"struct \S+ .*(?:access|offset)", r"Type '\S*' is not a struct", r"access .*of struct .*type",
         r"cannot access ptr member", r"attempt to (?:access|write)",
         r"invalid (?:pointer )?access (?:to|into) (?:\w+ )?ptr_",
         r"R\d+ is ptr_\S+ (?:invalid|access|off)", r"is ptr_\S+ invalid (?:negative|variable)",
         r"dereference of modified \S*ptr_", r"kernel (?:struct|BTF)", r"btf_struct_access")),
    Rule("btf_write", "kernel structs are only read, but for the fields that this program type may write.",
         "use a helper or kernel function that changes it", (r"only read is supported", r"only .*write.*is supported",
         r"writes? (?:to|into) ptr_", r"No write access", r"cannot write .*struct")),
    Rule("btf_untrusted", "a helper or kernel function takes only kernel pointers that are known to be valid.",
         "take the pointer from an argument of the program, or acquire a reference",
         (r"must be (?:referenced or )?trusted",
         r"R\d+ must be (?:referenced|a rcu pointer|rcu)", r"must be referenced", r"untrusted_ptr_",
         r"expects? (?:refcounted|trusted)", r"must be a rcu pointer", r"arg\#\d+ .*(?:untrusted|trusted)",
         r"R\d+ .*user memory", r"is not a (?:trusted|valid)")),
    Rule("btf_type", "a helper or kernel function wants a pointer to another struct.",
         "pass a pointer of the type that the function names", (r"is of type \S+ but \S+ is expected",
         r"expected pointer to", r"expected (?:pointer|type)", r"pointer type .*must point",
         r"^bpf_(?:percpu_)?obj_new",
         r"has (?:no|invalid) BTF id", r"expects? pointer to", r"kernel function \S+ args?\#\d+", r"types? mismatch")),
    # -- calls
    Rule("lock", "a spin lock is taken once, released on every path, and little is done while it is held.",
         "release the lock before every return, and call nothing while it is held", (
         r"Locking two bpf_spin_locks", r"AA deadlock", r"bpf_(?:res_)?spin_(?:un)?lock", r"spin.?lock",
         r"inside bpf_spin_lock-ed region",
         r"is missing unlock", r"without taking a lock", r"lock(?:ed)? region", r"holding a lock", r"spin_unlock"),
         python="write `with value.lock:` round the few lines that change the value",
         c="bpf_spin_lock(&v->lock); ... bpf_spin_unlock(&v->lock); on every path"),
    Rule("rcu", "RCU regions are closed on every path, and RCU pointers are used inside one.",
         "use the pointer inside bpf_rcu_read_lock() ... bpf_rcu_read_unlock()", (r"rcu[_ ]read", r"RCU critical"),
         python="write it inside `with ebee.rcu():`", c="bpf_rcu_read_lock(); ... bpf_rcu_read_unlock();"),
    Rule("preempt", "regions without preemption are closed on every path, and nothing sleeps in them.",
         "close what was opened: bpf_preempt_enable()", (r"preempt_disable", r"preempt_enable", r"preemption",)),
    Rule("irq", "saved interrupt flags are restored once, in order, on every path.",
         "restore with the flag that the last save filled in", (r"\birq", r"_irq_", r"IRQ", r"interrupt")),
    Rule("helper_unknown", "the helper exists in this kernel.", "the helper needs a newer kernel",
         (r"invalid func unknown", r"unknown func \S+$", r"invalid func \S+\#(?:19589608\d|2\d{9})",
         r"helper \S+ does not exist")),
    Rule("helper_not_allowed", "the helper is there for this program type.",
         "use a helper that this type of program has", (r"(?:program of this type )?cannot use helper", r"unknown func",
         r"helper (?:call|function) .* not allowed", r"helper call is not allowed",
         r"cannot (?:call|use) (?:the )?helper"),
         python="docs/helpers.md says which programs have it", c="see bpf-helpers(7) for the program types"),
    Rule("helper_gpl", "this helper is for programs under a GPL-compatible licence.",
         "declare the license as \"GPL\"", (r"cannot call GPL", r"GPL-restricted", r"GPL.?only", r"GPL compatible",
         r"non-GPL")),
    Rule("helper_sleeps", "a helper that may sleep is called only where sleeping is allowed.",
         "make the program sleepable, and call it outside of locks and RCU regions",
         (r"helper call might sleep", r"might sleep", r"sleepable (?:helper|kfunc|subprog)", r"in non-?sleepable",
          r"must be sleepable", r"css_task_iter is only allowed", r"may sleep", r"(?<!can be )sleepable"),
         python="only programs that may sleep can do this: declare the probe with sleepable=True (lsm, fentry, "
                "uprobe), or write a syscall program",
         c='SEC("lsm.s/..."), SEC("fentry.s/..."), SEC("uprobe.s")'),
    Rule("helper_privilege", "users without privilege may not call this.",
         "load with CAP_BPF and CAP_PERFMON", (r"prohibited for !root", r"for users? without",
         r"access is allowed only to CAP_",
         r"not allowed for (?:non-root|unpriv)",
         r"loading/calling other bpf or kernel functions are allowed for", r"allowed for CAP", r"for !root",
         r"(?:require|need)s? CAP_")),
    Rule("argument_type", "each argument of a helper is of the kind that the helper takes.",
         "pass what the helper takes there", (r"type=\S* expected=", r"expected=", r"R\d+ type=",
         r"R\d+ is scalar expected",
         r"unsupported arg_type", r"arg(?:ument)?\#\d+ (?:expected|is|pointer|must|doesn't|.*not)", r"arg \d+ expect",
         r"unsupported reg type", r"invalid arg", r"Caller passes", r"R\d+ is not a (?:pointer|scalar|known|valid)",
         r"pointer is not to", r"arg\#?\d+")),
    Rule("argument_constant", "this argument is a constant.",
         "write a number that is known when the program is loaded", (r"is not a known constant",
         r"must be a known constant",
         r"R\d+ (?:is )?not const", r"R\d+ doesn't have constant offset", r"doesn't have constant",
         r"is not a const", r"must be (?:a )?(?:known )?const", r"verifier internal error: .*const")),
    Rule("argument_string", "a constant string is in a read-only map, and ends with a NUL.",
         "use a string literal", (r"does not point to a (?:readonly|read-only) map", r"is not NUL-terminated",
         r"(?:string|fmt) is not", r"R\d+ does not point", r"no direct value access support", r"Invalid format string",
         r"const(?:ant)? string")),
    Rule("call_depth", "functions call each other at most 8 deep, and not themselves.",
         "put small functions into their callers", (r"the call stack of \d+ frames is too deep", r"recursive call",
         r"call stack .*too deep", r"recursion")),
    Rule("call_function", "a call goes to the start of a function that the program has, with sound arguments.",
         "call a function of this program", (r"number of funcs", r"call to invalid (?:destination|insn)",
         r"func\#?\d+ .*doesn't match",
         r"function calls are not allowed", r"no btf func_info", r"missing btf func_info",
         r"callback function not static",
         r"callback function", r"func_info", r"func (?:info|\d+).*(?:invalid|BTF)", r"invalid callback",
         r"unknown callback",
         r"calls? (?:are|is) not allowed", r"caller with \d+ args",
         r"too many (?:subprogs|functions)", r"not at the start of")),
    Rule("global_function", "a global function is verified by its types alone: what they do not say, it does not know.",
         "tell more in the types: a pointer to a struct of a known size, __arg_nonnull, __arg_ctx",
         (r"Global function", r"global function", r"[Ff]unc(?:tion)?\#\d+ .*(?:global|returns|args?)",
          r"Caller passes invalid args into func\#", r"global func", r"arg\#\d+ reference type", r"func '\S+' arg\d",
          r"subprog \S* .*(?:exception|tag)", r"Subprogram", r"is global and"),
         python="a function of one's own takes numbers, or pointers to structs that are declared",
         c="__arg_nonnull, __arg_ctx, __arg_trusted; test pointers for NULL inside; or make it static"),
    Rule("exception", "exceptions are thrown where nothing is held, and their callback is one function.",
         "release what is held before bpf_throw", (r"bpf_throw", r"exception")),
    # -- kernel functions
    Rule("kfunc_not_allowed", "the kernel function may be called from this type of program.",
         "use one that the kernel has for this type of program", (r"calling kernel function \S+ is not allowed",
         r"kernel function \S+ is not allowed", r"kfunc .*not allowed")),
    # -- references and regions
    Rule("reference_leak", "what was acquired (memory, a socket, a reference) is released on every path.",
         "release, submit or discard it before every return", (r"Unreleased reference", r"would lead to reference leak",
         r"reference leak", r"BPF_EXIT instruction .*reference", r"BPF_EXIT instruction in main prog would lead",
         r"reference .*has not been"),
         python="use `with ring.reserve(...) as record:`, or submit()/discard() on every path",
         c="bpf_ringbuf_submit()/bpf_ringbuf_discard(), bpf_sk_release(), ... before each return"),
    Rule("reference_release", "only what was acquired is released, once, and by its own address.",
         "release the pointer that the acquiring call gave, once", (r"must be referenced when passed to release",
         r"release (?:helper|function|kfunc|kernel function)", r"R\d+ must have zero offset when passed to release",
         r"must have (?:zero|fixed) offset", r"reference has not been acquired", r"acquire.*reference before",
         r"release .*unowned", r"more than one arg with ref_obj_id", r"ref_obj_id", r"R\d+ must be referenced",
         r"acquired? .*alloc", r"arg .*alloc", r"refcount", r"reference")),
    Rule("dynptr", "a dynptr is used through its helpers, and not read, copied or overwritten.",
         "use bpf_dynptr_read, bpf_dynptr_write, bpf_dynptr_data", (r"dynptr",)),
    Rule("iterator", "an iterator is made by its new function, moved by next, and destroyed on every path.",
         "destroy the iterator on every path; use it only through its functions",
         (r"(?<!, )\biter(?:ator)?\b", r"iter_"),
         python="write `for x in ...:`; leaving the loop destroys the iterator",
         c="bpf_for_each(...), or bpf_for(i, 0, N)"),
    Rule("timer", "timers, work queues and task work are in maps' values, and set up for the map that they are in.",
         "initialise it with the map that holds it", (r"timer", r"workqueue", r"bpf_wq", r"task_work", r"async")),
    # -- loading
    Rule("attach_target", "the hook that a program is for exists, and takes this type of program.",
         "name a hook of this kernel", (r"attach_btf", r"[Aa]ttach", r"Tracing programs must",
         r"is not (?:a )?(?:modifiable|function)",
         r"FENTRY", r"hook", r"Cannot (?:replace|extend|recursively)", r"Extension program", r"target program",
         r"struct_ops", r"Only (?:GPL|FENTRY|fentry)", r"'\S+' is not (?:supported|sleepable|in)", r"doesn't support",
         r"^failed to find",
         r"denied")),
    Rule("kfunc_unknown", "the kernel function exists, and its arguments can be checked.",
         "ask for it as weak, or for a newer kernel", (r"kernel (?:function|btf_id|module)",
         r"kfunc (?:btf|call|\S+ )?",
         r"kfunc", r"invalid func_proto", r"cannot find (?:kernel|address)", r"calling kernel function",
         r"failed to find", r"btf_id \d+ is not", r"ldimm64 (?:unable|failed)", r"pseudo btf_id",
         r"invalid module BTF")),
    Rule("line_info", "line and function information points at instructions, in order, with types that exist.",
         "compile the object again with its debug information", (r"line_info", r"[Ii]nvalid insn_off", r"func_info",
         r"BTF",
         r"[Cc][Oo]-?[Rr][Ee]", r"relo")),
    Rule("kernel_limit", "the kernel ran out of something, or met a state that it does not expect.",
         "this is not the program's mistake: report it with the log", (r"verifier (?:internal error|bug)",
         r"kernel subsystem"
         r" misconfigured", r"ENOMEM", r"Cannot allocate memory", r"REG INVARIANTS VIOLATION", r"BUG")),
    Rule("privilege", "loading this needs a privilege.", "run it with CAP_BPF and what the program type needs",
         (r"Operation not permitted", r"Permission denied", r"not permitted")),
    Rule("load_argument", "the kernel takes the program's type, attach type and flags.",
         "use a type of program that this kernel has", (r"Invalid argument", r"not supported", r"No such file",
         r"Argument list",
         r"attach type")),
)
# fmt: on

RULES: dict[str, Rule] = {rule.name: rule for rule in TABLE}
_UNKNOWN = Rule(OTHER, "the verifier found the program unsafe.",
         "look at the instruction and the values that led to it", ())
_compiled: list[tuple[re.Pattern[str], Rule]] = []


def patterns() -> Iterator[tuple[re.Pattern[str], Rule]]:
    """Iterate over every pattern, compiled, with its rule, in the order in which they are asked."""
    if not _compiled:
        import re

        _compiled.extend((re.compile(pattern), rule) for rule in TABLE for pattern in rule.patterns)
    return iter(_compiled)


def rule_of(message: str) -> Rule:
    """Return the rule that a message of the kernel's verifier tells of; `OTHER` for one that is not known.

    Of a message with several sentences (`a; b`) the first that tells of a rule counts.
    """
    for sentence in message.split("; "):
        for pattern, rule in patterns():
            if pattern.search(sentence):
                return rule
    return _UNKNOWN


def find_rule(name: str) -> Rule:
    """Return a rule by its name; one that says nothing more for a name that is not in the table."""
    return RULES.get(name, _UNKNOWN)
