/* What the twins in C share: types, helpers by number, maps that the benchmark joins by name, loss counters.
 * Helper numbers: enum bpf_func_id in include/uapi/linux/bpf.h. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define MAP(name) struct { int unused; } name SEC(".maps")
#define LOSE(slot) ((void)__sync_fetch_and_add(&lost[slot], 1))
#define INLINE static inline __attribute__((always_inline))

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
static u64 (*const ktime)(void) = (void *)5;
static u64 (*const pid_tgid)(void) = (void *)14;
static u64 (*const uid_gid)(void) = (void *)15;
static long (*const comm)(void *to, u32 size) = (void *)16;
static long (*const read_user)(void *to, u32 size, u64 from) = (void *)112;
static long (*const read_user_str)(void *to, u32 size, u64 from) = (void *)114;
static void *(*const reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*const submit)(void *record, u64 flags) = (void *)132;

u64 lost[8]; /* one counter for each place where something can be lost */

struct enter { u64 common; s64 nr; u64 args[6]; };
struct leave { u64 common; s64 nr; s64 ret; };

/* m[k] += n: zero is inserted where there is nothing, and what finds no place is counted. */
#define ADD(map, key, n, slot) do {                                        \
	u64 *entry_ = map_lookup(&(map), (key));                           \
	if (!entry_) {                                                     \
		u64 zero_ = 0;                                             \
		map_update(&(map), (key), &zero_, 1);                      \
		entry_ = map_lookup(&(map), (key));                        \
	}                                                                  \
	if (entry_)                                                        \
		__sync_fetch_and_add(entry_, (n));                         \
	else                                                               \
		LOSE(slot);                                                \
} while (0)

/* The same on an array, where nothing can be inserted. */
#define ADD_AT(map, index, n, slot) do {                                   \
	u32 index_ = (index);                                              \
	u64 *entry_ = map_lookup(&(map), &index_);                         \
	if (entry_)                                                        \
		__sync_fetch_and_add(entry_, (n));                         \
	else                                                               \
		LOSE(slot);                                                \
} while (0)

/* m[k] = v */
#define SET(map, key, value, slot) do {                                    \
	if (map_update(&(map), (key), (value), 0))                         \
		LOSE(slot);                                                \
} while (0)

/* out[i] = v */
#define OUT(index, v, slot) do {                                           \
	u32 index_ = (index);                                              \
	u64 value_ = (v);                                                  \
	SET(out, &index_, &value_, slot);                                  \
} while (0)

/* A turn of a loop with a budget, may_goto (BPF_JCOND): where the budget is used up the loop ends at `label`. */
#define TURN_OR(label)                                                     \
	asm volatile goto("1: .byte 0xe5, 0; .long (%l[" #label "] - 1b - 8) / 8 & 0xffff; .short 0" :::: label)

struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
struct eth { u8 dst[6], src[6]; u16 proto; };
struct ip { u8 first, tos; u16 len, id, frag_off; u8 ttl, proto; u16 check; u32 src, dst; };
struct ip6 { u8 first, rest[3]; u16 len; u8 next, hops; u64 src[2], dst[2]; };
struct ports { u16 sport, dport; };
struct udp { u16 sport, dport, len, check; };
struct tcp { u16 sport, dport; u32 seq, ack; u8 doff, flags; u16 window, check, urgent; };

#define XDP_ABORTED 0
#define XDP_DROP 1
#define XDP_PASS 2
#define ETH(p) ((struct eth *)(p))
#define BE16(x) __builtin_bswap16(x)
#define BE32(x) __builtin_bswap32(x)

INLINE u64 mac(const u8 *at)
{
	return (u64)BE32(*(u32 *)at) << 16 | BE16(*(u16 *)(at + 4));
}

/* A packet and the headers found in it; a header that is not there, whole, is null. */
struct packet { u8 *data, *end, *l3, *l4; struct ip *ip; struct ip6 *ip6; u16 proto; u8 l4_proto; };

INLINE int find_eth(struct packet *p, struct xdp_md *ctx)
{
	p->data = (u8 *)(long)ctx->data;
	p->end = (u8 *)(long)ctx->data_end;
	return p->data + 14 <= p->end;
}

/* The network header: after Ethernet's and, if there is one, a VLAN tag. */
INLINE int find_l3(struct packet *p, struct xdp_md *ctx)
{
	if (!find_eth(p, ctx))
		return 0;
	p->proto = ETH(p->data)->proto;
	p->l3 = p->data + 14;
	if (p->proto == BE16(0x8100) || p->proto == BE16(0x88a8)) {
		if (p->data + 18 > p->end)
			return 0;
		p->proto = *(u16 *)(p->data + 16);
		p->l3 = p->data + 18;
	}
	return 1;
}

INLINE int ip_at(struct packet *p)
{
	struct ip *ip = (void *)p->l3;
	u32 size;

	if ((u8 *)(ip + 1) > p->end || ip->first >> 4 != 4)
		return 0;
	size = (ip->first & 15) * 4;
	if (size < 20 || p->l3 + size > p->end)
		return 0;
	p->ip = ip;
	p->l4 = p->l3 + size;
	return 1;
}

INLINE int find_ip(struct packet *p, struct xdp_md *ctx)
{
	return find_l3(p, ctx) && p->proto == BE16(0x0800) && ip_at(p);
}

INLINE int l4_of_ip(struct packet *p)
{
	p->l4_proto = p->ip->proto;
	return !(p->ip->frag_off & BE16(0x1fff));
}

INLINE int find_l4(struct packet *p, struct xdp_md *ctx)
{
	p->ip = 0;
	if (!find_l3(p, ctx))
		return 0;
	if (p->proto == BE16(0x0800))
		return ip_at(p) && l4_of_ip(p);
	if (p->proto != BE16(0x86dd))
		return 0;
	p->ip6 = (void *)p->l3;
	if ((u8 *)(p->ip6 + 1) > p->end || p->ip6->first >> 4 != 6)
		return 0;
	p->l4 = (u8 *)(p->ip6 + 1);
	p->l4_proto = p->ip6->next;
	return 1;
}

INLINE struct tcp *tcp_of(struct packet *p)
{
	struct tcp *tcp = (void *)p->l4;
	u32 size;

	if (p->l4_proto != 6 || (u8 *)(tcp + 1) > p->end)
		return 0;
	size = (tcp->doff >> 4) * 4;
	return size >= 20 && p->l4 + size <= p->end ? tcp : 0;
}
