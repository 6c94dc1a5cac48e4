"""Objects of clang on an interface and in a control group of the test's own; maps that are pinned by name."""

from __future__ import annotations

import pytest
from network_namespace import cgroup_missing, in_namespace

from clang_objects import compiled

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip", "mount")]
BPFFS = """
from ebee.kernel import maps
os.chdir(directory)
os.mkdir("bpffs")
if libc.unshare(0x20000) != 0:  # CLONE_NEWNS
    report["skip"] = "no mount namespace of its own"
    raise SystemExit
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
subprocess.run(["mount", "-t", "bpf", "bpffs", "bpffs"], check=True)
maps.pin_directory = os.path.abspath("bpffs")
def ping():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.sendto(b"x", s.getsockname())
    s.recv(10)
    s.close()
"""


def run(tmp_path, text, **how):
    path = compiled("packets")
    names = f"path, directory = {str(path)!r}, {str(tmp_path)!r}\n"
    report, _ = in_namespace(tmp_path, f"{names}{BPFFS}{text}", **how)
    if "skip" in report:
        pytest.skip(report["skip"])
    return report


def test_an_interface(tmp_path):
    report = run(
        tmp_path,
        """
with ebee.load(path) as obj:
    with obj.attach(interface="lo") as attachment:
        report["links"] = len(attachment.links)
        ping()
        report["hits"] = obj.globals.hits
    ping()
    report["after"] = obj.globals.hits == report["hits"]
    with obj.programs["on_xdp"].attach(interface="lo", mode="generic"):
        ping()
    report["alone"] = obj.globals.hits[0] - report["hits"][0], obj.globals.hits[1:3] == report["hits"][1:3]
    report["kept"] = obj.maps["kept"][1], os.listdir("bpffs")
again = ebee.read(path)
again.programs["on_cgroup"].autoload = False
again.load()
report["again"] = again.maps["kept"][1]
again.close()
other = ebee.read(path)
other.spec.maps["kept"].max_entries = 3
try:
    other.load()
except ebee.UsageError as e:
    report["refused"] = str(e)
""",
    )
    assert report["links"] == 3 and all(n >= 1 for n in report["hits"][:3]) and report["hits"][3] == 0
    assert report["after"] and report["alone"] == [1, True]
    assert report["kept"][0] == sum(report["hits"]) + 1 == report["again"] and "kept" in report["kept"][1]
    assert "another map: max_entries 2, not 3" in report["refused"]


@pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing() or "-")
def test_a_control_group(tmp_path):
    report = run(
        tmp_path,
        """
with ebee.load(path) as obj:
    with obj.attach(cgroup=cgroup) as attachment:
        report["links"] = len(attachment.links)
        ping()
        report["hits"] = obj.globals.hits
""",
        cgroup=True,
    )
    assert report["links"] == 1 and report["hits"][:3] == [0, 0, 0] and report["hits"][3] >= 1
