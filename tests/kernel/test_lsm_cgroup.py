"""Security hooks of a control group."""

from __future__ import annotations

import pytest
from network_namespace import cgroup_missing, in_namespace

import ebee
from ebee.errors import CompileError

needs_cgroup = pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing())


@needs_cgroup
@pytest.mark.vm
@pytest.mark.needs_kernel
@pytest.mark.needs_feature("lsm", "lsm_cgroup")
@pytest.mark.needs_tool("ip")
def test_it_refuses_for_a_group_and_for_nobody_else(tmp_path):
    report, errors = in_namespace(
        tmp_path,
        """
        asked = ebee.Hash(u32, u64)
        @ebee.lsm_cgroup("socket_bind")
        def no_datagrams(sock, addrlen):
            asked[0] += 1
            asked[1] = u64(addrlen)
            return sock.type != 2
        def bound(kind):
            with socket.socket(socket.AF_INET, kind) as s:
                return refused(s.bind, ("127.0.0.1", 0))
        with ebee.Session() as session:
            session.attach(no_datagrams, cgroup=cgroup)
            report["inside"] = [bound(socket.SOCK_DGRAM), bound(socket.SOCK_STREAM)]
            report["asked"] = [asked[0], asked[1]]
            report["links"], report["fields"] = [], []
            for link in ebee.Link.all():
                with link:
                    if link.type == "cgroup":
                        report["links"].append(link.target())
                        report["fields"].append(link.fields()["attach_type"])
            enter(before)
            report["outside"] = bound(socket.SOCK_DGRAM)
            enter(cgroup)
        report["after"] = bound(socket.SOCK_DGRAM)
        """,
        cgroup=True,
    )
    assert not errors
    assert report["inside"] == ["EPERM", ""]
    assert report["asked"] == [2, 16]
    assert (report["outside"], report["after"]) == ("", "")
    assert any("lsm_cgroup" in words or "ebee-test" in words for words in report["links"])
    assert report["fields"] == ["lsm_cgroup"]


@ebee.lsm_cgroup("socket_bind")
def returns_an_error(sock):
    return -13


@ebee.lsm_cgroup("socket_bind")
def returns_nothing(sock):
    return


@pytest.mark.needs_kernel
def test_what_it_returns():
    for probe in (returns_an_error, returns_nothing):
        with pytest.raises(CompileError) as caught:
            ebee.compile(probe, target="kernel")
        assert "True" in caught.value.diagnostics[0].hint


def test_it_needs_a_group_and_a_name():
    with pytest.raises(ebee.UsageError, match="which control group"):
        ebee.attach(returns_nothing)
    with pytest.raises(ebee.UsageError, match="lsm_cgroup takes a name"):
        ebee.lsm_cgroup("a b")
