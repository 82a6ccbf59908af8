"""How often Python looks for garbage."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from perigee_operator.services.garbage import collect_and_freeze


class Ring:
    """Something that only the collector can end."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_left_is_not_looked_at_and_yet_no_garbage_stays_for_good() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    collect_and_freeze()
    assert gc.get_freeze_count() > 0
    del ring
    gc.collect()
    assert gone() is not None, "it was frozen while it was in use"
    collect_and_freeze()
    assert gone() is None
