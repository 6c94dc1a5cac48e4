"""What kernel functions ask for and give beyond what their types say: their flags, which BTF does not have.

`FLAGS` has by flag the functions that are registered with it. Those of iterators (new, next, destroy) follow from the
names. `TRUSTED`: pointers must be trusted; `RCU`: or protected by RCU; `RCU_PROTECTED`: only in an RCU region.
Compared with the sources of 6.12 and 7.3 where they have the function; what has a case in
tests/data/verifier/kfuncs.asm was asked of a 6.18 kernel, the rest was not.

Kernel: 6.18
Source: BTF_ID_FLAGS() in
kernel/bpf/helpers.c, kernel/bpf/cpumask.c, kernel/bpf/crypto.c, kernel/bpf/map_iter.c, kernel/bpf/arena.c,
kernel/bpf/rqspinlock.c, fs/bpf_fs_kfuncs.c, net/core/filter.c, net/core/xdp.c, net/netfilter/nf_conntrack_bpf.c,
net/netfilter/nf_nat_bpf.c, net/xfrm/xfrm_state_bpf.c, net/ipv4/tcp_cong.c, net/ipv4/tcp_cubic.c, net/ipv4/tcp_bbr.c,
kernel/trace/bpf_trace.c, kernel/cgroup/rstat.c.
tools/gen/abi_kfunc_flags.py makes it of these.
"""

from __future__ import annotations

FLAGS: dict[str, frozenset[str]] = {
    flag: frozenset(words.split())
    for flag, words in {
        "acquire": (
            "bpf_cgroup_acquire bpf_cgroup_ancestor bpf_cgroup_from_id bpf_cpumask_acquire bpf_cpumask_create "
            "bpf_crypto_ctx_acquire bpf_crypto_ctx_create bpf_ct_insert_entry bpf_get_task_exe_file "
            "bpf_list_pop_back bpf_list_pop_front bpf_lookup_system_key bpf_lookup_user_key bpf_obj_new_impl "
            "bpf_percpu_obj_new_impl bpf_rbtree_remove bpf_refcount_acquire_impl bpf_skb_ct_alloc "
            "bpf_skb_ct_lookup bpf_task_acquire bpf_task_from_pid bpf_task_from_vpid bpf_task_get_cgroup1 "
            "bpf_xdp_ct_alloc bpf_xdp_ct_lookup bpf_xdp_get_xfrm_state"
        ),
        "release": (
            "bpf_cgroup_release bpf_cpumask_release bpf_crypto_ctx_release bpf_ct_insert_entry bpf_ct_release "
            "bpf_key_put bpf_obj_drop_impl bpf_percpu_obj_drop_impl bpf_put_file bpf_task_release "
            "bpf_xdp_xfrm_state_release"
        ),
        "ret_null": (
            "bpf_cgroup_acquire bpf_cgroup_ancestor bpf_cgroup_from_id bpf_cpumask_create bpf_crypto_ctx_acquire "
            "bpf_crypto_ctx_create bpf_ct_insert_entry bpf_dynptr_slice bpf_dynptr_slice_rdwr bpf_get_kmem_cache "
            "bpf_get_task_exe_file bpf_iter_bits_next bpf_iter_css_next bpf_iter_css_task_next "
            "bpf_iter_dmabuf_next bpf_iter_kmem_cache_next bpf_iter_num_next bpf_iter_task_next "
            "bpf_iter_task_vma_next bpf_list_back bpf_list_front bpf_list_pop_back bpf_list_pop_front "
            "bpf_lookup_system_key bpf_lookup_user_key bpf_obj_new_impl bpf_percpu_obj_new_impl bpf_rbtree_first "
            "bpf_rbtree_left bpf_rbtree_remove bpf_rbtree_right bpf_rbtree_root bpf_refcount_acquire_impl "
            "bpf_res_spin_lock bpf_res_spin_lock_irqsave bpf_skb_ct_alloc bpf_skb_ct_lookup bpf_task_acquire "
            "bpf_task_from_pid bpf_task_from_vpid bpf_task_get_cgroup1 bpf_xdp_ct_alloc bpf_xdp_ct_lookup "
            "bpf_xdp_get_xfrm_state"
        ),
        "trusted": (
            "bpf_arena_alloc_pages bpf_arena_free_pages bpf_arena_reserve_pages bpf_copy_from_user_task_dynptr "
            "bpf_copy_from_user_task_str_dynptr bpf_cpumask_acquire bpf_ct_change_status bpf_ct_change_timeout "
            "bpf_ct_set_nat_info bpf_ct_set_status bpf_ct_set_timeout bpf_dynptr_from_skb "
            "bpf_dynptr_from_skb_meta bpf_get_dentry_xattr bpf_get_file_xattr bpf_get_task_exe_file "
            "bpf_iter_css_new bpf_iter_css_task_new bpf_iter_task_new bpf_map_sum_elem_count bpf_path_d_path "
            "bpf_remove_dentry_xattr bpf_send_signal_task bpf_set_dentry_xattr bpf_sk_assign_tcp_reqsk "
            "bpf_sock_destroy bpf_sock_ops_enable_tx_tstamp bpf_stream_vprintk_impl "
            "bpf_task_work_schedule_resume_impl bpf_task_work_schedule_signal_impl"
        ),
        "rcu": (
            "bpf_cgroup_acquire bpf_cgroup_ancestor bpf_cgroup_read_xattr bpf_cpumask_and "
            "bpf_cpumask_any_and_distribute bpf_cpumask_any_distribute bpf_cpumask_clear bpf_cpumask_clear_cpu "
            "bpf_cpumask_copy bpf_cpumask_empty bpf_cpumask_equal bpf_cpumask_first bpf_cpumask_first_and "
            "bpf_cpumask_first_zero bpf_cpumask_full bpf_cpumask_intersects bpf_cpumask_or bpf_cpumask_populate "
            "bpf_cpumask_set_cpu bpf_cpumask_setall bpf_cpumask_subset bpf_cpumask_test_and_clear_cpu "
            "bpf_cpumask_test_and_set_cpu bpf_cpumask_test_cpu bpf_cpumask_weight bpf_cpumask_xor "
            "bpf_crypto_ctx_acquire bpf_crypto_decrypt bpf_crypto_encrypt bpf_iter_task_vma_new "
            "bpf_refcount_acquire_impl bpf_task_acquire bpf_task_get_cgroup1 bpf_task_under_cgroup"
        ),
        "rcu_protected": "bpf_iter_css_new bpf_iter_task_new",
        "sleepable": (
            "bpf_arena_alloc_pages bpf_arena_free_pages bpf_arena_reserve_pages bpf_copy_from_user_dynptr "
            "bpf_copy_from_user_str bpf_copy_from_user_str_dynptr bpf_copy_from_user_task_dynptr "
            "bpf_copy_from_user_task_str bpf_copy_from_user_task_str_dynptr bpf_crypto_ctx_create "
            "bpf_get_dentry_xattr bpf_get_file_xattr bpf_iter_dmabuf_destroy bpf_iter_dmabuf_new "
            "bpf_iter_dmabuf_next bpf_iter_kmem_cache_destroy bpf_iter_kmem_cache_new bpf_iter_kmem_cache_next "
            "bpf_lookup_user_key bpf_remove_dentry_xattr bpf_set_dentry_xattr css_rstat_flush"
        ),
    }.items()
}  # fmt: skip
