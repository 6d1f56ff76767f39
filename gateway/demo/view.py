"""What a newcomer sees while the demonstration runs: who talks, what was heard, decided and sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.text import Text

from dispatch.calls import DecisionKind
from dispatch.deliveries import ChannelKind
from dispatch.outbox_rules import DeliveryEvent, DeliveryStep
from gateway.demo.diary import Entry
from gateway.pipeline import Handled

COLOURS = {
    DecisionKind.ALERT: "bold white on red3",
    DecisionKind.REVIEW: "bold black on gold1",
    DecisionKind.STAND_DOWN: "bold black on spring_green2",
    DecisionKind.LOG: "bold white on grey37",
}
WORDS = {
    DecisionKind.ALERT: " ALERT ",
    DecisionKind.REVIEW: " ASK A PERSON ",
    DecisionKind.STAND_DOWN: " STAND DOWN ",
    DecisionKind.LOG: " LOG ONLY ",
}


class View:
    """Prints calls as they are decided, above one live line that says what the channel does now."""

    def __init__(self, console: Console, zone: ZoneInfo, shops: Mapping[str, str]) -> None:
        self.console = console
        self._zone = zone
        self._shops = shops
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> View:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def name_shops(self, shops: Mapping[str, str]) -> None:
        """Whose radio is which unit."""
        self._shops = shops

    def shop(self, unit: str | None) -> str:
        """Whose radio it is."""
        return self._shops.get(unit or "", f"radio {unit}")

    def now(self, text: str, style: str = "cyan") -> None:
        """The live line."""
        self._live.update(Spinner("dots", Text.from_markup(text, style=style)))

    def call(self, entry: Entry, handled: Handled) -> None:
        """A call was decided."""
        at = entry.began_at.astimezone(self._zone)
        title = Text.assemble((f" {at:%H:%M:%S} ", "bold"), f"{self.shop(entry.script.unit)} ")
        foot = f" {entry.decision_s:.2f} s from key-down to decision "
        self.console.print(
            Panel(
                Group(*self._lines(handled)),
                title=title,
                title_align="left",
                subtitle=foot,
                subtitle_align="right",
                border_style="grey50",
                padding=(0, 1),
            )
        )

    def _lines(self, handled: Handled) -> list[RenderableType]:
        decision = handled.decision
        heard = handled.transcript.text.strip() or "(nothing that could be understood)"
        lines: list[RenderableType] = [Text(f"“{heard}”", style="italic")]
        for match in handled.matches[:2]:
            if match.confidence >= 0.5 or match.mention.negated:
                denied = " · denied" if match.mention.negated else ""
                lines.append(
                    Text(
                        f"{match.person.name} · {match.person.reference} · {match.confidence:.0%} · "
                        f"notice {match.notice}{denied}",
                        style="bright_blue",
                    )
                )
        lines.append(Text.assemble((WORDS[decision.kind], COLOURS[decision.kind]), " ", (decision.reason, "default")))
        if handled.text is not None and handled.alert is not None:
            lines.append(Text.assemble(("on the air  ", "bold"), (handled.text.voice, "bright_white")))
            texts = sum(one.channel is ChannelKind.SMS for one in handled.alert.deliveries)
            if texts:
                lines.append(Text.assemble((f"{texts} texts     ", "bold"), (handled.text.sms, "bright_white")))
        return lines

    def delivery(self, event: DeliveryEvent) -> None:
        """Something was sent, or could not be."""
        match event.step, event.delivery.channel:
            case DeliveryStep.SENT, ChannelKind.RADIO_VOICE:
                text = f"[green]✓[/] alert {event.delivery.alert_number:04d} heard on every radio ({event.detail})"
                self.console.print(Padding(text, (0, 0, 0, 2)), highlight=False)
            case ((DeliveryStep.FAILED | DeliveryStep.EXPIRED), _):
                text = f"[red]✗[/] alert {event.delivery.alert_number:04d} by {event.delivery.channel}: {event.detail}"
                self.console.print(Padding(text, (0, 0, 0, 2)), highlight=False)
            case _:
                pass

    def time(self, at: datetime) -> str:
        """A time of the scheme."""
        return f"{at.astimezone(self._zone):%H:%M:%S}"
