    r1 = *(s32 *)(r1 +0)
    r0 = var[btf_id:0]
    if r0 == 0x0 goto L7
    call kernel-function#0
    r6 = r0
    goto L9
L7:
    call kernel-function#0
    r6 = r0
L9:
    if r6 != 0x0 goto L17
    r0 = 0
    r5 = 0
    r5 += r0
    r0 = 0x0 ll
    r0 += r5
    exit
L17:
    r0 = *(u64 *)(r6 +0)
    r7 = *(s32 *)(r0 +0)
    r1 = var[btf_id:0]
    call 154
    r8 = *(u32 *)(r0 +0)
    r1 = r6
    call kernel-function#0
    r0 = r7
    r0 += r8
    exit
; relocation at 1: ksym bpf_task_from_vpid + 0
; relocation at 3: kfunc bpf_task_from_vpid + 0
; relocation at 6: kfunc bpf_task_from_pid + 0
; relocation at 9: core_field_exists task_struct.scx:struct + 0
; relocation at 10: core_type_size struct task_struct + 0
; relocation at 12: core_enum_value bpf_map_type.BPF_MAP_TYPE_ARENA + 0
; relocation at 15: core_field task_struct.real_parent:struct task_struct * + 0
; relocation at 16: core_field task_struct.tgid:s32 + 0
; relocation at 17: ksym runqueues + 0
; relocation at 19: core_field rq.nr_running:u32 + 0
; relocation at 21: kfunc bpf_task_release + 0
; stack: 32 bytes
