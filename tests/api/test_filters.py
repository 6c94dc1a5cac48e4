"""Filters of packets and system calls: the public functions, the command line, the page about them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee.cli import main
from ebee.pcap.capture import Captured, write_packets

PAGE = (Path(__file__).parents[2] / "docs" / "classic.md").read_text()
SYN = bytes.fromhex("ffffffffffff0200000000010800450000280000000040060000010203040506070800 50c000000000000000000050020000 00000000")
PING = SYN[:23] + b"\1" + SYN[24:]


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "x.pcap"
    packets = [Captured(10**9 * n, 1, data, len(data)) for n, data in enumerate([SYN, PING, SYN])]
    path.write_bytes(b"".join(write_packets(iter(packets), 1)))
    return path


def test_the_page(tmp_path, capsys):
    text = "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)).replace("/tmp/web", str(tmp_path / "web"))
    exec(compile(text, "<classic.md>", "exec"), {"__name__": "page"})
    out = capsys.readouterr().out
    assert out.endswith(PAGE.partition("\nx86_64:")[2].partition("```")[0])
    assert (tmp_path / "web.bpf.o").read_bytes()[:4] == b"\x7fELF"
    with pytest.raises(ebee.CompileError) as refused:
        ebee.pcap_filter("tcp port htp")
    assert refused.value.diagnostics[0].render() in PAGE


def test_a_file_of_packets(capture, capsys, tmp_path):
    assert main(["filter", "tcp port 80", "--read", str(capture), "--count"]) == 0
    assert capsys.readouterr().out == "2\n"
    assert main(["filter", "icmp", "-r", str(capture)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("2: 1.000000000 54 bytes: ff ff") and shown.err == "1 of 3 packets match\n"
    assert main(["filter", "udp", "-r", str(capture)]) == 1
    out = tmp_path / "out.pcap"
    assert main(["filter", "icmp", "-r", str(capture), "-w", str(out)]) == 0
    assert [p.data for p in ebee.read_pcap(out)] == [PING]
    assert main(["filter", "icmp", "-r", str(tmp_path / "none")]) != 0
    assert "No such file" in capsys.readouterr().err


@pytest.mark.needs_tool("tcpdump")
def test_tcpdump_reads_what_is_written(capture):
    as_self = ("-Z", "root") if os.geteuid() == 0 else ()
    done = subprocess.run(["tcpdump", "-n", *as_self, "-r", "-", "tcp port 80"], input=capture.read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_forms_on_the_command_line(capsys, tmp_path):
    outputs = {}
    for form in ("-d", "-dd", "-ddd", "--asm", "--c", "--ebpf"):
        assert main(["filter", "--link", "RAW", form, "ip"]) == 0
        outputs[form] = capsys.readouterr().out
    assert outputs["-ddd"] == "5\n48 0 0 0\n84 0 0 240\n21 0 1 64\n6 0 0 262144\n6 0 0 0\n"
    assert outputs["--c"].startswith("struct sock_filter filter[5] = {\n\t{ 0x30, 0, 0, 0x00000000 },\n")
    assert "r0 = *(u8 *)skb[0]" in outputs["--ebpf"]
    listing = tmp_path / "listing"
    for form in ("-d", "-dd", "-ddd", "--asm"):
        listing.write_text(outputs[form])
        assert main(["filter", "--program", str(listing), "-ddd"]) == 0
        assert capsys.readouterr().out == outputs["-ddd"]
    listing.write_bytes(ebee.pcap_filter("ip", link="RAW").to_bytes())
    assert main(["filter", "--program", str(listing), "-ddd"]) == 0
    assert capsys.readouterr().out == outputs["-ddd"]
    assert main(["filter", "ip", "--count"]) == 2
    assert main(["filter", "tcp", "prot", "80"]) != 0
    assert "'prot' cannot stand here" in capsys.readouterr().err


def test_sockets_give_their_filters_back():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        assert ebee.read_filter(theirs) is None and not ebee.detach_filter(theirs)
        wanted = ebee.pcap_filter("port 80", link="RAW")
        ebee.attach_filter(theirs, wanted)
        assert ebee.read_filter(theirs).insns == wanted.insns
        assert ebee.detach_filter(theirs) and ebee.read_filter(theirs) is None
        with pytest.raises(ebee.UsageError, match="does not see"):
            ebee.attach_filter(theirs, "port 80")
        with pytest.raises(ebee.SyscallError):
            ebee.attach_filter(theirs, ebee.ClassicFilter([]))


@pytest.mark.needs_kernel
def test_a_filter_is_attached_as_ebpf():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs, ebee.classic_filter("ld len\njgt #8, drop\nret #4\ndrop: ret #0").to_object() as program:
        program.load()
        program.programs["filter"].attach(socket=theirs)
        for text in (b"too long a message", b"message"):
            ours.send(text)
        assert theirs.recv(100) == b"mess"
        with pytest.raises(ebee.NotSupported, match="eBPF program from the start"):
            ebee.read_filter(theirs)


@pytest.mark.needs_root
@pytest.mark.needs_ptrace
def test_the_filters_of_a_process(capsys):
    code = (
        "import sys; from ebee.sys.seccomp import Filter, build_filter; Filter(build_filter('x86_64', [101])).install();"
        "Filter(build_filter('arm64', [117])).install(); print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        try:
            first, second = ebee.seccomp_filters(child.pid)
        except (ebee.NotSupported, ebee.PermissionMissing) as e:
            pytest.skip(str(e))
        assert "trace: ptrace" in ebee.describe_seccomp(first) and "arm64" in ebee.describe_seccomp(second)
        assert ebee.describe_seccomp([first, second]).count("other architectures") == 2
        assert main(["filter", "--seccomp", str(child.pid)]) == 0
        assert "filter 2 of 2" in capsys.readouterr().out
        assert main(["filter", "--seccomp", str(child.pid), "-d"]) == 0
        assert "jeq      #0xc000003e" in capsys.readouterr().out
    finally:
        child.stdin.close()
        assert child.wait(10) == 0  # it goes on as before
    with pytest.raises(ebee.SyscallError):
        ebee.seccomp_filters(child.pid)


def test_a_process_without_filters():
    child = subprocess.Popen([shutil.which("sleep"), "30"])
    try:
        assert ebee.seccomp_filters(child.pid) == []
    except (ebee.NotSupported, ebee.PermissionMissing) as e:
        pytest.skip(str(e))
    finally:
        child.kill()
        child.wait()
