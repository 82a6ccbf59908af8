"""Whatever figures the schema lets through are propagated or refused, and never raise."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from paper_fleet.orbits import EPOCH, station
from perigee_api.orbit import Orbit
from perigee_operator.domain.orbit.elements import Elements, elements_of
from perigee_operator.domain.orbit.prediction import predicted

ODD = st.sampled_from([float("nan"), float("inf"), -1e300, 1e300, 1e-300, 0.0, 5.0])
MESSAGES = st.fixed_dictionaries(
    {
        "EPOCH": st.datetimes().map(lambda moment: moment.isoformat()),
        "MEAN_MOTION": st.floats(0, 18, exclude_min=True),
        "ECCENTRICITY": st.floats(0, 1, exclude_max=True),
        "INCLINATION": st.floats(0, 180),
        "RA_OF_ASC_NODE": st.floats(0, 360),
        "ARG_OF_PERICENTER": st.floats(0, 360),
        "MEAN_ANOMALY": st.floats(0, 360),
        "BSTAR": ODD | st.floats(),
        "NORAD_CAT_ID": st.integers(0, 999_999_999),
    }
)


@settings(deadline=None)
@given(MESSAGES)
def test_any_message_is_propagated_or_refused(message: dict[str, object]) -> None:
    found = elements_of(Orbit.model_validate({"omm": message}), EPOCH)
    if isinstance(found, Elements):
        (contacts,) = predicted([found], [station()], EPOCH, EPOCH + timedelta(hours=3))
        assert contacts.error is not None or contacts.known_until == EPOCH + timedelta(hours=3)
        for window in contacts.windows:
            assert window.end is not None
            assert window.start < window.end
