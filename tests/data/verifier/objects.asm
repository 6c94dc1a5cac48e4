// Allocated objects in lists, trees and maps' values; resilient locks, work queues, task work, callbacks of exceptions.

case list_push
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 accepts 26
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_push_then_write
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 accepts 27
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl
    *(u64 *)(r7 + 24) = 1
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_node_after_unlock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl
    r1 = r6
    call spin_unlock
    *(u64 *)(r7 + 24) = 1                   ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case list_push_without_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl           ;! lock: bpf_spin_lock at off=0 must be held for bpf_list_head
  out:
    r0 = 0
    exit

case list_push_twice
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl           ;! list_tree: arg#1 expected pointer to allocated object
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_push_other_node
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r2 += 32
    r3 = 0
    r4 = 0
    call bpf_list_push_back_impl            ;! list_tree: arg#1 offset=32, but expected bpf_list_node at offset=0 in struct node
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_push_not_at_node
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r2 += 8
    r3 = 0
    r4 = 0
    call bpf_list_push_back_impl            ;! list_tree: bpf_list_node not found at offset=8
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_push_other_type
section tc
struct other n:bpf_list_node data:u64
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(other)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl           ;! list_tree: operation on bpf_list_head expects arg#1 bpf_list_node at offset=0 in struct node, but arg is at offset=0 in struct other
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_push_under_own_lock
section tc
struct own n:bpf_list_node lock:bpf_spin_lock pad:u32
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(own.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(own)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r1 += 24
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    call bpf_list_push_front_impl           ;! lock: held lock and object are not in the same allocation; bpf_spin_lock at off=0 must be held for bpf_list_head
    r1 = r7
    r1 += 24
    call spin_unlock
  out:
    r0 = 0
    exit

case list_head_at_wrong_offset
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 16
    call bpf_list_pop_front                 ;! list_tree: bpf_list_head not found at offset=16
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_head_of_context
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r9 = r1
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r9
    call bpf_list_pop_front                 ;! list_tree: arg#0 expected pointer to map value or allocated object
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_pop
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 accepts 22
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_pop_front
    r8 = r0
    r1 = r6
    call spin_unlock
    if r8 == 0 goto out
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case list_pop_forgotten
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_pop_front
    r8 = r0
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=3 alloc_insn=12; BPF_EXIT instruction in main prog would lead to reference leak

case list_pop_may_be_empty
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_pop_front
    r8 = r0
    r1 = r6
    call spin_unlock
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl                  ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg0
  out:
    r0 = 0
    exit

case list_pop_other_node_dropped
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_pop_front
    r8 = r0
    r1 = r6
    call spin_unlock
    if r8 == 0 goto out
    r8 += 8
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl                  ;! reference_release: R1 must have zero offset when passed to release func or trusted arg to kfunc
  out:
    r0 = 0
    exit

case list_front
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 accepts 22
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_front
    if r0 == 0 goto none
    r7 = *(u64 *)(r0 + 24)
  none:
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case list_front_after_unlock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_list_front
    r7 = r0
    r1 = r6
    call spin_unlock
    if r7 == 0 goto out
    r7 = *(u64 *)(r7 + 24)                  ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case list_allocated_under_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl                   ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case object_leaked
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=3 alloc_insn=10; BPF_EXIT instruction in main prog would lead to reference leak

case object_not_checked
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    r1 = r0
    r2 = 0
    call bpf_obj_drop_impl                  ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg0
  out:
    r0 = 0
    exit

case object_dropped_twice
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses reference_release: release kfunc bpf_obj_drop expects referenced PTR_TO_BTF_ID passed to R1
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl                  ;! btf_untrusted: R1 must be referenced or trusted
  out:
    r0 = 0
    exit

case object_used_after_drop
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
    r0 = *(u64 *)(r7 + 24)                  ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case object_node_written
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    *(u64 *)(r7 + 8) = 1                    ;! map_special_field: direct access to bpf_list_node is disallowed
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case object_beyond_its_end
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    *(u64 *)(r7 + 56) = 1                   ;! btf_access: access beyond struct node at off 56 size 8
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case object_drop_of_value
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses reference_release: release kfunc bpf_obj_drop expects referenced PTR_TO_BTF_ID passed to R1
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    call bpf_obj_drop_impl                  ;! btf_untrusted: R1 must be referenced or trusted
  out:
    r0 = 0
    exit

case object_of_no_struct
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = 0
    r2 = 0
    call bpf_obj_new_impl                   ;! btf_type: bpf_obj_new/bpf_percpu_obj_new requires prog BTF
  out:
    r0 = 0
    exit

case object_without_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    call spin_lock                          ;! map_special_field: local 'kptr' has no valid bpf_spin_lock
    r1 = r7
    call spin_unlock
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case tree_add
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 36
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case tree_add_without_lock
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl                ;! lock: bpf_spin_lock at off=0 must be held for bpf_rb_root
  out:
    r0 = 0
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case tree_first_removed
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 31
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_rbtree_first
    if r0 == 0 goto none
    r1 = r6
    r1 += 8
    r2 = r0
    call bpf_rbtree_remove
    r8 = r0
    r1 = r6
    call spin_unlock
    if r8 == 0 goto out
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
    goto out
  none:
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case tree_removed_and_lost
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_rbtree_first
    if r0 == 0 goto none
    r1 = r6
    r1 += 8
    r2 = r0
    call bpf_rbtree_remove
  none:
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=4 alloc_insn=17; BPF_EXIT instruction in main prog would lead to reference leak

case tree_walk
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 31
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    call bpf_rbtree_root
    if r0 == 0 goto none
    r1 = r6
    r1 += 8
    r2 = r0
    call bpf_rbtree_left
    if r0 == 0 goto none
    r1 = r6
    r1 += 8
    r2 = r0
    call bpf_rbtree_right
  none:
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case tree_remove_of_context
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r6
    call bpf_rbtree_remove                  ;! list_tree: bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case tree_order_returns_two
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    r0 = 2
    exit                                    ;! return_value: At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]

case tree_order_calls_helper
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    call ktime_get_ns                       ;! lock: function calls are not allowed while holding a lock
    r0 = 0
    exit

case tree_order_unlocks
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    r1 = map[fd:values][0]
    call spin_unlock                        ;! list_tree: can't spin_{lock,unlock} in rbtree cb
    r0 = 0
    exit

case tree_order_removes
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    r2 = r1
    r1 = map[fd:values][0]
    r1 += 8
    call bpf_rbtree_remove                  ;! lock: held lock and object are not in the same allocation; bpf_spin_lock at off=0 must be held for bpf_rb_root
    r0 = 0
    exit

case tree_order_opens_rcu
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit
  less:
    call bpf_rcu_read_lock                  ;! lock: function calls are not allowed while holding a lock
    r0 = 0
    exit

case tree_order_is_no_function
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses pointer_may_be_null: Possibly NULL pointer passed to trusted R3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl                ;! btf_type: arg2 expected pointer to func
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case refcount_of_owned
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 26
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl
    r8 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case refcount_forgotten
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl
    r8 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=4 alloc_insn=15; BPF_EXIT instruction in main prog would lead to reference leak

case refcount_in_tree
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 44
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl
    r8 = r0
    r1 = r6
    call spin_unlock
    if r8 == 0 goto out
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case refcount_in_tree_unchecked
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl
    r8 = r0
    r1 = r6
    call spin_unlock
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl                  ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg0
  out:
    r0 = 0
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case refcount_without_count
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(node)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl          ;! list_tree: arg#0 doesn't point to a type with bpf_refcount field
    r8 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case refcount_of_value
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r7 = r6
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl          ;! list_tree: arg#0 is neither owning or non-owning ref
    r8 = r0
  out:
    r0 = 0
    exit

case kptr_of_own_type
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 25
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r1 += 24
    r2 = r7
    call kptr_xchg
    r8 = r0
    if r8 == 0 goto out
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case kptr_of_own_type_forgotten
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(leaf)
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r1 += 24
    r2 = r7
    call kptr_xchg
    r8 = r0
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=5 alloc_insn=16; BPF_EXIT instruction in main prog would lead to reference leak

case kptr_of_own_type_loaded
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 accepts 22
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r7 = *(u64 *)(r6 + 24)
    if r7 == 0 goto out
    *(u64 *)(r7 + 32) = 1
    r1 = r7
    r2 = 0
    call bpf_refcount_acquire_impl
    r8 = r0
    if r8 == 0 goto out
    r1 = r8
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case kptr_of_own_type_after_rcu
section syscall
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 1
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call bpf_rcu_read_lock
    r7 = *(u64 *)(r6 + 24)
    call bpf_rcu_read_unlock
    if r7 == 0 goto out
    *(u64 *)(r7 + 32) = 1                   ;! memory_read_only: only read is supported
  out:
    r0 = 0
    exit

case percpu_object_stored
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
kernel 6.18 accepts 23
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(pair)
    r2 = 0
    call bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r2 = r7
    call kptr_xchg
    if r0 == 0 goto none
    r1 = r0
    r2 = 0
    call bpf_percpu_obj_drop_impl
  none:
  out:
    r0 = 0
    exit

case percpu_object_stored_and_used
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
kernel 6.18 accepts 27
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(pair)
    r2 = 0
    call bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r2 = r7
    call kptr_xchg
    if r0 == 0 goto none
    r1 = r0
    r2 = 0
    call bpf_percpu_obj_drop_impl
  none:
    r1 = r7
    call this_cpu_ptr
    *(u64 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case percpu_object_written
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(pair)
    r2 = 0
    call bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    *(u64 *)(r7 + 0) = 1                    ;! btf_access: R7 is ptr_pair access percpu memory: off=0
  out:
    r0 = 0
    exit

case percpu_object_of_lock
section tc
struct locked lock:bpf_spin_lock n:u32
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(locked)
    r2 = 0
    call bpf_percpu_obj_new_impl            ;! btf_type: bpf_percpu_obj_new type ID argument must not contain special fields
  out:
    r0 = 0
    exit

case percpu_object_dropped_plainly
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses other: R1 expected for bpf_percpu_obj_drop()
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(pair)
    r2 = 0
    call bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_obj_drop_impl                  ;! argument_type: arg#0 expected for bpf_percpu_obj_drop_impl()
  out:
    r0 = 0
    exit

case res_lock
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 accepts 17
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r6
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_lock_not_compared
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_lock
    r1 = r6
    call bpf_res_spin_unlock                ;! lock: bpf_res_spin_unlock without taking a lock
  out:
    r0 = 0
    exit

case res_lock_twice
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r6
    call bpf_res_spin_lock                  ;! lock: Acquiring the same lock again, AA deadlock detected
    if r0 != 0 goto out
  out:
    r0 = 0
    exit

case res_lock_not_released
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
  out:
    r0 = 0
    exit                                    ;! lock: BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region

case res_lock_two
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 accepts 30
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r7
    call bpf_res_spin_lock
    if r0 != 0 goto one
    r1 = r7
    call bpf_res_spin_unlock
  one:
    r1 = r6
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_lock_out_of_order
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r7
    call bpf_res_spin_lock
    if r0 != 0 goto one
    r1 = r6
    call bpf_res_spin_unlock                ;! lock: bpf_res_spin_unlock cannot be out of order
    r1 = r7
    call bpf_res_spin_unlock
    goto out
  one:
    r1 = r6
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_unlock_of_other
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r7
    call bpf_res_spin_unlock                ;! lock: bpf_res_spin_unlock of different lock
  out:
    r0 = 0
    exit

case res_unlock_without_lock
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_unlock                ;! lock: bpf_res_spin_unlock without taking a lock
  out:
    r0 = 0
    exit

case res_lock_at_wrong_offset
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 4
    call bpf_res_spin_lock                  ;! lock: off 4 doesn't point to 'struct bpf_res_spin_lock' that is at 0
  out:
    r0 = 0
    exit

case res_lock_on_stack
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
kernel 7.3 refuses other: R1 doesn't point to map value or allocated object
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r10
    r1 += -4
    call bpf_res_spin_lock                  ;! argument_type: arg#0 doesn't point to map value or allocated object
  out:
    r0 = 0
    exit

case res_lock_irq
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 accepts 21
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = r10
    r2 += -16
    call bpf_res_spin_lock_irqsave
    if r0 != 0 goto out
    r1 = r6
    r2 = r10
    r2 += -16
    call bpf_res_spin_unlock_irqrestore
  out:
    r0 = 0
    exit

case res_lock_irq_released_plainly
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = r10
    r2 += -16
    call bpf_res_spin_lock_irqsave
    if r0 != 0 goto out
    r1 = r6
    call bpf_res_spin_unlock                ;! lock: bpf_res_spin_unlock of different lock
  out:
    r0 = 0
    exit

case res_lock_irq_flag_restored
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = r10
    r2 += -16
    call bpf_res_spin_lock_irqsave
    if r0 != 0 goto out
    r1 = r10
    r1 += -16
    call bpf_local_irq_restore              ;! lock: function calls are not allowed while holding a lock
  out:
    r0 = 0
    exit

case res_lock_in_tracing
section raw_tp/sys_enter
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
kernel 6.18 refuses map_program: tracing progs cannot use bpf_spin_lock yet
kernel 7.3 accepts 17
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r6
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case work_queue
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 accepts 27
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init
    r1 = r6
    r1 += 8
    r2 = subprog[later]
    r3 = 0
    r4 = 0
    call bpf_wq_set_callback_impl
    r1 = r6
    r1 += 8
    r2 = 0
    call bpf_wq_start
  out:
    r0 = 0
    exit
  later:
    *(u64 *)(r3 + 0) = 1
    r0 = 0
    exit

case work_queue_function_sleeps
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 accepts 32
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init
    r1 = r6
    r1 += 8
    r2 = subprog[later]
    r3 = 0
    r4 = 0
    call bpf_wq_set_callback_impl
    r1 = r6
    r1 += 8
    r2 = 0
    call bpf_wq_start
  out:
    r0 = 0
    exit
  later:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    r4 = 0
    call bpf_copy_from_user_str
    r0 = 0
    exit

case work_queue_function_returns_one
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init
    r1 = r6
    r1 += 8
    r2 = subprog[later]
    r3 = 0
    r4 = 0
    call bpf_wq_set_callback_impl
    r1 = r6
    r1 += 8
    r2 = 0
    call bpf_wq_start
  out:
    r0 = 0
    exit
  later:
    r0 = 1
    exit                                    ;! return_value: At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]

case work_queue_of_other_map
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:others]
    r3 = 0
    call bpf_wq_init                        ;! timer: workqueue pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0
  out:
    r0 = 0
    exit

case work_queue_at_wrong_offset
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 0
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init                        ;! timer: off 0 doesn't point to 'struct bpf_wq' that is at 8
  out:
    r0 = 0
    exit

case work_queue_on_stack
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses other: R1 doesn't point to a map value
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r10
    r1 += 8
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init                        ;! argument_type: arg#0 doesn't point to a map value
  out:
    r0 = 0
    exit

case work_queue_without_function
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses pointer_may_be_null: Possibly NULL pointer passed to trusted R2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = 0
    r3 = 0
    r4 = 0
    call bpf_wq_set_callback_impl           ;! btf_type: arg1 expected pointer to func
    r1 = r6
    r1 += 8
    r2 = 0
    call bpf_wq_start
  out:
    r0 = 0
    exit

case work_queue_read
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 11
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r0 = *(u64 *)(r6 + 8)                   ;! map_special_field: bpf_wq cannot be accessed directly by load/store
  out:
    r0 = 0
    exit

case work_queue_in_tracing
section raw_tp/sys_enter
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses map_program: tracing progs cannot use bpf_wq yet
like 6.18 6.12
kernel 7.3 accepts 14
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:values]
    r3 = 0
    call bpf_wq_init
  out:
    r0 = 0
    exit

case task_work
section perf_event
struct value work:bpf_task_work n:u64
map values array value value entries 2
map others array value value entries 2
kernel 6.18 accepts 18
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_current_task_btf
    r1 = r0
    r2 = r6
    r3 = map[fd:values]
    r4 = subprog[later]
    r5 = 0
    call bpf_task_work_schedule_signal_impl
  out:
    r0 = 0
    exit
  later:
    r0 = 77
    exit

case task_work_of_other_map
section perf_event
struct value work:bpf_task_work n:u64
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_current_task_btf
    r1 = r0
    r2 = r6
    r3 = map[fd:others]
    r4 = subprog[later]
    r5 = 0
    call bpf_task_work_schedule_signal_impl ;! timer: bpf_task_work pointer in R2 map_uid=0 doesn't match map pointer in R3 map_uid=0
  out:
    r0 = 0
    exit
  later:
    r0 = 77
    exit

case task_work_on_stack
section perf_event
struct value work:bpf_task_work n:u64
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
kernel 7.3 refuses other: R2 doesn't point to a map value
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_current_task_btf
    r1 = r0
    r2 = r10
    r3 = map[fd:values]
    r4 = subprog[later]
    r5 = 0
    call bpf_task_work_schedule_signal_impl ;! argument_type: arg#1 doesn't point to a map value
  out:
    r0 = 0
    exit
  later:
    r0 = 77
    exit

case task_work_without_task
section perf_event
struct value work:bpf_task_work n:u64
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_current_task_btf
    r1 = 0
    r2 = r6
    r3 = map[fd:values]
    r4 = subprog[later]
    r5 = 0
    call bpf_task_work_schedule_signal_impl ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg0
  out:
    r0 = 0
    exit
  later:
    r0 = 77
    exit

case task_work_function_reads_beyond
section perf_event
struct value work:bpf_task_work n:u64
map values array value value entries 2
map others array value value entries 2
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_current_task_btf
    r1 = r0
    r2 = r6
    r3 = map[fd:values]
    r4 = subprog[later]
    r5 = 0
    call bpf_task_work_schedule_signal_impl
  out:
    r0 = 0
    exit
  later:
    r0 = *(u64 *)(r3 + 16)                  ;! map_value_bounds: invalid access to map value, value_size=16 off=16 size=8; R3 min value is outside of the allowed memory range
    exit

case throw_caught
section tc
func test global ptr throws:caught
func caught global u64
kernel 6.18 accepts 4
like 6.18 6.12 7.3
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = r1
    exit

case throw_caught_returns_too_much
section cgroup_skb/egress
func test global ptr throws:caught
func caught global u64
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = 7
    exit                                    ;! return_value: At program exit the register R0 has smin=7 smax=7 should have been in [0, 3]

case throw_caught_throws
section tc
func test global ptr throws:caught
func caught global u64
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r1 = 0
    call bpf_throw                          ;! exception: bpf_throw kfunc (insn 5) cannot be called from callback subprog 1
    r0 = 7
    exit

case throw_caught_by_two_arguments
section tc
func test global ptr throws:caught
func caught global u64 u64
kernel 6.18 refuses exception: exception cb only supports single integer argument
like 6.18 6.12 7.3
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = 7
    exit

case throw_caught_by_static_function
section tc
func test global ptr throws:caught
func caught static u64
kernel 6.18 refuses exception: exception callback 'caught' must have global linkage
like 6.18 6.12 7.3
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = 7
    exit

case throw_cookie_returned
section cgroup_skb/egress
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = 64
    call bpf_throw                          ;! return_value: At program exit the register R1 has smin=64 smax=64 should have been in [0, 3]
    r0 = 0
    exit

case object_made_with_an_ignored_argument_unset
section tc
struct pair a:u64 b:u64
kernel 6.18 accepts 10
    call get_prandom_u32
    r1 = type(pair)
    call bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call bpf_percpu_obj_drop_impl
  out:
    r0 = 0
    exit
