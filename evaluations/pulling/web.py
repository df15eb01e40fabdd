"""HTTP within limits: one host, checked addresses, no redirect elsewhere, bounded bytes and time, no secret shown."""

from __future__ import annotations

import base64
import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from pydantic import Field

from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import tolerant_json
from evaluations.pulling.addresses import CheckedTransport, host_refused
from evaluations.pulling.offers import Options, Pieces, PullFailed, Visit, bounded, too_large

USER_AGENT = "preparedness-scorecard"
MOST_REDIRECTS = 3
MOST_DOCUMENT_BYTES = 32 * 1024 * 1024
DOCUMENT_SECONDS, DOWNLOAD_SECONDS = 120.0, 3000.0
TIMEOUTS = httpx.Timeout(30.0, connect=10.0)
LONGEST_WAIT_ASKED = 6 * 3600.0
FAULTS = (
    httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError,
    httpcore.TimeoutException, httpcore.UnsupportedProtocol,
)  # fmt: skip
CREDENTIAL = re.compile(r"(?i)(?:^|[&;_.-])(?:token|secret|password|signature|sig|key|apikey|credential)=")
"""A parameter of an address that carries a credential, which would be stored and shown with it."""
REFUSED = {
    401: ("not-authorised", "The server asks for other credentials.", "Check the secret and the option auth."),
    403: ("not-authorised", "The server does not allow this.", "Check what the secret may read."),
    404: ("not-found", "There is nothing at this address.", "Check the address."),
    410: ("not-found", "What was at this address is gone.", "Check the address."),
    412: ("changed-meanwhile", "It changed between being listed and being read.", "It is tried again by itself."),
}


# A redirect on the same host may carry a signature in its address, which the library would log.
logging.getLogger("httpx").setLevel(logging.WARNING)


class WebOptions(Options):
    """What can be said of every source that is reached over HTTP."""

    allow_private: bool = False
    """Set by an administrator for a host inside the own network; addresses of clouds' metadata stay refused."""
    auth: Literal["bearer", "basic"] = "bearer"
    """How the secret is sent: as a bearer token, or as `user:password` with HTTP Basic."""
    header: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,60}$")
    """The name of a header that carries the secret instead, e.g. `X-Api-Key`."""


def url_refused(address: str, *, allow_private: bool, secret: bool) -> str | None:
    """Return why an address is no place to pull from, as far as it tells by itself, or None."""
    try:
        parts, port = urlsplit(address), urlsplit(address).port
    except ValueError:
        return "This is no address."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "An address starts with https:// or http:// and names a host."
    if parts.username is not None or parts.password is not None or CREDENTIAL.search(parts.query):
        return "An address carries no credentials; name the variable of the secret in secret_env."
    if secret and parts.scheme == "http" and not allow_private:
        return "A secret is sent over https only."
    if words := host_refused(parts.hostname, allow_private=allow_private):
        return f"{parts.hostname} {words}."
    return None


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, the default port written out."""
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        return "", "", None
    return parts.scheme, parts.hostname or "", port or {"http": 80, "https": 443}.get(parts.scheme)


def _credentials(visit: Visit) -> dict[str, str]:
    if not visit.secret:
        return {}
    if visit.options.header:
        return {visit.options.header: visit.secret}
    if visit.options.auth == "basic":
        return {"Authorization": f"Basic {base64.b64encode(visit.secret.encode()).decode()}"}
    return {"Authorization": f"Bearer {visit.secret}"}


def _retry_after(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text) if re.fullmatch(r"[0-9]{1,9}", text) else parsedate_to_datetime(text).timestamp() - now
    except ValueError:
        return None
    return min(max(0.0, seconds), LONGEST_WAIT_ASKED)


def status_failure(status: int, retry_after: str | None = None, *, now: float = 0.0) -> PullFailed:
    """Return what an answer that is no success means."""
    if status in REFUSED:
        code, detail, remedy = REFUSED[status]
        return PullFailed(code, f"{detail} (HTTP {status})", remedy=remedy)
    if status == 429 or status >= 500:
        return PullFailed(
            "server-busy", f"The server answered HTTP {status}.", retry_after=_retry_after(retry_after, now)
        )
    remedy = "Check the address and the options of the source."
    return PullFailed("answer-unexpected", f"The server answered HTTP {status}.", remedy=remedy)


class Web:
    """A client for one source; every request goes to the host of its address."""

    def __init__(self, visit: Visit, *, home: str | None = None) -> None:
        self._home, self._visit = home or visit.address, visit
        if words := url_refused(self._home, allow_private=visit.options.allow_private, secret=bool(visit.secret)):
            raise PullFailed("address-refused", words, remedy="Change the settings of the source.", lasting=True)
        self._client = httpx.Client(
            transport=CheckedTransport(allow_private=visit.options.allow_private),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **_credentials(visit)},
            timeout=TIMEOUTS,
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *ignored: object) -> None:
        self._client.close()

    def _refuse_elsewhere(self, url: str) -> None:
        here, there = _origin(self._home), _origin(url)
        upgraded = here[0::2] == ("http", 80) and there[0::2] == ("https", 443) and here[1] == there[1]
        if here != there and not upgraded:
            words = f"The server points to {there[0][:10]}://{there[1][:200]}, which is another host or port."
            remedy = "Give that address to a source of its own, or mirror the files."
            raise PullFailed("redirected-elsewhere", words, remedy=remedy, lasting=True)

    @contextmanager
    def opened(
        self, method: str, url: str, *, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx.Response]:
        """Yield an answer whose body is still to be read; 304 is one too. Raises PullFailed for anything else."""
        try:
            for _ in range(MOST_REDIRECTS + 1):
                self._refuse_elsewhere(url)
                with self._client.stream(method, url, json=json, headers=headers) as answer:
                    if answer.is_success or answer.status_code == 304:
                        yield answer
                        return
                    if not answer.is_redirect:
                        moment = self._visit.at.timestamp()
                        raise status_failure(answer.status_code, answer.headers.get("Retry-After"), now=moment)
                    url = urljoin(url, answer.headers["Location"])
        except FAULTS as error:
            raise unreachable(error) from None
        raise PullFailed("redirected-too-often", f"The server redirects more than {MOST_REDIRECTS} times.")

    def document(
        self, method: str, url: str, *, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Any, httpx.Headers]:
        """Return a JSON answer of at most 32 MiB and its headers. Raises PullFailed."""
        with self.opened(method, url, json=json, headers=headers) as answer:
            body = b"".join(limited(answer, MOST_DOCUMENT_BYTES, seconds=DOCUMENT_SECONDS))
        try:
            return tolerant_json(body, place="answer"), answer.headers
        except LogRefused as refusal:
            words = f"The answer is no JSON document: {refusal.fault.detail}"
            raise PullFailed("answer-unexpected", words, remedy="Check the address.") from None

    def chunks(self, url: str, *, headers: Mapping[str, str] | None = None) -> Pieces:
        """Yield what lies at an address, within the size of a log. Raises PullFailed."""
        with self.opened("GET", url, headers=headers) as answer:
            yield from limited(answer, self._visit.most_bytes, seconds=DOWNLOAD_SECONDS)


def limited(answer: httpx.Response, most: int, *, seconds: float) -> Pieces:
    """Yield a body in pieces, refusing it as soon as it is too large or takes too long."""
    stated = answer.headers.get("Content-Length", "")
    if stated.isdigit() and len(stated) < 20 and int(stated) > most:
        raise too_large(most)
    until = time.monotonic() + seconds
    for chunk in bounded(answer.iter_bytes(), most):
        if time.monotonic() > until:
            raise PullFailed("too-slow", f"The answer took longer than {seconds:.0f} s.")
        yield chunk


def unreachable(error: Exception) -> PullFailed:
    """Return a failed connection in words of our own."""
    # Only the kind of fault is told, because messages of libraries may repeat headers with the secret.
    kind = type(error).__name__
    if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
        return PullFailed("timeout", f"The server did not answer in time ({kind}).")
    return PullFailed("unreachable", f"The connection failed ({kind}).", remedy="Check that the server runs.")
