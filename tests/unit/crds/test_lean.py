"""The note of which fields were given, and that it is shared."""

from perigee_api.satellite_node import Liveness


def test_which_fields_were_given_is_known_of_each() -> None:
    some, others = Liveness(lost_after=90), Liveness(missed_passes=3)
    copied = some.model_copy(update={"missed_passes": 4})
    assert some.model_dump(exclude_unset=True) == {"lost_after": 90}
    assert others.model_dump(exclude_unset=True) == {"missed_passes": 3}
    assert copied.model_dump(exclude_unset=True) == {"lost_after": 90, "missed_passes": 4}


def test_the_note_of_it_is_shared() -> None:
    first, second = (Liveness.model_validate({"lostAfter": each}) for each in (90, 120))
    assert first.model_fields_set is second.model_fields_set
