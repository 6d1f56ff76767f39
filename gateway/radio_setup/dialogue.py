"""`huecry radio setup`, step by step: choose, listen, key, write. Nothing is keyed and nothing is written unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from gateway.radio_setup import screens
from gateway.radio_setup.bench import HOLD_S, Wires, press, watch
from gateway.radio_setup.checking import problem_with
from gateway.radio_setup.levels import Judged, Meter, Verdict
from gateway.radio_setup.merging import difference, merged, radio_names
from gateway.radio_setup.plan import Driver, Plan, threshold_of, values_of
from gateway.radio_setup.saving import read_settings, save_settings
from gateway.radio_setup.seems import Candidate, belonging
from gateway.radio_setup.terminal import Terminal
from gateway.radio_setup.watching import LineWatch, SquelchFound
from gateway.radio_setup.wires import wires_of
from gateway.terminal_keys import Keys, Pressed
from radio_drivers.interface import RadioError

LOUDER_DB = 6.0
GAIN_OUT_DB = (-40.0, 20.0)

HEARD = ("tone", "carrier", "nothing")
AT_THE_END = ("radio", "tait", "tetra")


@dataclass(frozen=True, slots=True)
class Work:
    """What the setup is to do, and with what."""

    file: Path
    """Settings file to write."""
    candidates: tuple[Candidate, ...]
    channel: str | None = None
    """Given on the command line."""
    keyboard: Callable[[], AbstractContextManager[Pressed]] = Keys


class Setup:
    """One run of it.

    Args:
        terminal: where the user sits.
        work: what to do.
        runner: runs what needs an event loop; questions are asked between its runs, so Ctrl-C works in both.
    """

    def __init__(self, terminal: Terminal, work: Work, runner: asyncio.Runner) -> None:
        self._terminal = terminal
        self._work = work
        self._runner = runner

    def run(self) -> bool:
        """Ask, try, write. Whether something was written.

        Raises:
            NoAnswer: nobody answers.
            CanNotMerge, OSError: the settings file can't be changed.
        """
        terminal = self._terminal
        before = read_settings(self._work.file)
        names = radio_names(before)
        terminal.say(screens.found_table(self._work.candidates))
        plan, control = self._choose_control()
        plan = self._choose_sound(plan, control)
        plan = self._listen(plan)
        plan = self._key(plan)
        name = self._name(names)
        after = merged(before, name, values_of(plan))
        wrong = problem_with(after, name)
        if wrong is not None:
            terminal.say(Text(f"These settings would not work, so nothing is written: {wrong}", "red"))
            return False
        return self._write(before, after)

    def _numbered(self, uses: Sequence[str]) -> dict[str, Candidate]:
        return {str(n): found for n, found in enumerate(self._work.candidates, 1) if found.use in uses}

    def _choose_control(self) -> tuple[Plan, Candidate | None]:
        terminal = self._terminal
        terminal.step(
            "1. What presses talk?",
            "The number of a serial port, radio pins or rigctld above; an address such as rfc2217://10.0.0.5:4000;\n"
            "or - where nothing is wired: the radio keys itself when it hears sound (VOX), or only listens.",
        )
        known = self._numbered(("serial", "cm108", "rigctld"))
        likely = next((number for number, found in known.items() if found.likely), next(iter(known), "-"))
        while True:
            answer = terminal.ask("Which", likely)
            found = known.get(answer)
            if answer == "-":
                return Plan("line"), None
            if found is None and "://" not in answer and not answer.startswith("/"):
                terminal.say(f"{answer} is neither one of {', '.join([*known, '-'])} nor an address")
                continue
            if found is not None and found.hint:
                terminal.say(Text(found.hint, "red"))
            if found is not None and found.use == "cm108":
                return Plan("cm108", found.address), found
            if found is not None and found.use == "rigctld":
                return Plan("rigctld", found.address), found
            driver = self._at_the_end(found)
            return Plan(driver, found.address if found else answer), found

    def _at_the_end(self, found: Candidate | None) -> Driver:
        self._terminal.say(
            "At the other end: any radio, wired to talk and squelch (radio); the data port of a Tait TM8000 or TM9000\n"
            "(tait); the PEI of a TETRA radio (tetra). A data port is sent commands, the lines of a radio are not."
        )
        likely = "tait" if found is not None and "tait" in found.seems.casefold() else "radio"
        match self._terminal.choose("Which", AT_THE_END, likely):
            case "tait":
                return "tait"
            case "tetra":
                return "tetra"
            case _:
                return "line"

    def _choose_sound(self, plan: Plan, control: Candidate | None) -> Plan:
        self._terminal.step(
            "2. The sound", "What hears the radio, and what speaks into it; - for the system's default."
        )
        sounds = self._numbered(("sound",))
        beside = belonging(control, tuple(sounds.values()))
        hears = self._sound("hears the radio", sounds, beside, [n for n, found in sounds.items() if found.inputs])
        speaks = self._sound("speaks into it", sounds, beside, [n for n, found in sounds.items() if found.outputs])
        return replace(plan, sound_in=hears, sound_out=speaks)

    def _sound(
        self, what: str, sounds: dict[str, Candidate], beside: Candidate | None, able: Sequence[str]
    ) -> str | None:
        likely = next((number for number in able if sounds[number] is beside), "-")
        while True:
            answer = self._terminal.ask(f"Which {what}", likely)
            if answer == "-":
                return None
            if answer in able:
                return sounds[answer].address
            self._terminal.say(f"one of {', '.join([*able, '-'])}, please")

    def _listen(self, plan: Plan) -> Plan:
        terminal = self._terminal
        while True:
            terminal.step(
                "3. Listening",
                "Nobody may talk when this begins. Then press talk on a hand-held, say something for three seconds in a\n"
                "normal voice, let go, and do so again. Press Enter when done.",
            )
            terminal.ask("Enter begins")
            try:
                lines, meter = self._runner.run(self._watched(plan))
            except RadioError as error:
                terminal.say(Text(str(error), "red"))
                lines, meter = LineWatch(), Meter()
            judged, found = meter.judged(), lines.found()
            if judged.verdict is Verdict.NOTHING and not found:
                terminal.say("No line moved and no talk was heard.")
            elif (heard := self._judge(plan, found, judged, meter)) is not None:
                return heard
            powered = plan.driver == "line" and plan.address is not None
            if powered:
                held = "off" if plan.hold else "on"
                terminal.say(f"Some interfaces take their power from DTR: power turns it {held}.")
            answers = ("again", "sound", *(("power",) if powered else ()), "go on")
            match terminal.choose("Again, other sound devices, or go on without", answers, "again"):
                case "go on":
                    return plan
                case "sound":
                    plan = self._choose_sound(plan, None)
                case "power":
                    plan = replace(plan, hold=None if plan.hold else "dtr")
                case _:
                    pass

    async def _watched(self, plan: Plan) -> tuple[LineWatch, Meter]:
        async with wires_of(plan.driver, plan.address, plan.hold) as wires:
            with self._work.keyboard() as keys, self._terminal.live() as draw:

                def show(lines: LineWatch, meter: Meter) -> None:
                    draw(screens.watching(lines.lines, meter, "Enter when done"))

                return await watch(wires, plan.sound_in, keys, show)

    def _judge(self, plan: Plan, found: Sequence[SquelchFound], judged: Judged, meter: Meter) -> Plan | None:
        """What listening told, if the user takes it."""
        terminal = self._terminal
        if found:
            best = found[0]
            level = "off" if best.invert else "on"
            also = f" ({', '.join(one.line.upper() for one in found[1:])} moved, too)" if found[1:] else ""
            terminal.say(f"{best.line.upper()} is {level} while somebody talks{also}: that is the squelch.")
            plan = replace(plan, squelch=best.line, squelch_invert=best.invert)
        else:
            terminal.say("No line moved with talk: whether somebody talks is judged by the sound.")
            plan = replace(plan, squelch=None, squelch_invert=False)
        verdict = Text(f"The sound is {judged.verdict}", "green" if judged.verdict is Verdict.GOOD else "bold red")
        terminal.say(verdict.append(f" ({judged.speech_dbfs:.0f} dBFS): {judged.advice}.", "default"))
        gain = 0.0
        match judged.verdict:
            case Verdict.GOOD:
                pass
            case Verdict.QUIET | Verdict.LOUD:
                answer = terminal.choose(
                    f"Take {judged.gain_db:+.0f} dB, or turn a knob and listen again", ("take", "again"), "take"
                )
                if answer == "again":
                    return None
                gain = judged.gain_db
            case Verdict.CLIPPED | Verdict.NOTHING:
                if not terminal.sure("Go on as it is"):
                    return None
        threshold = threshold_of(judged, meter.floor_dbfs, gain)
        return replace(plan, gain_in_db=max(-40.0, min(40.0, gain)), threshold_dbfs=threshold)

    def _key(self, plan: Plan) -> Plan:
        terminal = self._terminal
        terminal.step(
            "4. Talking",
            f"Now the base transmits a tone, for {HOLD_S:g} s at most, and a hand-held on the same channel should hear it.\n"
            "Look that nobody needs the channel. Each try is asked for.",
        )
        ways = self._ways(plan)
        if plan.driver == "tetra" and not ways:
            terminal.say(
                "A TETRA radio is keyed for a group: set tetra.ptt and tetra.group by hand (docs/radios/tetra.md)."
            )
            return plan
        for way in ways:
            label = f"{way.upper()} pressed" if way else "nothing pressed, only the tone"
            while terminal.sure(f"Transmit now, with {label}"):
                match self._tried(plan, way):
                    case "tone":
                        plan = replace(plan, ptt=way or None, own_vox=not way)
                        return self._loudness(plan, way)
                    case "carrier":
                        terminal.say(
                            "Talk is right, the sound is not: another sound device, or its output is muted (alsamixer)."
                        )
                        speaks = self._numbered(("sound",))
                        able = [number for number, found in speaks.items() if found.outputs]
                        plan = replace(plan, sound_out=self._sound("speaks into it", speaks, None, able))
                    case _:
                        break
        terminal.say("This radio only listens, then: alerts go out in other ways.")
        return replace(plan, ptt=None, own_vox=False)

    def _ways(self, plan: Plan) -> tuple[str, ...]:
        if plan.address is None:
            return ("",)

        async def keys() -> tuple[str, ...]:
            async with wires_of(plan.driver, plan.address, plan.hold) as wires:
                return wires.keys

        try:
            found = self._runner.run(keys())
        except RadioError as error:
            self._terminal.say(Text(str(error), "red"))
            return ()
        return tuple(key for key in found if key != plan.squelch)

    def _tried(self, plan: Plan, way: str) -> str:
        """Transmit once, and ask what was heard."""
        try:
            self._runner.run(self._pressed(plan, way))
        except RadioError as error:
            self._terminal.say(Text(str(error), "red"))
            return "nothing"
        return self._terminal.choose("What did the hand-held hear", HEARD, "tone")

    async def _pressed(self, plan: Plan, way: str) -> None:
        async with wires_of(plan.driver, plan.address, plan.hold) as wires:
            await self._transmit(wires, plan, way)

    async def _transmit(self, wires: Wires, plan: Plan, way: str) -> None:
        how = way.upper() if way else "tone only"
        with self._work.keyboard() as keys, self._terminal.live() as draw:
            await press(
                wires, way, plan.sound_out, plan.gain_out_db, keys, lambda left: draw(screens.keying(left, how))
            )

    def _loudness(self, plan: Plan, way: str) -> Plan:
        terminal = self._terminal
        while True:
            answer = terminal.choose("And how loud was it", ("good", "quiet", "loud"), "good")
            if answer == "good":
                return plan
            gain = plan.gain_out_db + (LOUDER_DB if answer == "quiet" else -LOUDER_DB)
            gain = max(GAIN_OUT_DB[0], min(GAIN_OUT_DB[1], gain))
            plan = replace(plan, gain_out_db=gain)
            terminal.say(f"{gain:+.0f} dB. A hand-held's own voice is the measure.")
            if not terminal.sure("Transmit again", default=True) or self._tried(plan, way) == "nothing":
                return plan

    def _name(self, names: Sequence[str]) -> str:
        terminal = self._terminal
        if self._work.channel is not None:
            return self._work.channel
        there = f" There are: {', '.join(names)}; the same name changes that one." if names else ""
        terminal.step("5. Writing", f"The channel's name in logs and alerts: letters, digits, - and .{there}")
        return terminal.ask("Name", "town" if "town" not in names else "")

    def _write(self, before: str, after: str) -> bool:
        terminal, file = self._terminal, self._work.file
        changed = difference(before, after, file.name)
        if not changed:
            terminal.say(f"{file} says so already.")
            return False
        terminal.say(screens.changes(changed))
        if not terminal.sure(f"Write this to {file}"):
            terminal.say("Nothing was written.")
            return False
        copy = save_settings(file, after)
        terminal.say(f"{file} is written." + (f" As it was: {copy}" if copy else ""))
        terminal.say("Next: `huecry doctor`, `huecry radio monitor`, then `systemctl restart huecry`.")
        return True
