"""The Twilio SDK's way to the network: time-outs it does not set itself, another host where asked, refusals with their wish.

The SDK's own client logs telephone numbers at level INFO, knows no time-out unless each call brings one, and drops the
`Retry-After` header on the way to its exception. Hence this one.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

TWILIO = "https://api.twilio.com"


class OverloadedError(Exception):
    """The far side can't take it now: HTTP 429 or 5xx.

    Attributes:
        status: HTTP status.
        retry_after_s: the far side's wish, if it had one.
    """

    def __init__(self, status: int, retry_after_s: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after_s = retry_after_s


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds asked for by a Retry-After header: a number of seconds or an HTTP date (RFC 9110, 10.2.3).

    Returns:
        Never negative; None when there is no header or it can't be read.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]  # the SDK has no types
    """One aiohttp session, made at the first request.

    Args:
        base_url: where Twilio's API is; anything but the default is for another region's host or for tests.
        timeout_s: for one whole request.
        clock: aware UTC now.
    """

    def __init__(self, base_url: str, timeout_s: float, clock: Callable[[], datetime]) -> None:
        super().__init__(logging.getLogger("twilio.silent"), True, timeout_s)
        self._base = urlsplit(base_url)
        self._timeout_s = timeout_s
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def request(  # noqa: D102, PLR0917 - the SDK's own method and signature
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        sent_headers = dict(headers or {})
        if auth is not None:
            # By hand: aiohttp is giving up its helper for this.
            secret = base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
            sent_headers["Authorization"] = f"Basic {secret}"
        async with self._session.request(
            method.upper(),
            self._our_host(url),
            params=_plain(params),
            data=_plain(data),
            headers=sent_headers,
            timeout=aiohttp.ClientTimeout(total=timeout or self._timeout_s),
            allow_redirects=allow_redirects,
        ) as answer:
            if answer.status == 429 or answer.status >= 500:
                raise OverloadedError(answer.status, retry_after_s(answer.headers.get("Retry-After"), self._clock()))
            return Response(answer.status, await answer.text(), answer.headers)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            # aiohttp closes transports one turn of the loop later.
            await asyncio.sleep(0)
            self._session = None

    def _our_host(self, url: str) -> str:
        parts = urlsplit(url)
        path = self._base.path.rstrip("/") + parts.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, parts.query, ""))


def _plain(fields: Mapping[str, object] | None) -> list[tuple[str, str]] | None:
    """Form fields as text; lists become repeated fields, absent values are left out."""
    if not fields:
        return None
    return [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in fields.items()
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None
    ]
