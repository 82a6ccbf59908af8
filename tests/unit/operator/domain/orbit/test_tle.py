from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgp4.alpha5 import to_alpha5

from perigee_operator.domain.orbit.tle import ALPHA5, TleError, alpha5, checksum, read_tle

LINE1 = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927"
LINE2 = "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537"
"""The space station's, of 2008: the example that everybody's documentation shows."""


def with_sum(line: str) -> str:
    return line[:68] + str(checksum(line))


def altered(line: str, first: int, text: str) -> str:
    """With other text from a column on, and the checksum that belongs to it."""
    return with_sum(line[: first - 1] + text + line[first - 1 + len(text) :])


@pytest.mark.parametrize(("line", "expected"), [(LINE1, 7), (LINE2, 7), ("1" * 9 + "-- A.", 1)])
def test_the_checksum_counts_digits_and_minus_signs(line: str, expected: int) -> None:
    assert checksum(line) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00005", 5),
        ("    5", 5),
        ("25544", 25544),
        ("99999", 99_999),
        ("A0000", 100_000),
        ("H9999", 179_999),
        ("J0000", 180_000),
        ("N0001", 220_001),
        ("P0000", 230_000),
        ("Z9999", 339_999),
    ],
)
def test_catalogue_numbers(text: str, number: int) -> None:
    assert alpha5(text) == number


@pytest.mark.parametrize(
    "text", ["I0000", "O0000", "a0000", "A000", "A 001", "AA000", "", "     ", "-0005", "٣0005"]
)
def test_what_is_no_catalogue_number(text: str) -> None:
    with pytest.raises(ValueError, match="no catalogue number"):
        alpha5(text)


@given(st.integers(0, 339_999))
def test_alpha_5_is_as_the_package_sgp4_writes_it(number: int) -> None:
    assert alpha5(to_alpha5(number).rjust(5, "0")) == number
    assert len(ALPHA5) == 24


def test_all_that_is_used_is_read() -> None:
    read = read_tle(LINE1, LINE2)
    assert read.number == 25544
    assert read.epoch.isoformat(timespec="milliseconds") == "2008-09-20T12:25:40.104+00:00"
    assert (read.inclination_deg, read.node_deg) == (51.6416, 247.4627)
    assert (read.eccentricity, read.perigee_deg) == (0.0006703, 130.5360)
    assert (read.anomaly_deg, read.mean_motion) == (325.0288, 15.72125391)
    assert read.bstar == pytest.approx(-0.11606e-4, rel=1e-12)


@pytest.mark.parametrize(
    ("year", "expected"), [("57", 1957), ("99", 1999), ("00", 2000), ("56", 2056)]
)
def test_the_century_of_an_epoch(year: str, expected: int) -> None:
    assert read_tle(altered(LINE1, 19, year), LINE2).epoch.year == expected


@pytest.mark.parametrize(
    ("line1", "line2", "reason", "text"),
    [
        (LINE1[:68] + "8", LINE2, "ChecksumWrong", "line1 ends in checksum 8, but its"),
        (LINE1, LINE2[:68] + "0", "ChecksumWrong", "sum to 7"),
        (LINE1[:-1], LINE2, "LengthWrong", "line1 has 68 characters in place of 69"),
        (LINE2, LINE1, "LineNumberWrong", "line1 begins with '2 '"),
        (LINE1, altered(LINE2, 3, "25545"), "LinesDiffer", "line2 is of satellite 25545"),
        (altered(LINE1, 3, "I5544"), altered(LINE2, 3, "I5544"), "NumberUnreadable", "'I5544'"),
        (altered(LINE1, 19, "xx264"), LINE2, "EpochUnreadable", "columns 19 to 32"),
        (altered(LINE1, 19, "26nan         "), LINE2, "EpochUnreadable", "26nan"),
        (altered(LINE1, 19, "26inf         "), LINE2, "EpochUnreadable", "26inf"),
        (LINE1, altered(LINE2, 9, "        "), "ElementsUnreadable", "columns 9 to 16"),
        (LINE1, altered(LINE2, 53, "        nan"), "ElementsUnreadable", "line2 has no number"),
        (LINE1, altered(LINE2, 9, "181.0000"), "ElementsUnreadable", "number from 0 to 180"),
        (LINE1, altered(LINE2, 27, "00x6703"), "ElementsUnreadable", "columns 27 to 33"),
        (altered(LINE1, 54, "-1160x-4"), LINE2, "ElementsUnreadable", "columns 54 to 61"),
    ],
)
def test_what_is_wrong_with_a_set(line1: str, line2: str, reason: str, text: str) -> None:
    with pytest.raises(TleError) as failure:
        read_tle(line1, line2)
    assert failure.value.reason == reason
    assert text in str(failure.value)


@given(st.text(max_size=75), st.text(max_size=75))
def test_any_text_is_read_or_refused(line1: str, line2: str) -> None:
    with pytest.raises(TleError):
        read_tle(line1, line2)


@given(st.integers(2, 67), st.sampled_from(" -.0123456789ABCxyz+"), st.sampled_from([1, 2]))
def test_whatever_one_character_becomes_it_is_read_or_refused(
    column: int, character: str, which: int
) -> None:
    line1, line2 = LINE1, LINE2
    if which == 1:
        line1 = altered(LINE1, column + 1, character)
    else:
        line2 = altered(LINE2, column + 1, character)
    with suppress(TleError):
        read = read_tle(line1, line2)
        assert 0 <= read.mean_motion <= 18
        assert 0 <= read.inclination_deg <= 180
        assert 0 <= read.eccentricity < 1
