"""Arithmetic of the code benchmark, on numbers of an Ethernet header; each has a twin of the same name in C."""

from __future__ import annotations

import ebee
from ebee import Array, u32, u64

out = Array(u64, max_entries=8)


@ebee.xdp
def gcd(pkt):
    if pkt.eth:
        a, b = pkt.eth.dst, pkt.eth.src
        for _ in range(64):
            if b == 0:
                break
            a, b = b, a % b
        out[0] = a
    return ebee.XDP_PASS


@ebee.xdp
def collatz(pkt):
    if pkt.eth:
        n = u64(pkt.eth.proto)
        steps = 0
        for _ in range(200):
            if n <= 1:
                break
            n = n // 2 if n % 2 == 0 else u64(3 * n + 1)
            steps += 1
        out[0] = steps
    return ebee.XDP_PASS


@ebee.xdp
def primes(pkt):
    if pkt.eth:
        n = pkt.eth.proto
        prime = n > 1
        for i in range(2, 100):
            if i * i > n:
                break
            if n % i == 0:
                prime = False
                break
        out[0] = prime
    return ebee.XDP_PASS


@ebee.xdp
def popcount(pkt):
    if pkt.eth:
        n = pkt.eth.dst
        count = 0
        for _ in range(48):
            count += n & 1
            n >>= 1
        out[0] = count
    return ebee.XDP_PASS


@ebee.xdp
def checksum(pkt):
    if pkt.ip:
        ip = pkt.ip
        s = ip.src + ip.dst + ip.proto + ip.len + ip.id
        s = (s & 0xFFFF) + (s >> 16)
        s = (s & 0xFFFF) + (s >> 16)
        s = (s & 0xFFFF) + (s >> 16)
        out[0] = s ^ 0xFFFF
    return ebee.XDP_PASS


@ebee.xdp
def divisions(pkt):
    if pkt.eth:
        n = pkt.eth.dst
        out[0] = n // 10
        out[1] = n % 10
        out[2] = n // 1000 % 7
        out[3] = n // 64
    return ebee.XDP_PASS


@ebee.xdp
def switch(pkt):
    if pkt.eth:
        result = 0
        match pkt.eth.proto:
            case 0x0800:
                result = 1
            case 0x86DD:
                result = 2
            case 0x0806:
                result = 3
            case 0x8100 | 0x88A8:
                result = 4
            case 0x88CC:
                result = 5
            case _:
                result = 6
        out[0] = result
    return ebee.XDP_PASS


@ebee.xdp
def fnv_hash(pkt):
    if pkt.eth:
        n = pkt.eth.dst
        h = u64(0xCBF29CE484222325)
        for _ in range(6):
            h = u64((h ^ (n & 0xFF)) * 0x100000001B3)
            n >>= 8
        out[0] = h
    return ebee.XDP_PASS


@ebee.xdp
def fibonacci(pkt):
    if pkt.eth:
        n = pkt.eth.proto & 63
        a, b = u64(0), u64(1)
        for i in range(64):
            if i >= n:
                break
            a, b = b, u64(a + b)
        out[0] = a
    return ebee.XDP_PASS


@ebee.xdp
def xorshift(pkt):
    if pkt.eth:
        x = u32(pkt.eth.dst)
        for _ in range(16):
            x = u32(x ^ (x << 13))
            x = u32(x ^ (x >> 17))
            x = u32(x ^ (x << 5))
        out[0] = x
    return ebee.XDP_PASS


@ebee.xdp
def square_root(pkt):
    if pkt.eth:
        n = pkt.eth.dst
        root, bit = 0, 1 << 23
        for _ in range(24):
            if (root | bit) * (root | bit) <= n:
                root |= bit
            bit >>= 1
        out[0] = root
    return ebee.XDP_PASS


@ebee.xdp
def crc8(pkt):
    if pkt.eth:
        n = pkt.eth.proto
        crc = n
        for _ in range(16):
            crc <<= 1
            if crc & 0x10000:
                crc ^= 0x10700
            crc &= 0xFFFF
        out[0] = crc
    return ebee.XDP_PASS
