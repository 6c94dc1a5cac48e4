#include "ebpf.h"
const volatile __u32 own = 0;
__u64 hits[12];
extern bool bpf_session_is_return(void) __ksym __weak; /* before Linux 7.0 */
extern bool bpf_session_is_return___here(void *ctx) __ksym __weak;
#define COUNT(n) { if (bpf_get_current_pid_tgid() >> 32 == own) hits[n] += 1; return 0; }
SEC("kprobe/__x64_sys_getpgid") int on_kprobe(void *ctx) COUNT(0)
SEC("kretprobe/__x64_sys_getpgid") int on_kretprobe(void *ctx) COUNT(1)
SEC("ksyscall/getpgid") int on_ksyscall(void *ctx) COUNT(2)
SEC("fentry/__x64_sys_getpgid") int on_fentry(void *ctx) COUNT(3)
SEC("fexit/__x64_sys_getpgid") int on_fexit(void *ctx) COUNT(4)
SEC("lsm/file_open") int on_lsm(void *ctx) COUNT(5)
SEC("tp_btf/sys_enter") int on_tp_btf(void *ctx) COUNT(6)
SEC("kprobe.multi/__x64_sys_getpgi*") int on_multi(void *ctx) COUNT(7)
#define SESSION(n) { if (bpf_get_current_pid_tgid() >> 32 == own) hits[n + IS_RETURN] += 1; return 0; }
#define IS_RETURN (bpf_session_is_return___here ? bpf_session_is_return___here(ctx) : bpf_session_is_return())
SEC("?kprobe.session/__x64_sys_getpgi*") int on_session(void *ctx) SESSION(8)
SEC("?uprobe.session") int on_user_session(void *ctx) SESSION(10)
SEC("?fsession/__x64_sys_getpgid") int on_fsession(void *ctx) SESSION(10)
char LICENSE[] SEC("license") = "GPL";
