"""Which hosts may be reached: the address is checked when it is connected to, not when its name was looked up.

A name can change its address between a check and a connection, so both are one step here: what was resolved and
checked is what is connected to. TLS still verifies the certificate against the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from evaluations.pulling.offers import PullFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "169.254.0.0/16", "fe80::/10", "fec0::/10", "fd00:ec2::254/128", "100.100.100.200/32", "0.0.0.0/8", "::/128",
        "64:ff9b:1::/48",
    )
)  # fmt: skip
"""Link-local addresses and those where clouds answer with credentials: no log lies there."""
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""NAT64: the last four bytes are an IPv4 address (RFC 6052)."""
ALLOW = "Let an administrator set the option allow_private if this host is meant."


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
    return address


def address_refused(text: str, *, allow_private: bool) -> str | None:
    """Return why an address is not connected to, or None. Raises ValueError for what is no address."""
    address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_multicast or any(address.version == block.version and address in block for block in NEVER):
        return "is a link-local, metadata or multicast address"
    if not allow_private and not address.is_global:
        return "is a private or loopback address"
    return None


def host_refused(host: str, *, allow_private: bool) -> str | None:
    """Return why a host is refused as far as its name tells without looking it up, or None."""
    plain = host.strip("[]").rstrip(".").lower()
    if not plain:
        return "is no host"
    if not allow_private and (plain == "localhost" or plain.endswith(".localhost")):
        return "is a private or loopback address"
    try:
        return address_refused(plain, allow_private=allow_private)
    except ValueError:
        return None


def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of a host. Raises PullFailed when it has none, or one that may not be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PullFailed(
            "host-unknown", f"The host {host[:200]} has no address.", remedy="Check the address."
        ) from None
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    for address in addresses:
        if words := address_refused(address, allow_private=allow_private):
            raise PullFailed(
                "address-refused", f"{host[:200]} is {address}, which {words}.", remedy=ALLOW, lasting=True
            )
    return addresses


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections only to addresses that were checked, each the very one that was resolved."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private, self._plain = allow_private, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers. Raises PullFailed for a host that may not be reached."""
        addresses = resolved(host, port, allow_private=self._allow_private)
        for address in addresses[:-1]:
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._plain.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class CheckedTransport(httpx.BaseTransport):
    """Sends requests over checked connections; no proxy, because behind one nobody could check an address."""

    def __init__(self, *, allow_private: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=4,
            network_backend=CheckedBackend(allow_private=allow_private),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its answer, whose body is read as it is asked for."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
