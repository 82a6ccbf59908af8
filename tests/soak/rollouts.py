"""Rollouts in turmoil, as many as are asked for: no promise is broken, and every one ends.

Each seed is an episode: a fleet on paper and a model, to which users, satellites and the sky do
this and that in any order (paper_fleet/turmoil.py) while the promises are checked after every
single write. Then all is made well, and the model has to be where its spec points, or to say why
not. The same seeds give the same episodes, whatever the number of processes.

    python tests/soak/rollouts.py [--rollouts N] [--first-seed N] [--processes N] [--document FILE]
"""

import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from paper_fleet import turmoil
from paper_fleet.promises import SWEPT
from paper_fleet.turmoil import Turmoil
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.rollout_action import RolloutVerb

EVENTS: Final = 60
"""Of an episode, beside the time that passes."""

AHEAD: Final = 8
"""Episodes a process that are begun before the first of them is counted."""

Event = Callable[[Turmoil, Random], None]


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of a seed."""

    seed: int
    rollouts: int
    outcomes: Counter[str]
    events: Counter[str]
    looks: int
    """How often the promises were checked."""
    broken: str
    """What was broken, and after which events; empty where nothing was."""


@dataclass
class Tally:
    """Counts the rollouts of a model by how they end, as its status tells."""

    played: Turmoil
    rollouts: int = 0
    looks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    _candidate: str | None = None

    def look(self, done: str) -> None:
        """To be told of everything that is done."""
        self.looks += 1
        if done != SWEPT:
            return
        status = self.played.fleet.model()
        if status.candidate_revision == self._candidate:
            return
        if self._candidate is not None:
            self.outcomes[_outcome(status, self._candidate)] += 1
        self._candidate = status.candidate_revision
        self.rollouts += self._candidate is not None

    def close(self) -> None:
        """All is well; what is still under way has to say why it waits."""
        status = self.played.fleet.model()
        if self._candidate is not None:
            assert status.message, "a rollout is under way, and nothing says why it waits"
            self.outcomes["waits, and says why"] += 1


def _outcome(status: InferenceModelStatus, candidate: str) -> str:
    if status.stable_revision == candidate:
        return "promoted"
    if status.aborted is not None and status.aborted.revision == candidate:
        return f"aborted: {status.aborted.reason}"
    return "superseded"


def _anyone(chance: Random) -> str:
    return f"sat-{chance.randint(1, turmoil.SATELLITES)}"


def _ask_for_copies(played: Turmoil, chance: Random) -> None:
    if not played.every:
        played.ask(replicas=chance.choice([1, 2, 3]))


def _ask_for_plane(played: Turmoil, chance: Random) -> None:
    if not played.every:
        played.ask_for_plane(chance.choice(["a", "b", None]))


def _break_or_mend(played: Turmoil, chance: Random) -> None:
    if uids := played.uids():
        played.break_or_mend(chance.choice(uids))


def _take_out_or_bring_back(played: Turmoil, chance: Random) -> None:
    played.take_out_or_bring_back(_anyone(chance), maintenance=chance.random() < 0.5)


REVISIONS: Final = (*turmoil.GOOD, *turmoil.GOOD, turmoil.FAILING, turmoil.DAMAGED)
MEMORY: Final = ("1Gi", "2Gi", "3Gi")

HAPPENS: Final[dict[str, tuple[int, Event]]] = {
    "revision asked for": (40, lambda t, c: t.ask(artifact_number=c.choice(REVISIONS))),
    "copies asked for": (4, _ask_for_copies),
    "steps changed": (6, lambda t, c: t.ask(steps=c.choice(turmoil.STEPS))),
    "times changed": (4, lambda t, c: t.ask(rollout=c.choice(turmoil.TIMES))),
    "placing changed": (3, lambda t, c: t.ask_for_placing(c.choice(turmoil.PLACING))),
    "plane asked for": (3, _ask_for_plane),
    "memory asked for": (2, lambda t, c: t.ask_for_memory(c.choice(MEMORY))),
    "paused or resumed": (3, lambda t, c: t.ask(paused=c.random() < 0.3)),
    "verb of a human": (8, lambda t, c: t.decide(c.choice(list(RolloutVerb)))),
    "maintenance": (3, _take_out_or_bring_back),
    "memory given": (3, lambda t, c: t.allocate(_anyone(c), c.choice(MEMORY))),
    "passes planned": (4, lambda t, c: t.plan_passes(_anyone(c), c.choice([None, None, 60, 240]))),
    "link cut or mended": (6, lambda t, c: t.cut_or_mend_link(_anyone(c))),
    "power lost or back": (6, lambda t, c: t.lose_power_or_boot(_anyone(c))),
    "agent ended or started": (3, lambda t, c: t.end_or_start_agent(_anyone(c))),
    "agents deployed": (1, lambda t, c: t.deploy_agents(c.choice(turmoil.AGENT_IMAGES))),
    "container hangs or goes on": (5, _break_or_mend),
    "metric answered": (6, lambda t, c: t.measure(c.choice(turmoil.ANSWERS))),
    "operator deaf or hears": (2, lambda t, _: t.stop_or_start_observing()),
    "operator restarted": (4, lambda t, _: t.restart_operator()),
}
"""How often, in shares of all, and what."""


def play(seed: int) -> Episode:
    """One episode; what is broken in it is told, and raises nothing."""
    chance = Random(seed)  # noqa: S311 - to be repeated
    events: list[str] = []
    copies, steps = chance.choice([1, 2, 3, None]), chance.choice(turmoil.STEPS)
    played = Turmoil(copies, steps, seed, chance.choice(turmoil.PLACING))
    # The machine in `make test` asks that of every plan; here, after every event that restarts it.
    played.fleet.forgets = False
    tally = Tally(played)
    played.fleet.observers.append(tally.look)
    broken = ""
    try:
        for name, happens in _events(chance):
            events.append(name)
            happens(played, chance)
            played.fleet.sweep()
            played.fleet.pass_time(chance.choice([0, 5, 5, 10, 20, 30]))
        played.make_well()
        played.ends_as_it_should()
        tally.close()
    except AssertionError:
        broken = f"seed {seed}, after {', '.join(events)}:\n{traceback.format_exc()}"
    return Episode(seed, tally.rollouts, tally.outcomes, Counter(events), tally.looks, broken)


def _events(chance: Random) -> Iterator[tuple[str, Event]]:
    weights = [weight for weight, _ in HAPPENS.values()]
    for name in chance.choices(list(HAPPENS), weights, k=EVENTS):
        yield name, HAPPENS[name][1]


def episodes(rollouts: int, first_seed: int, processes: int) -> Iterator[Episode]:
    """Episodes in the order of their seeds until there were so many rollouts."""
    with ProcessPoolExecutor(processes) as pool:
        seeds = count(first_seed)
        under_way = [pool.submit(play, seed) for seed in islice(seeds, AHEAD * processes)]
        counted = 0
        while counted < rollouts:
            episode = under_way.pop(0).result()
            under_way.append(pool.submit(play, next(seeds)))
            counted += episode.rollouts
            yield episode
        pool.shutdown(cancel_futures=True)


@dataclass
class Sum:
    """Of all episodes."""

    episodes: int = 0
    rollouts: int = 0
    looks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, episode: Episode) -> None:
        """One more."""
        self.episodes += 1
        self.rollouts += episode.rollouts
        self.looks += episode.looks
        self.outcomes += episode.outcomes
        self.events += episode.events
        if episode.broken:
            self.broken.append(episode.broken)


def document(found: Sum, first_seed: int) -> str:
    """What came of it, for the docs."""
    command = f"--rollouts {found.rollouts} --first-seed {first_seed}"
    told = (
        f"`python tests/soak/rollouts.py {command}`: {found.rollouts:,} rollouts in"
        f" {found.episodes:,} episodes of {EVENTS} events each, on fleets on paper of"
        f" {turmoil.SATELLITES} satellites, with the operator's own decisions. The promises"
        f" (`tests/support/paper_fleet/promises.py`) were checked {found.looks:,} times, after"
        f" everything that anybody did; broken: **{len(found.broken)}**."
    )
    tables = (
        _counted("How they ended", found.outcomes),
        _counted("What happened meanwhile", found.events),
    )
    return "\n\n".join(["# Rollouts in turmoil", told, *tables]) + "\n"


def _counted(title: str, found: Counter[str]) -> str:
    rows = [f"| {name} | {number:,} |" for name, number in found.most_common()]
    return "\n".join([f"| {title} | |", "| --- | ---: |", *rows])


def main(
    rollouts: Annotated[int, typer.Option(min=1, help="How many at least.")] = 100_000,
    first_seed: Annotated[int, typer.Option(min=0, help="Of the first episode.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Side by side.")] = 2,
    document_path: Annotated[
        Path | None, typer.Option("--document", help="Where to write what came of it.")
    ] = None,
) -> None:
    """Plays rollouts at random; exit status 1 where a promise was broken."""
    found, began = Sum(), time.monotonic()
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("rollouts", total=rollouts)
        for episode in episodes(rollouts, first_seed, processes):
            found.add(episode)
            progress.update(task, completed=min(found.rollouts, rollouts))
            if episode.broken:
                progress.console.print(episode.broken, markup=False, highlight=False)
    text = document(found, first_seed)
    typer.echo(f"{text}\n{time.monotonic() - began:.0f} s")
    if document_path is not None:
        document_path.write_text(text, encoding="utf-8")
    sys.exit(1 if found.broken else 0)


if __name__ == "__main__":
    typer.run(main)
