"""What does a command say through TLS? The text before it is encrypted, and after it is decrypted.

    sudo ebee run examples/sslsniff.py -c 'curl -s https://example.org/'
    sudo ebee run examples/sslsniff.py -c 'my-program' -- /opt/lib/libssl.so.3     # another OpenSSL

A record is larger than a probe's stack: the bytes are read right where they are kept.
"""

import enum
import sys

import ebee
from ebee import Bytes, Hash, RingBuf, Str, Struct, s32, u32, u64

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libssl"
MOST = 4096


class Way(enum.Enum):
    sends = 0
    receives = 1


class Text(Struct):
    way: Way
    pid: u32
    comm: str = Str(16)
    size: u32
    data: bytes = Bytes(MOST)


texts = RingBuf(Text, size="4M")
buffers = Hash(u32, u64)  # by thread: where SSL_read is to put what it reads


def tell(way, buffer, size):
    with texts.reserve() as e:
        e.way = way
        e.pid, e.comm, e.size = ebee.pid(), ebee.comm(), size
        e.data = ebee.read_user(buffer, Bytes(MOST), min(size, MOST))


@ebee.uprobe(LIBRARY, "SSL_write", "SSL_write_ex")
def on_write(ssl, buffer, size: s32):
    if size > 0:
        tell(Way.sends, buffer, u32(size))


@ebee.uprobe(LIBRARY, "SSL_read")
def on_read(ssl, buffer):
    buffers[ebee.tid()] = buffer


@ebee.uretprobe(LIBRARY, "SSL_read")
def on_was_read(ret: s32):
    buffer = buffers.pop(ebee.tid(), 0)
    if buffer and ret > 0:
        tell(Way.receives, buffer, u32(ret))


class Wanted(Struct):
    buffer: u64
    size: u64  # of a size_t, where SSL_read_ex says how much it was


wanted = Hash(u32, Wanted)


@ebee.uprobe(LIBRARY, "SSL_read_ex")
def on_read_ex(ssl, buffer, size, read):
    wanted[ebee.tid()] = Wanted(buffer=buffer, size=read)


@ebee.uretprobe(LIBRARY, "SSL_read_ex")
def on_was_read_ex(ret: s32):
    call = wanted.lookup(ebee.tid())
    if call is not None:
        if ret > 0:
            tell(Way.receives, call.buffer, u32(ebee.read_user(call.size, u64)))
        del wanted[ebee.tid()]


with ebee.attach(on_write, on_read, on_was_read, on_read_ex, on_was_read_ex):
    for e in texts:
        cut = "" if e.size <= MOST else f", {e.size - MOST} more"
        print(f"{e.pid:<8} {e.comm:<16} {e.way.name:<9} {e.data[: e.size]!r}{cut}")
