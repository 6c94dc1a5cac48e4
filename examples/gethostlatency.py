"""How long do programs wait for the address of a host?

    sudo ebee run examples/gethostlatency.py -c 'getent ahosts localhost'
    sudo ebee run examples/gethostlatency.py -c '…' -- /lib/other/libc.so.6
"""

import sys

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, u32, u64

LIBC = sys.argv[1] if len(sys.argv) > 1 else "libc"


class Question(Struct):
    pid: u32
    ns: u64  # when it was asked, and then how long it took
    result: s32
    comm: str = Str(16)
    host: str = Str(80)


under_way = Hash(u32, Question)  # by thread
answered = RingBuf(Question)


@ebee.uprobe(LIBC, "getaddrinfo")
def on_question(node: u64):
    if node:
        under_way[ebee.tid()] = Question(
            pid=ebee.pid(), ns=ebee.ktime(), comm=ebee.comm(), host=ebee.user_str(node, 80)
        )


@ebee.uretprobe(LIBC, "getaddrinfo")
def on_answer(ret):
    question = under_way.lookup(ebee.tid())
    if question is not None:
        question.ns = ebee.ktime() - question.ns
        question.result = s32(ret)
        answered.output(question)
        del under_way[ebee.tid()]


with ebee.attach(on_question, on_answer):
    for q in answered:
        print(f"{q.pid:<8} {q.comm:<16} {q.host:<30} {'ok' if q.result == 0 else 'failed':<6} {q.ns / 1e6:>10.3f} ms")
