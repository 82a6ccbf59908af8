"""The document that `make simulate` writes: the table, what it shows, and what defaults rest on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from perigee_operator.simulation.figures import Figures
from perigee_operator.simulation.play import Policy, Results, Stage, play
from perigee_operator.simulation.report import bound, duration, held, markdown
from perigee_operator.simulation.scenario import Scenario

IN_ORBIT: Final[dict[str, Any]] = {"satellites": 200, "days": 7, "sites_share": 0}
SITES: Final[dict[str, Any]] = {"satellites": 100, "days": 10, "sites_share": 1}
"""Settings are tried on smaller fleets, of satellites or of sites alone."""
MISSED_PASSES: Final = (1, 2, 3)
LOST_AFTER_S: Final = (60.0, 120.0, 240.0, 360.0)
PHI: Final = (4.0, 8.0, 12.0)
LOSSES: Final = (0.05, 0.2)

_TRIED: Final = (
    "| setting | lost heartbeats | false failovers | deaths found | death to verdict | the same, "
    "95 % |\n|---|---:|---:|---:|---:|---:|"
)


def document(results: Results, command: str, stage: Stage) -> str:
    """The whole of it, in Markdown.

    Args:
        results: of the full run.
        command: what made them.
        stage: is told of the runs that try the settings.
    """
    scenario = results.scenario
    return "\n".join(
        (
            "# Dark or dead: the simulation",
            "",
            f"{scenario.days:g} days of {scenario.satellites:,} satellites and",
            f"{scenario.stations} ground stations, with the operator's own code, over virtual",
            "time. `make simulate` writes this page. The table is that of seed",
            f"{scenario.seed}, and the same anywhere:",
            "",
            f"    {command}",
            "",
            markdown(results),
            "",
            "![False failovers, deaths noticed, and copies short, by policy](simulation.svg)",
            "",
            bound(results),
            "A verdict after so many missed passes cannot come before the last of them has ended.",
            "",
            *_policies(),
            "",
            *_scenario(scenario),
            "",
            *_held(results),
            "",
            *_settings(scenario, stage),
            "",
            *_likeness(),
            "",
        )
    )


def _policies() -> Iterator[str]:
    yield "A *false failover* is a verdict on a satellite that lived: *in orbit*, or on a site that"
    yield "is always in contact. *Copy-hours short* are hours for which a wanted copy of a model"
    yield "did not serve, of all models; the picture shows them hour by hour, and so does"
    yield "`--output json` (`short_by_hour`). The policies:"
    yield ""
    yield "- *Perigee*: the detector, the loss budget and the choice of satellites as they run in"
    yield "  the operator, with the defaults of SatelliteNode."
    yield "- *Kubernetes 1.34*: the rules of its node lifecycle controller, with their rates and"
    yield "  zones. They are told, with their source, in"
    yield "  `operator/src/perigee_operator/simulation/stock.py`."
    yield "- *10 min* and *24 h of silence*: a fixed tolerance that knows of no orbit. With the"
    yield "  shorter one nearly every dark satellite is given up before it dies, so its times say"
    yield "  little."


def _scenario(scenario: Scenario) -> Iterator[str]:
    each = scenario
    yield "## What is played"
    yield ""
    yield f"- Orbits: {each.in_orbit:,} satellites at {each.altitude_km:g} km and"
    yield f"  {each.inclination_deg:g}°, in {each.planes} planes; {each.sites} edge sites are"
    yield "  always in contact."
    yield f"- Elements come every {each.elements_every_days:g} days,"
    yield f"  {each.elements_delay_h:g} h old; {each.elements_late_share:.0%} do not come. They err"
    yield f"  by {each.error_at_epoch_km:g} km along the track, and {each.error_growth_km_day:g} km"
    yield "  more each day (standard deviations)."
    yield f"- Every heartbeat is drawn: from {_range(each.link_up_s)} s after rising, each"
    yield f"  {each.heartbeat_s:g} s. Satellites' clocks err by {each.clock_drift:g} (standard"
    yield "  deviation); what counts is when a heartbeat arrives."
    yield f"- {each.dead_share:.0%} die, at any moment. Each reboots every"
    yield f"  {each.reboot_every_days:g} days, silent for {_range(each.reboot_s)} s."
    yield f"- Each station is out every {each.station_out_every_days:g} days, for"
    yield f"  {_range(each.station_out_h)} h. Once nobody is heard for {each.ground_out_h:g} h."
    yield f"- {each.models} models of {each.replicas} copies. A copy serves"
    yield f"  {_range(each.copy_start_s)} s after its satellite is first heard. Satellites that"
    yield f"  Perigee keeps in readiness fetch the artifact within {each.fetch_h:g} h; other"
    yield "  downloads take no time, which favours policies that move much."


def _likeness() -> Iterator[str]:
    yield "## How near this is to the operator"
    yield ""
    yield "Verdicts are those of the operator's detector. Where copies go is reckoned afterwards,"
    yield "with the operator's choice of satellites. `tests/simulation/test_against_plan.py` plays"
    yield "small fleets twice: so, and by the operator's `plan` as a whole, whose writes are done"
    yield "on a cluster on paper. Both give up and take back the same satellites, and start copies"
    yield "anew on the same ones. What differs:"
    yield ""
    yield "- A run of heartbeats is one event here, at its first: a verdict that waits until"
    yield "  anybody else is heard comes up to one heartbeat sooner."
    yield "- A stand-in whose satellite is given up before it was heard counts as moved here; there"
    yield "  a Pod has only waited."
    yield "- A satellite takes a copy here as soon as it is heard with the artifact on board; there"
    yield "  it has to report that first, by its second heartbeat."
    yield "- A satellite that reboots goes on serving here until it is given up."


def _held(results: Results) -> Iterator[str]:
    waiting = list(held(results))
    if waiting:
        yield "Verdicts that waited, for a human or for certainty:"
        yield ""
        yield from (f"- {line}" for line in waiting)


def _settings(scenario: Scenario, stage: Stage) -> Iterator[str]:
    yield "## What the defaults rest on"
    yield ""
    yield "`missedPasses`, with 200 satellites in orbit for 7 days:"
    yield ""
    passes = [(f"missedPasses: {n}", {"missed_passes": n}) for n in MISSED_PASSES]
    yield from _tried(replace(scenario, **IN_ORBIT), passes, stage)
    yield ""
    yield "One pass is not enough: a reboot, or a link that comes up late in a short pass, is taken"
    yield "for death. Each pass more costs one more time in the dark."
    yield ""
    yield "`lostAfter` and `phiThreshold`, with 100 sites for 10 days:"
    yield ""
    lost_after = [(f"lostAfter: {s:g}", {"lost_after_s": s}) for s in LOST_AFTER_S]
    yield from _tried(replace(scenario, **SITES), lost_after, stage)
    phi = [(f"phiThreshold: {p:g}, lostAfter: 30", {"phi_threshold": p} | _LEAST) for p in PHI]
    yield from _rows(replace(scenario, **SITES), phi, stage)
    yield ""
    yield "A site that reboots is silent in contact: only a `lostAfter` that is longer than a"
    yield "reboot tells it from a dead one. `phiThreshold` makes the silence that is allowed grow"
    yield "where heartbeats come unevenly. Losses that come singly have a longer tail than the"
    yield "normal distribution that phi is reckoned with, so that it does not stand in for"
    yield "`lostAfter`."


_LEAST: Final[dict[str, Any]] = {"lost_after_s": 30}


def _tried(
    scenario: Scenario, settings: Sequence[tuple[str, dict[str, Any]]], stage: Stage
) -> Iterator[str]:
    yield _TRIED
    yield from _rows(scenario, settings, stage)


def _rows(
    scenario: Scenario, settings: Sequence[tuple[str, dict[str, Any]]], stage: Stage
) -> Iterator[str]:
    for name, setting in settings:
        found = play(replace(scenario, **setting), LOSSES, (Policy.PERIGEE,), stage)
        yield from (_row(name, row) for row in found.rows)


def _row(name: str, row: Figures) -> str:
    cells = (
        f"`{name}`",
        f"{row.loss:.0%}",
        f"{row.false:,}",
        f"{row.found} of {row.deaths}",
        duration(row.wall.median_s),
        duration(row.wall.p95_s),
    )
    return "| " + " | ".join(cells) + " |"


def _range(between: tuple[float, float]) -> str:
    return f"{between[0]:g} to {between[1]:g}"
