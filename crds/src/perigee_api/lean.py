"""Models of which there are very many in memory."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict

_FIELDS_GIVEN: Final[dict[frozenset[str], set[str]]] = {}
"""The sets themselves, by what is in them."""


class Lean(BaseModel):
    """A model that shares with all others the note of which fields were given.

    Each instance has a set of its own otherwise, which is twice as large as all else of it; a fleet
    has a hundred thousand Conditions. Frozen: nobody changes a set that others have, too.
    """

    model_config = ConfigDict(frozen=True)

    def model_post_init(self, _context: Any) -> None:
        """Called by pydantic when an instance has been made."""
        given = self.__pydantic_fields_set__
        shared = _FIELDS_GIVEN.setdefault(frozenset(given), given)
        object.__setattr__(self, "__pydantic_fields_set__", shared)
