"""Questions and live screens on a plain terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text


class NoAnswer(Exception):
    """There is nobody to answer: the input has ended."""


class Terminal:
    """Asks one thing at a time; Enter takes what stands in brackets.

    Args:
        console: where everything goes.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, *things: RenderableType) -> None:
        """Show something. Text is plain, never markup."""
        for thing in things:
            self.console.print(Text(thing) if isinstance(thing, str) else thing, highlight=False)

    def step(self, title: str, text: str) -> None:
        """Begin a part of the setup."""
        self.console.print()
        self.say(Text(title, "bold"), text)

    def ask(self, question: str, default: str = "") -> str:
        """A line of text.

        Raises:
            NoAnswer
        """
        shown = f"{question} [{default}]: " if default else f"{question}: "
        try:
            answer = self.console.input(Text(shown, "cyan"))
        except EOFError:
            raise NoAnswer("the setup asks questions: run it in a terminal, or use --list") from None
        return answer.strip() or default

    def choose(self, question: str, answers: Sequence[str], default: str = "") -> str:
        """One of the answers, or its unambiguous beginning; asked until it is one.

        Raises:
            NoAnswer
        """
        while True:
            answer = self.ask(f"{question} ({', '.join(answers)})", default).casefold()
            fits = [known for known in answers if known == answer] or [
                known for known in answers if answer and known.startswith(answer)
            ]
            if len(fits) == 1:
                return fits[0]
            self.say(f"please answer one of: {', '.join(answers)}")

    def sure(self, question: str, *, default: bool = False) -> bool:
        """Yes or no.

        Raises:
            NoAnswer
        """
        return self.choose(question, ("yes", "no"), "yes" if default else "no") == "yes"

    @contextlib.contextmanager
    def live(self) -> Iterator[Callable[[RenderableType], None]]:
        """A place on the screen that can be drawn anew; it stays as it was last."""
        with Live(console=self.console, auto_refresh=False, transient=False) as live:
            yield lambda thing: live.update(thing, refresh=True)
