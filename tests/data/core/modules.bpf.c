// Types that only modules have, with what they have of the kernel's inside.
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
#define field(kind, expression) __builtin_preserve_field_info(expression, kind)
#define type_info(kind, type) __builtin_preserve_type_info(*(type *)0, kind)
#define add(value) sum = sum * 31 + (value)

char LICENSE[] SEC("license") = "GPL";

struct inode { u64 i_ino; } CORE;
struct ovl_inode { struct inode vfs_inode; char *redirect; } CORE;
struct ovl_config { char *upperdir; } CORE;
struct ovl_config___old { _Bool redirect_dir; } CORE;
struct ovl_config___new { int redirect_mode; } CORE;
struct ovl_fs { struct ovl_config config; } CORE;
struct task_struct { int pid; } CORE;

SEC("raw_tp/sys_enter") u64 overlay(void *ctx)
{
	u64 sum = 0;
	add(field(0, ((struct ovl_inode *)ctx)->vfs_inode.i_ino));
	add(field(0, ((struct ovl_inode *)ctx)->redirect));
	add(field(0, ((struct ovl_fs *)ctx)->config.upperdir));
	add(field(2, ((struct ovl_config___old *)ctx)->redirect_dir));
	add(field(2, ((struct ovl_config___new *)ctx)->redirect_mode));
	add(type_info(1, struct ovl_inode));
	add(field(0, ((struct task_struct *)ctx)->pid));
	return sum;
}
