"""Results as they are shown."""

import json
import re
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from perigee_operator.simulation.chart import chart
from perigee_operator.simulation.copies import Service
from perigee_operator.simulation.document import document
from perigee_operator.simulation.play import Policy, Results, play
from perigee_operator.simulation.report import as_json, duration, markdown, table
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.sheet import LABELS, LONGEST
from perigee_operator.simulation.strips import STRIP, strips
from perigee_operator.simulation.truth import Progress


def stage(_: str) -> Progress:
    return lambda _: None


@pytest.fixture(scope="module")
def results() -> Results:
    scenario = Scenario(satellites=24, stations=3, days=2.5, models=2, replicas=3, dead_share=0.1)
    return play(scenario, [0.05], list(Policy), stage)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0 min"), (3599, "60 min"), (5400, "1.5 h")]
)
def test_times(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_the_table_has_a_row_a_policy(results: Results) -> None:
    console = Console(width=200, file=StringIO())
    with console.capture() as captured:
        console.print(table(results))
    text = captured.get()
    for row in results.rows:
        assert row.policy in text
        assert f"{row.found} of {row.deaths}" in text


def test_json_can_be_read(results: Results) -> None:
    found = json.loads(as_json(results))
    assert found["scenario"]["satellites"] == 24
    assert [row["policy"] for row in found["results"]] == [row.policy for row in results.rows]
    assert all(row["missed"] == row["deaths"] - row["found"] for row in found["results"])
    for row in found["results"]:
        short = row["service"]
        assert len(short["short_by_hour"]) == 60
        assert sum(short["short_by_hour"]) == pytest.approx(short["short_copy_h"])
    assert any(row["service"]["short_copy_h"] > 0 for row in found["results"])


def test_rows_of_markdown_are_as_long_as_its_head(results: Results) -> None:
    lines = markdown(results).splitlines()
    assert len(lines) == 2 + len(results.rows)
    assert len({line.count("|") for line in lines}) == 1


def test_the_chart_is_svg_and_shows_every_figure(results: Results) -> None:
    drawn = chart(results, 0.05)
    # It is written by the test's own process.
    root = ET.fromstring(drawn)  # noqa: S314
    texts = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]
    for row in results.rows:
        assert f"{row.false:,}" in texts
        assert f"{row.service.short_copy_h:,.1f}" in texts
        assert f"{max(row.service.short_by_hour):,.1f}" in texts
    assert "day 2" in texts
    widths = [float(r.attrib["width"]) for r in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert min(widths) == 0
    assert max(widths) < float(root.attrib["width"])


def test_a_strip_is_as_high_as_what_is_short(results: Results) -> None:
    quiet, worst = Service(0, (0.0, 0.0), 0.0), Service(1, (0.0, 4.0), 4.0)
    rows = [replace(results.rows[0], service=each) for each in (quiet, worst)]
    drawn = "".join(strips(rows, days=2 / 24, top=0))
    flat, high = re.findall(r'd="M[0-9.]+ ([0-9.]+)H?([^"]*)Z"', drawn)
    assert flat[1] == f"{LABELS + LONGEST}V{flat[0]}"
    base, middle = float(high[0]), LABELS + LONGEST / 2
    assert high[1].startswith(f"{middle:.1f}V{base - STRIP:.1f}H")


def test_where_nothing_is_short_the_strips_are_flat(results: Results) -> None:
    row = replace(results.rows[0], service=Service(0, (0.0,), 0.0))
    assert ">0.0</text>" in "".join(strips([row], days=1 / 24, top=0))


def test_a_chart_of_what_was_not_played_is_refused(results: Results) -> None:
    with pytest.raises(ValueError, match="20%"):
        chart(results, 0.2)


def test_the_document_tells_seed_command_and_settings(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"satellites": 20, "days": 2.5}
    module = "perigee_operator.simulation.document"
    monkeypatch.setattr(f"{module}.IN_ORBIT", small | {"sites_share": 0, "stations": 1})
    monkeypatch.setattr(f"{module}.SITES", small | {"sites_share": 1})
    text = document(results, "perigee-operator simulate --seed 1", stage)
    assert "\n    perigee-operator simulate --seed 1\n" in text
    assert "seed 1" in text
    for setting in ("missedPasses: 1", "lostAfter: 360", "phiThreshold: 8"):
        assert len(re.findall(rf"^\| `{setting}.*\|$", text, re.MULTILINE)) == 2
