// Allocated objects in lists, trees and maps' values; resilient locks, work queues, task work, callbacks of exceptions.

case list_push
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    *(u64 *)(r7 + 24) = 1
  out:
    r0 = 0
    exit

case list_push_without_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_list_push_front_impl
  out:
    r0 = 0
    exit

case list_push_twice
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_list_push_front_impl
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
    call bpf_list_push_back_impl
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
    call bpf_list_push_back_impl
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
    call bpf_list_push_front_impl
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
    call bpf_list_push_front_impl
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
    call bpf_list_pop_front
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
    call bpf_list_pop_front
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
    exit

case list_pop_may_be_empty
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case list_pop_other_node_dropped
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case list_front
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    r7 = *(u64 *)(r7 + 24)
  out:
    r0 = 0
    exit

case list_allocated_under_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_obj_new_impl
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
    exit

case object_not_checked
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case object_dropped_twice
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case object_used_after_drop
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    r0 = *(u64 *)(r7 + 24)
  out:
    r0 = 0
    exit

case object_node_written
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    *(u64 *)(r7 + 8) = 1
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
    *(u64 *)(r7 + 56) = 1
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
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case object_of_no_struct
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = 0
    r2 = 0
    call bpf_obj_new_impl
  out:
    r0 = 0
    exit

case object_without_lock
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call spin_lock
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
map values array value value entries 2
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
map values array value value entries 2
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
    call bpf_rbtree_add_impl
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
map values array value value entries 2
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
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case tree_removed_and_lost
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case tree_walk
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case tree_remove_of_context
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    call bpf_rbtree_remove
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

case tree_order_returns_two
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    exit

case tree_order_calls_helper
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    call ktime_get_ns
    r0 = 0
    exit

case tree_order_unlocks
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    r1 = map[value:values]
    call spin_unlock
    r0 = 0
    exit

case tree_order_removes
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    r1 = map[value:values]
    r1 += 8
    call bpf_rbtree_remove
    r0 = 0
    exit

case tree_order_opens_rcu
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    call bpf_rcu_read_lock
    r0 = 0
    exit

case tree_order_is_no_function
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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

case refcount_of_owned
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case refcount_forgotten
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case refcount_in_tree
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
map values array value value entries 2
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

case refcount_without_count
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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

case refcount_of_value
section tc
struct node n:bpf_list_node data:u64 m:bpf_list_node
struct value lock:bpf_spin_lock pad:u32 head:bpf_list_head(node.n)
map values array value value entries 2
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
    call bpf_refcount_acquire_impl
    r8 = r0
  out:
    r0 = 0
    exit

case kptr_of_own_type
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case kptr_of_own_type_forgotten
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    exit
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case kptr_of_own_type_loaded
section tc
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
  less:
    r1 = *(u64 *)(r1 + 32)
    r2 = *(u64 *)(r2 + 32)
    r0 = 1
    if r1 < r2 goto first
    r0 = 0
  first:
    exit

case kptr_of_own_type_after_rcu
section syscall
struct leaf n:bpf_rb_node data:u64 count:bpf_refcount
struct value lock:bpf_spin_lock pad:u32 root:bpf_rb_root(leaf.n) held:kptr(leaf)
map values array value value entries 2
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
    *(u64 *)(r7 + 32) = 1
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

case percpu_object_stored
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
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
    *(u64 *)(r7 + 0) = 1
  out:
    r0 = 0
    exit

case percpu_object_of_lock
section tc
struct locked lock:bpf_spin_lock n:u32
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = type(locked)
    r2 = 0
    call bpf_percpu_obj_new_impl
  out:
    r0 = 0
    exit

case percpu_object_dropped_plainly
section tc
struct pair a:u64 b:u64
struct value pc:percpu_kptr(pair)
map values array value value entries 2
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
    call bpf_obj_drop_impl
  out:
    r0 = 0
    exit

case res_lock
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_lock_twice
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    call bpf_res_spin_lock
    if r0 != 0 goto out
  out:
    r0 = 0
    exit

case res_lock_not_released
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    exit

case res_lock_two
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    call bpf_res_spin_unlock
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
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_unlock_without_lock
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_lock_at_wrong_offset
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 4
    call bpf_res_spin_lock
  out:
    r0 = 0
    exit

case res_lock_on_stack
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r10
    r1 += -4
    call bpf_res_spin_lock
  out:
    r0 = 0
    exit

case res_lock_irq
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    call bpf_res_spin_unlock
  out:
    r0 = 0
    exit

case res_lock_irq_flag_restored
section tc
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    call bpf_local_irq_restore
  out:
    r0 = 0
    exit

case res_lock_in_tracing
section raw_tp/sys_enter
struct value lock:bpf_res_spin_lock n:u32
map values array value value entries 2
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
    exit

case work_queue_of_other_map
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
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
    call bpf_wq_init
  out:
    r0 = 0
    exit

case work_queue_at_wrong_offset
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
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
    call bpf_wq_init
  out:
    r0 = 0
    exit

case work_queue_on_stack
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
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
    call bpf_wq_init
  out:
    r0 = 0
    exit

case work_queue_without_function
section tc
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
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
    call bpf_wq_set_callback_impl
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
    r1 = map[fd:values]
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r0 = *(u64 *)(r6 + 8)
  out:
    r0 = 0
    exit

case work_queue_in_tracing
section raw_tp/sys_enter
struct value n:u64 work:bpf_wq
map values array value value entries 2
map others array value value entries 2
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
    call bpf_task_work_schedule_signal_impl
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
    call bpf_task_work_schedule_signal_impl
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
    call bpf_task_work_schedule_signal_impl
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
    r0 = *(u64 *)(r3 + 16)
    exit

case throw_caught
section tc
func test global ptr throws:caught
func caught global u64
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
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = 7
    exit

case throw_caught_throws
section tc
func test global ptr throws:caught
func caught global u64
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r1 = 0
    call bpf_throw
    r0 = 7
    exit

case throw_caught_by_two_arguments
section tc
func test global ptr throws:caught
func caught global u64 u64
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
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
  caught:
    r0 = 7
    exit

case throw_cookie_returned
section cgroup_skb/egress
    r1 = 64
    call bpf_throw
    r0 = 0
    exit
