"""Holding a connection to a broker for ever: connect, subscribe, read, and come back after each loss.

For drivers that mostly listen. What is said goes to `receive`, one message after the other, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.mqtt.broker import Connection, LoginRefused, Received, connect, tls_context
from radio_drivers.mqtt.settings import BrokerSettings
from radio_drivers.reconnect import LinkState

LARGE_BYTES = 100_000
"""Payloads above this are decoded in a thread: the event loop must not stand still for them."""


def _nothing() -> None:
    return None


class Session:
    """One connection, kept.

    Args:
        channel: the channel's name in the configuration, for messages.
        settings: the broker.
        password: of `settings.username`.
        client_id: unique on the broker.
        topics: whether the retained message is wanted too, by topic.
        receive: takes each message. The next one waits for it, so it must not wait for another message itself.
        link: told when the connection is made and lost.
        lost: called at each loss, before `link` is told.
        made: called each time the connection stands.
        own: what we publish ourselves comes back to us, where we are subscribed to it.
        link_up: whether a made connection is already the whole link; False leaves `link.up()` to the driver.
    """

    def __init__(
        self,
        channel: str,
        settings: BrokerSettings,
        password: str | None,
        *,
        client_id: str,
        topics: Mapping[str, bool],
        receive: Callable[[Received], Awaitable[None]],
        link: LinkState,
        lost: Callable[[], None] = _nothing,
        made: Callable[[], None] = _nothing,
        own: bool = True,
        link_up: bool = True,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._password = password
        self._client_id = client_id
        self._topics = dict(topics)
        self._receive = receive
        self._link = link
        self._lost = lost
        self._made = made
        self._own = own
        self._link_up = link_up
        self._connection: Connection | None = None
        self._let_in = False

    @property
    def connection(self) -> Connection | None:
        """The connection, while there is one."""
        return self._connection

    def reachable(self) -> Connection:
        """The connection.

        Raises:
            LinkDown: there is none.
        """
        if self._connection is None:
            raise LinkDown(f"{self._channel}: no connection to the broker at {self._settings.broker}")
        return self._connection

    async def run(self) -> None:
        """Hold the connection until cancelled.

        Raises:
            RadioSettingsError: the broker never let us in, or a certificate file can't be read.
        """
        context = await tls_context(self._settings)
        while True:
            try:
                async with connect(self._settings, self._password, context, client_id=self._client_id) as connection:
                    await self._use(connection)
            except LinkDown as error:
                if isinstance(error, LoginRefused) and not self._let_in:
                    raise RadioSettingsError(f"radio channel {self._channel}: {error}") from error
                # Once let in, a refusal is somebody at work on the broker: try on.
                self._lost()
                await asyncio.sleep(self._link.down(str(error)))

    async def _use(self, connection: Connection) -> None:
        reading = asyncio.create_task(self._read(connection), name=f"mqtt read {self._channel}")
        try:
            await connection.subscribe(self._topics, own=self._own)
            self._connection = connection
            self._let_in = True
            self._made()
            if self._link_up:
                self._link.up()
            await asyncio.shield(reading)
        finally:
            self._connection = None
            await end_task(reading)

    async def _read(self, connection: Connection) -> None:
        async for message in connection.messages():
            await self._receive(message)


async def end_task(task: asyncio.Task[None]) -> None:
    """Stop a task of ours; its error, if it had one, has been or is being reported by whoever waited for it."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
