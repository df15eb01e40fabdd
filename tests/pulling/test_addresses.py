"""Hosts inside the own network are out of reach unless an administrator allows them, however their address is spelt."""

from __future__ import annotations

import socket

import httpcore
import pytest

from evaluations.models import LogFile
from evaluations.pulling import addresses
from evaluations.pulling.addresses import address_refused, host_refused, resolved
from evaluations.pulling.offers import PullFailed
from evaluations.pulling.taking import pull
from evaluations.pulling.web import url_refused
from tests.pulling.conftest import MakeSource
from tests.pulling.servers import Answer, serving

PRIVATE = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "::1", "fc00::1", "::ffff:127.0.0.1", "100.64.0.1",
           "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "198.18.0.1")  # fmt: skip
NEVER = ("169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254",
         "100.100.100.200", "0.0.0.0", "::", "224.0.0.1", "ff02::1")  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_loopback_addresses_need_an_administrators_word(address: str) -> None:
    assert address_refused(address, allow_private=False)
    assert address_refused(address, allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_stay_refused_whatever_is_allowed(address: str) -> None:
    assert address_refused(address, allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_reached(address: str) -> None:
    assert address_refused(address, allow_private=False) is None


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]"])
def test_a_host_that_is_private_by_its_name_is_refused_before_anything_is_asked(host: str) -> None:
    assert host_refused(host, allow_private=False)


@pytest.mark.parametrize("spelt", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_another_spelling_of_the_loopback_address_is_noticed_when_it_is_resolved(spelt: str) -> None:
    with pytest.raises(PullFailed) as refusal:
        resolved(spelt, 80, allow_private=False)
    assert refusal.value.code in ("address-refused", "host-unknown")


def found(*answers: str):
    """Return a stand-in for getaddrinfo that gives one of the answers after the other."""
    left = list(answers)

    def look_up(host: str, port: int, **ignored):
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return look_up


def test_a_public_name_with_a_private_address_is_refused_at_connection(
    source_of: MakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found("169.254.169.254"))
    source = source_of("feed", "http://rebound.example.org/latest.json")
    done = pull(source, at=source.created_at)
    assert (done.state, done.error_code) == ("failed", "address-refused")
    assert "169.254.169.254" in done.error


def test_what_is_connected_to_is_what_was_checked(source_of: MakeSource, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", found("203.0.113.7", "8.8.8.8", "127.0.0.1"))

    def note(self, host: str, *ignored):
        connected.append(host)
        raise httpcore.ConnectError("nobody is there")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", note)
    monkeypatch.setattr(addresses, "address_refused", lambda text, *, allow_private: None)
    source = source_of("feed", "http://example.org/latest.json")
    assert pull(source, at=source.created_at).error_code == "unreachable"
    assert connected == ["203.0.113.7"]


def test_one_private_address_among_public_ones_refuses_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *ignored, **also: rows)
    with pytest.raises(PullFailed, match=r"10\.0\.0\.1"):
        resolved("mixed.example.org", 443, allow_private=False)


def test_a_server_on_this_machine_is_not_asked_without_permission(source_of: MakeSource) -> None:
    with serving(lambda asked: Answer(200, b"{}")) as server:
        source = source_of("feed", server.url.replace("127.0.0.1", "localhost"), allow_private=True)
        source.options = {}
        source.save()
        done = pull(source, at=source.created_at)
    assert done.error_code == "address-refused"
    assert server.asked == []
    assert not LogFile.objects.exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://example.org/x", "https"), ("https://", "host"), ("http://u:p@example.org/", "credentials"),
        ("https://example.org/x?token=abc", "credentials"), ("https://example.org/x?X-Amz-Signature=1", "credentials"),
        ("https://example.org:99999/", "no address"), ("https://[::1/", "no address"), ("/etc/passwd", "https"),
        ("https://169.254.169.254/latest", "metadata"),
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_are_refused_when_they_are_described(address: str, words: str) -> None:
    assert words in (url_refused(address, allow_private=False, secret=False) or "")


def test_a_secret_is_sent_over_https_only() -> None:
    assert url_refused("http://example.org/", allow_private=False, secret=True)
    assert url_refused("https://example.org/", allow_private=False, secret=True) is None
