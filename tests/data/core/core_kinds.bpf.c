// Every kind of CO-RE relocation, against types that every kernel has, and some that none has.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;

#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
#define INLINE static __attribute__((always_inline))

enum { FIELD_OFFSET, FIELD_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT, FIELD_RSHIFT };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };

#define field(kind, expression) __builtin_preserve_field_info(expression, kind)
#define type_info(kind, type) __builtin_preserve_type_info(*(type *)0, kind)
#define type_id(kind, type) __builtin_btf_type_id(*(type *)0, kind)
#define enum_info(kind, type, value) __builtin_preserve_enum_value(*(type *)value, kind)

static long (*probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;

char LICENSE[] SEC("license") = "GPL";

struct list_head { struct list_head *next, *prev; } CORE;
struct mm_struct { u64 start_stack; } CORE;
struct upid { s32 nr; void *ns; } CORE;
struct task_struct {
	s32 pid;
	s32 tgid;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	char comm[16];
	struct list_head tasks;
	unsigned sched_reset_on_fork : 1;
	unsigned in_execve : 1;
} CORE;
struct pid { u32 level; struct upid numbers[]; } CORE;

// An older kernel's, by a flavour.
struct task_struct___old { long state; u32 nothing_of_this_name; } CORE;
struct task_struct___new { u32 __state; } CORE;

struct absent { int a; u64 b[4]; } CORE;
enum absent_enum { ABSENT_ONE = 7 };
enum hrtimer_restart___x { HRTIMER_NORESTART = 3, HRTIMER_RESTART___y = 5, HRTIMER_NEVER = 6 };
enum bpf_prog_type___z { BPF_PROG_TYPE_UNSPEC = 9, BPF_PROG_TYPE_XDP = 1 };

typedef int (*absent_function)(struct absent *);
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic64_t___wrong;
struct list_head___more { struct list_head *next; struct list_head *other; };
struct list_head___less { struct list_head *next; };
struct hlist_head { struct hlist_node *first; };
struct hlist_head___array { struct hlist_node *first[2]; };
union sigval { int sival_int; void *sival_ptr; };
typedef int pid_t;
typedef int (*initcall_t)(void);
typedef int (*initcall_t___args)(int);

struct iphdr { u8 ihl : 4, version : 4; u8 tos; u16 tot_len; } CORE;
struct tcphdr { u16 source; u16 dest; u32 seq; u32 ack_seq; u16 res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1; } CORE;

#define START u64 sum = 0
#define add(value) sum = sum * 31 + (value)

SEC("raw_tp/sys_enter") u64 offsets(void *ctx)
{
	struct task_struct *t = ctx;
	START;
	add(field(FIELD_OFFSET, t->pid));
	add(field(FIELD_OFFSET, t->tgid));
	add(field(FIELD_OFFSET, t->comm[3]));
	add(field(FIELD_OFFSET, t->tasks.prev));
	add(field(FIELD_OFFSET, ((struct pid *)ctx)->numbers[2].nr));
	add((u64)&((struct task_struct *)ctx)[1].pid - (u64)ctx);
	return sum;
}

SEC("raw_tp/sys_enter") u64 sizes_and_signs(void *ctx)
{
	struct task_struct *t = ctx;
	struct absent *a = ctx;
	START;
	add(field(FIELD_SIZE, t->pid));
	add(field(FIELD_SIZE, t->comm));
	add(field(FIELD_SIZE, t->comm[1]));
	add(field(FIELD_SIZE, t->tasks));
	add(field(FIELD_SIGNED, t->pid));
	add(field(FIELD_SIGNED, t->sched_reset_on_fork));
	add(field(FIELD_EXISTS, t->pid));
	add(field(FIELD_EXISTS, a->a));
	add(field(FIELD_EXISTS, ((struct task_struct___old *)t)->state));
	add(field(FIELD_EXISTS, ((struct task_struct___new *)t)->__state));
	return sum;
}

SEC("raw_tp/sys_enter") u64 bit_fields(void *ctx)
{
	struct task_struct *t = ctx;
	struct tcphdr *tcp = ctx;
	struct iphdr *ip = ctx;
	START;
	add(field(FIELD_OFFSET, t->sched_reset_on_fork));
	add(field(FIELD_SIZE, t->in_execve));
	add(field(FIELD_LSHIFT, t->sched_reset_on_fork));
	add(field(FIELD_RSHIFT, t->in_execve));
	add(field(FIELD_LSHIFT, t->pid));
	add(field(FIELD_RSHIFT, t->pid));
	add(field(FIELD_OFFSET, tcp->syn));
	add(field(FIELD_SIZE, tcp->syn));
	add(field(FIELD_LSHIFT, tcp->rst));
	add(field(FIELD_RSHIFT, tcp->doff));
	add(field(FIELD_LSHIFT, ip->version));
	add(field(FIELD_LSHIFT, ip->ihl));
	add(field(FIELD_RSHIFT, ip->ihl));
	return sum;
}

SEC("raw_tp/sys_enter") u64 types(void *ctx)
{
	START;
	add(type_info(TYPE_EXISTS, struct task_struct));
	add(type_info(TYPE_EXISTS, struct absent));
	add(type_info(TYPE_EXISTS, absent_function));
	add(type_info(TYPE_EXISTS, initcall_t));
	add(type_info(TYPE_EXISTS, initcall_t___args));
	add(type_info(TYPE_SIZE, struct task_struct));
	add(type_info(TYPE_SIZE, struct absent));
	add(type_info(TYPE_SIZE, atomic_t));
	add(type_info(TYPE_SIZE, pid_t));
	add(type_id(1, struct task_struct));
	add(type_id(1, struct absent));
	add(type_id(1, enum hrtimer_restart___x));
	return sum;
}

SEC("raw_tp/sys_enter") u64 matches(void *ctx)
{
	START;
	add(type_info(TYPE_MATCHES, struct list_head));
	add(type_info(TYPE_MATCHES, struct list_head___more));
	add(type_info(TYPE_MATCHES, struct list_head___less));
	add(type_info(TYPE_MATCHES, struct hlist_head));
	add(type_info(TYPE_MATCHES, struct hlist_head___array));
	add(type_info(TYPE_MATCHES, union sigval));
	add(type_info(TYPE_MATCHES, atomic_t));
	add(type_info(TYPE_MATCHES, atomic64_t___wrong));
	add(type_info(TYPE_MATCHES, struct task_struct));
	add(type_info(TYPE_MATCHES, enum hrtimer_restart___x));
	add(type_info(TYPE_MATCHES, enum bpf_prog_type___z));
	add(type_info(TYPE_MATCHES, initcall_t));
	add(type_info(TYPE_MATCHES, initcall_t___args));
	add(type_info(TYPE_MATCHES, struct absent));
	return sum;
}

SEC("raw_tp/sys_enter") u64 enumerators(void *ctx)
{
	START;
	add(enum_info(0, enum hrtimer_restart___x, HRTIMER_NORESTART));
	add(enum_info(0, enum hrtimer_restart___x, HRTIMER_NEVER));
	add(enum_info(0, enum absent_enum, ABSENT_ONE));
	add(enum_info(1, enum hrtimer_restart___x, HRTIMER_NORESTART));
	add(enum_info(1, enum hrtimer_restart___x, HRTIMER_RESTART___y));
	add(enum_info(1, enum bpf_prog_type___z, BPF_PROG_TYPE_UNSPEC));
	add(enum_info(1, enum bpf_prog_type___z, BPF_PROG_TYPE_XDP));
	return sum;
}

SEC("raw_tp/sys_enter") u64 guarded(void *ctx)
{
	struct task_struct___old *old = ctx;
	struct absent *a = ctx;
	START;
	if (field(FIELD_EXISTS, old->state))
		add(field(FIELD_OFFSET, old->state));
	if (field(FIELD_EXISTS, a->b[2]))
		add(field(FIELD_SIZE, a->b));
	if (enum_info(0, enum absent_enum, ABSENT_ONE))
		add(enum_info(1, enum absent_enum, ABSENT_ONE));
	return sum;
}

SEC("raw_tp/sys_enter") u64 reads(void *ctx)
{
	struct task_struct *t = ctx, *parent = 0;
	u64 stack = 0;
	s32 pid = 0;
	struct mm_struct *mm = 0;
	probe_read_kernel(&parent, sizeof(parent), &t->real_parent);
	probe_read_kernel(&pid, sizeof(pid), &parent->pid);
	probe_read_kernel(&mm, sizeof(mm), &parent->mm);
	probe_read_kernel(&stack, sizeof(stack), &mm->start_stack);
	return stack + pid;
}

// Plain loads: where the kernel's field has another width, the load gets it, too.
struct sk_buff___narrow { u8 len; u16 hash; } CORE;

SEC("tp_btf/kfree_skb") u64 resized(u64 *ctx)
{
	struct sk_buff___narrow *skb = (void *)ctx[0];
	return skb->len + skb->hash;
}

// Ids of the object's own types, enumerators of 64 bits, types without a name of their own.
enum bpf_kfunc_flags_wide { WIDE_ONE = 0x100000001ULL };
enum sctp_msg_flags___other { MSG_NOTIFICATION = 5 };
typedef struct { int counter; } local_only_t;

SEC("raw_tp/sys_enter") u64 own_types(void *ctx)
{
	START;
	add(type_id(0, struct task_struct));
	add(type_id(0, struct absent));
	add(type_id(0, local_only_t));
	add(type_id(0, enum absent_enum));
	add(type_id(1, atomic_t));
	add(type_id(1, local_only_t));
	add(type_info(TYPE_EXISTS, local_only_t));
	add(enum_info(0, enum bpf_kfunc_flags_wide, WIDE_ONE));
	if (enum_info(0, enum bpf_kfunc_flags_wide, WIDE_ONE))
		add(enum_info(1, enum bpf_kfunc_flags_wide, WIDE_ONE));
	add(type_info(TYPE_MATCHES, enum sctp_msg_flags___other));
	add(type_info(TYPE_EXISTS, enum sctp_msg_flags___other));
	return sum;
}

// Loads that follow pointers, of several widths and through arrays, anonymous members and the end of a struct.
struct sk_buff___wide { u64 len; struct sock *sk; u16 protocol; u32 hash; u32 napi_id; } CORE;
struct sock_common { u16 skc_family; u32 skc_daddr; unsigned char skc_reuse : 4; } CORE;
struct sock { struct sock_common __sk_common; } CORE;

SEC("tp_btf/kfree_skb") u64 loads(u64 *ctx)
{
	struct sk_buff___wide *skb = (void *)ctx[0];
	struct sock *sk = skb->sk;
	START;
	add(skb->len);
	add(skb->protocol);
	add(skb->hash);
	add(skb->napi_id);
	if (sk) {
		add(sk->__sk_common.skc_family);
		add(sk->__sk_common.skc_daddr);
		add(field(FIELD_LSHIFT, sk->__sk_common.skc_reuse));
	}
	return 0 * sum;
}
