"""Which capabilities is a command asked for, and has it them?

    sudo ebee run examples/capable.py -c 'chown nobody /tmp/x'
"""

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, u32

# include/uapi/linux/capability.h, from 0 on.
NAMES = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
]  # fmt: skip


class Asked(Struct):
    pid: u32
    capability: s32
    result: s32
    comm: str = Str(16)


under_way = Hash(u32, s32)  # by thread
questions = RingBuf(Asked)


@ebee.kprobe("cap_capable")
def on_question(cap):
    under_way[ebee.tid()] = cap


@ebee.kretprobe("cap_capable")
def on_answer(ret):
    if ebee.tid() in under_way:
        questions.output(Asked(pid=ebee.pid(), comm=ebee.comm(), capability=under_way[ebee.tid()], result=s32(ret)))
        del under_way[ebee.tid()]


with ebee.attach(on_question, on_answer):
    for q in questions:
        name = NAMES[q.capability] if q.capability < len(NAMES) else str(q.capability)
        print(f"{q.pid:<8} {q.comm:<16} CAP_{name:<20} {'no' if q.result else 'yes'}")
