"""The commands for people, as they are typed."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from perigee_api.satellite_node import SatelliteNodeSpec
from perigee_operator.commands.stations import station
from perigee_operator.main import app

LINE1 = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
LINE2 = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
FILE = f"ISS (ZARYA)\n{LINE1}\n{LINE2}\n"
BROKEN = f"BAD\n{LINE1[:68]}8\n{LINE2}\n"
WEILHEIM = ("--station", "weilheim=47.88,11.08,560,7")
SPAN = ("--from", "2008-09-21T00:00:00Z", "--hours", "24")


def run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.tle"
    path.write_text(FILE)
    return path


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    result = run("passes", *arguments, "--output", "json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_passes_in_a_table(file: Path) -> None:
    result = run("passes", file, *WEILHEIM, *SPAN)
    assert result.exit_code == 0, result.stderr
    heading, *lines = result.stdout.splitlines()
    assert heading.split("  ")[0] == "SATELLITE"
    assert len(lines) == len(rows(file, *WEILHEIM, *SPAN)) >= 3
    assert all("ISS (ZARYA)" in line and "weilheim" in line for line in lines)


def test_passes_for_programs(file: Path) -> None:
    found = rows(file, *WEILHEIM, "-s", "svalbard=78.23,15.39", *SPAN)
    assert {row["station"] for row in found} == {"weilheim"}, "it never comes so far north"
    for row in found:
        start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        assert timedelta() < end - start < timedelta(minutes=11)
        assert 7 <= row["maxElevation"] <= 90
        assert not row["openStart"]
    as_yaml = run("passes", file, *WEILHEIM, *SPAN, "-o", "yaml")
    assert yaml.safe_load(as_yaml.stdout) == found


def test_a_pass_that_is_cut_says_so(file: Path) -> None:
    whole = rows(file, *WEILHEIM, *SPAN)[0]
    middle = datetime.fromisoformat(whole["start"]) + timedelta(minutes=1)
    (cut,) = rows(file, *WEILHEIM, "--from", middle.isoformat(), "--hours", "0.02")
    assert (cut["openStart"], cut["openEnd"]) == (True, True)
    table = run("passes", file, *WEILHEIM, "--from", middle.isoformat(), "--hours", "0.02")
    assert "before" in table.stdout
    assert "after" in table.stdout


def test_one_that_makes_no_sense_stops_nobody(file: Path) -> None:
    file.write_text(BROKEN + FILE)
    for command in (("passes", file, *WEILHEIM, *SPAN), ("satellites", file)):
        result = run(*command)
        assert result.exit_code == 1
        assert result.stderr == (
            f"{file}, lines 2 and 3 (BAD): line1 ends in checksum 8, but its characters sum to 7: "
            "it was damaged in copying.\n"
        )
        assert "25544" in result.stdout or "ISS" in result.stdout


def test_one_that_has_decayed_is_told(file: Path) -> None:
    late = ("--from", "2028-01-01T00:00:00", "--hours", "1")
    result = run("passes", file, *WEILHEIM, *late)
    assert result.exit_code in {0, 1}
    falling = {
        "OBJECT_NAME": "FALLING",
        "EPOCH": "2008-09-20T12:00:00",
        "MEAN_MOTION": 16.0,
        "ECCENTRICITY": 0.001,
        "INCLINATION": 51.6,
        "RA_OF_ASC_NODE": 0,
        "ARG_OF_PERICENTER": 0,
        "MEAN_ANOMALY": 0,
        "BSTAR": 0.003,
    }
    file.write_text(json.dumps([falling]))
    result = run("passes", file, *WEILHEIM, "--from", "2008-10-10", "--hours", "1")
    assert result.exit_code == 1
    assert result.stdout == "No passes.\n"
    assert "record 1 (FALLING): The elements cannot be propagated beyond" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weilheim", "is not of the form NAME=LAT,LON"),
        ("=1,2", "is not of the form"),
        ("a=1", "is not of the form"),
        ("a=1,2,3,4,5", "is not of the form"),
        ("a=91,2", "latitude '91': Input should be less than or equal to 90"),
        ("a=1,x", "longitude 'x': Input should be a valid number"),
        ("a=1,2,3,90", "elevationMask '90': Input should be less than 90"),
    ],
)
def test_a_station_that_makes_no_sense_is_told(file: Path, text: str, said: str) -> None:
    result = run("passes", file, "--station", text)
    assert result.exit_code == 2
    with pytest.raises(ValueError, match=re.escape(said)):
        station(text)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    missing, picture = tmp_path / "none.json", tmp_path / "x.png"
    picture.write_bytes(b"\x89PNG\xff")
    result = run("satellites", missing, picture)
    assert result.exit_code == 1
    assert f"{missing}: cannot be read: No such file or directory" in result.stderr
    assert f"{picture}: is not text: byte 0 is not UTF-8" in result.stderr
    assert result.stdout == ""


def test_manifests_are_what_the_api_takes_and_no_two_have_one_name() -> None:
    other = FILE.replace("ISS (ZARYA)", "")
    long = FILE.replace("ISS (ZARYA)", "A" * 80)
    result = run("satellites", "-", text=FILE + FILE + FILE + other + other + long + long)
    assert result.exit_code == 0, result.stderr
    found = list(yaml.safe_load_all(result.stdout))
    assert [item["metadata"]["name"] for item in found] == [
        "iss-zarya",
        "iss-zarya-25544",
        "iss-zarya-25544-2",
        "sat-25544",
        "sat-25544-2",
        "a" * 63,
        "a" * 57 + "-25544",
    ]
    for item in found:
        assert (item["apiVersion"], item["kind"]) == ("perigee.space/v1alpha1", "SatelliteNode")
        spec = SatelliteNodeSpec.model_validate(item["spec"])
        assert spec.orbit.tle is not None
        assert spec.orbit.tle.line1 == LINE1


def test_help_shows_an_example() -> None:
    for command in ("passes", "satellites"):
        assert f"For example: perigee-operator {command}" in " ".join(
            run(command, "--help").stdout.split()
        )
