// Jumps through tables (gotox), as clang 22 makes them of switches with -mcpu=v4; older ones do not know the instruction.
#include "ebpf.h"
char LICENSE[] SEC("license") = "GPL";
#define __naked __attribute__((naked))
#define GOTOX_R1 ".8byte 0x010d;"
// Global, because older assemblers relocate with the section for local symbols.
#define TABLE(name, ...) \
    ".pushsection .jumptables,\"\",@progbits; .globl " name "; " name ": .quad " #__VA_ARGS__ ";" \
    ".size " name ", . - " name "; .popsection;"

static __naked __noinline __attribute__((used)) int times(__u64 number, __u64 kind)
{
    asm volatile("0: r3 = r1; r0 = 0; if r2 > 2 goto 9f;"
                 TABLE("BPF.JT.0.0", 1f - 0b, 2f - 0b, 1f - 0b)
                 "r1 = BPF.JT.0.0 ll; r2 <<= 3; r1 += r2; r1 = *(u64 *)(r1 + 0);" GOTOX_R1
                 "1: r0 = r3; r0 *= 10; exit; 2: r0 = r3; r0 *= 100; 9: exit;");
}

SEC("xdp") __naked int first(void *ctx)
{
    asm volatile("section_start: r1 = 5; r2 = 1; call times; exit;");
}

SEC("xdp") __naked int jumps(void *ctx)
{
    asm volatile("r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r0 = 1; r4 = r2; r4 += 1; if r4 > r3 goto 9f;"
                 "r2 = *(u8 *)(r2 + 0); r0 = 2; if r2 > 3 goto 9f; r6 = r2; r6 += 1;"
                 TABLE("BPF.JT.1.0", 1f - section_start, 2f - section_start, 3f - section_start, 1f - section_start)
                 "r1 = BPF.JT.1.0 ll; r2 <<= 3; r1 += r2; r1 = *(u64 *)(r1 + 0);" GOTOX_R1
                 "1: r0 = 11; exit; 2: r0 = 22; exit; 3: r1 = r6; r2 = 2; call times; 9: exit;");
}
