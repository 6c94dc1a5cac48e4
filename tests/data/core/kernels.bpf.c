// What differs between kernels: fields that were renamed or became something else, enumerators, bit fields, modules.
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;

#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))

enum { FIELD_OFFSET, FIELD_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT, FIELD_RSHIFT };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };

#define field(kind, expression) __builtin_preserve_field_info(expression, kind)
#define type_info(kind, type) __builtin_preserve_type_info(*(type *)0, kind)
#define enum_info(kind, type, value) __builtin_preserve_enum_value(*(type *)value, kind)

char LICENSE[] SEC("license") = "GPL";

struct task_struct { s32 pid, tgid; unsigned in_execve : 1; } CORE;

// Linux 6.2 made the one struct of counters an array of structs.
struct mm_rss_stat { struct { long counter; } count[4]; } CORE;
struct mm_struct___before { struct mm_rss_stat rss_stat; } CORE;
struct percpu_counter { long long count; } CORE;
struct mm_struct___after { struct percpu_counter rss_stat[4]; } CORE;

// Renamed in 6.15, 6.6 and 6.13.
struct kernfs_node { void *parent; } CORE;
struct kernfs_node___new { void *__parent; } CORE;
struct inode { u64 i_ino; } CORE;
struct inode___before { struct { long tv_sec; } i_ctime; } CORE;
struct inode___after { long i_ctime_sec; } CORE;
struct file___before { struct { long counter; } f_count; } CORE;
struct file___after { struct { struct { long counter; } refcnt; } f_ref; } CORE;

// One bit, then two of another name.
struct sk_buff { u32 len; unsigned char pkt_type : 3; } CORE;
struct sk_buff___before { unsigned char mono_delivery_time : 1; } CORE;
struct sk_buff___after { unsigned char tstamp_type : 2; } CORE;

enum bpf_link_type { BPF_LINK_TYPE_XDP = 60, BPF_LINK_TYPE_NETKIT = 70, BPF_LINK_TYPE_NOT_YET = 80 };
enum node_stat_item { NR_INACTIVE_ANON = 9, NR_FILE_PAGES = 90, NR_VM_NODE_STAT_ITEMS = 91 };
enum cpuhp_state { CPUHP_ONLINE = 1, CPUHP_AP_ONLINE = 2 };
struct sched_ext_entity { int a; } CORE;

SEC("raw_tp/sys_enter") u64 renamed(void *ctx)
{
	u64 sum = 0;
#define add(value) sum = sum * 31 + (value)
#define either(old, new) \
	do { \
		if (field(FIELD_EXISTS, old)) add(field(FIELD_OFFSET, old)); \
		if (field(FIELD_EXISTS, new)) add(field(FIELD_OFFSET, new)); \
	} while (0)
	either(((struct mm_struct___before *)ctx)->rss_stat.count[2].counter, ((struct mm_struct___after *)ctx)->rss_stat[2].count);
	either(((struct kernfs_node *)ctx)->parent, ((struct kernfs_node___new *)ctx)->__parent);
	either(((struct inode___before *)ctx)->i_ctime.tv_sec, ((struct inode___after *)ctx)->i_ctime_sec);
	either(((struct file___before *)ctx)->f_count.counter, ((struct file___after *)ctx)->f_ref.refcnt.counter);
	add(field(FIELD_OFFSET, ((struct task_struct *)ctx)->pid));
	add(field(FIELD_OFFSET, ((struct inode *)ctx)->i_ino));
	add(type_info(TYPE_SIZE, struct task_struct));
	add(type_info(TYPE_EXISTS, struct sched_ext_entity));
	add(type_info(TYPE_MATCHES, struct percpu_counter));
	return sum;
}

SEC("raw_tp/sys_enter") u64 bits(void *ctx)
{
	u64 sum = 0;
	struct sk_buff *skb = ctx;
	struct task_struct *t = ctx;
	add(field(FIELD_EXISTS, ((struct sk_buff___before *)ctx)->mono_delivery_time));
	add(field(FIELD_EXISTS, ((struct sk_buff___after *)ctx)->tstamp_type));
	if (field(FIELD_EXISTS, ((struct sk_buff___after *)ctx)->tstamp_type))
		add(field(FIELD_RSHIFT, ((struct sk_buff___after *)ctx)->tstamp_type));
	add(field(FIELD_LSHIFT, skb->pkt_type));
	add(field(FIELD_RSHIFT, skb->pkt_type));
	add(field(FIELD_OFFSET, skb->pkt_type));
	add(field(FIELD_LSHIFT, t->in_execve));
	add(field(FIELD_SIZE, t->in_execve));
	add(field(FIELD_SIGNED, t->pid));
	return sum + skb->len;
}

SEC("raw_tp/sys_enter") u64 enumerators(void *ctx)
{
	u64 sum = 0;
	add(enum_info(1, enum bpf_link_type, BPF_LINK_TYPE_XDP));
	add(enum_info(0, enum bpf_link_type, BPF_LINK_TYPE_NETKIT));
	add(enum_info(0, enum bpf_link_type, BPF_LINK_TYPE_NOT_YET));
	if (enum_info(0, enum bpf_link_type, BPF_LINK_TYPE_NETKIT))
		add(enum_info(1, enum bpf_link_type, BPF_LINK_TYPE_NETKIT));
	add(enum_info(1, enum node_stat_item, NR_FILE_PAGES));
	add(enum_info(1, enum node_stat_item, NR_VM_NODE_STAT_ITEMS));
	add(enum_info(1, enum cpuhp_state, CPUHP_AP_ONLINE));
	add(enum_info(1, enum cpuhp_state, CPUHP_ONLINE));
	return sum;
}
