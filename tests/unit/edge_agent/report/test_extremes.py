from hypothesis import given
from hypothesis import strategies as st

from perigee_api.heartbeat import Telemetry
from perigee_edge.report.extremes import SPAN_S, Extremes

MEASUREMENTS = st.lists(
    st.tuples(
        st.floats(0, 2 * SPAN_S),
        st.none() | st.floats(0, 100),
        st.none() | st.floats(-80, 120),
    ),
    min_size=1,
    max_size=30,
)


def told(*measurements: tuple[float, float | None, float | None]) -> Telemetry:
    """What is told after measurements: seconds, charge, degrees."""
    extremes = Extremes(0)
    for now_s, battery, temperature in measurements:
        telemetry = Telemetry(battery_percent=battery, temperature_c=temperature)
        extremes = extremes.measured(telemetry, now_s)
    return extremes.told(telemetry)


def test_what_was_measured_in_the_dark_is_told_for_an_orbit_and_then_forgotten() -> None:
    dark = (100.0, 40.0, 70.0)
    assert told(dark, (200, 90, 20)).lowest_battery_percent == 40
    assert told(dark, (200, 90, 20)).highest_temperature_c == 70
    assert told(dark, (200, 90, 20)).battery_percent == 90
    assert told(dark, (SPAN_S + 5000, 90, 20)).lowest_battery_percent == 40
    assert told(dark, (2 * SPAN_S + 1, 90, 20)).lowest_battery_percent == 90
    assert told(dark, (SPAN_S + 1, 80, 20), (2 * SPAN_S + 1, 90, 20)).lowest_battery_percent == 80


@given(MEASUREMENTS)
def test_the_extremes_are_those_of_at_least_the_last_span(
    pauses: list[tuple[float, float | None, float | None]],
) -> None:
    now_s, measurements = 0.0, []
    for pause_s, battery, temperature in pauses:
        now_s += pause_s
        measurements.append((now_s, battery, temperature))
    found = told(*measurements)
    surely = [each for each in measurements if each[0] > now_s - SPAN_S]
    possibly = [each for each in measurements if each[0] > now_s - 2 * SPAN_S]
    lowest, highest = found.lowest_battery_percent, found.highest_temperature_c
    assert lowest in (None, *(battery for _, battery, _ in possibly))
    assert highest in (None, *(temperature for _, _, temperature in possibly))
    for _, battery, temperature in surely:
        assert battery is None or (lowest is not None and lowest <= battery)
        assert temperature is None or (highest is not None and highest >= temperature)
