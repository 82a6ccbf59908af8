"""The assignment: heard from the ground, remembered on disk for the next boot without it."""

from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from perigee_api.heartbeat import Assignment
from perigee_edge.durable import replace_file

_log: Final = structlog.get_logger()


class AssignmentMemory:
    """Holds the last assignment that could be read."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._refused: str | None = None
        self.current: Assignment | None = None
        """None until one was heard, on this boot or an earlier one."""

    def recall(self) -> None:
        """Take up what an earlier run has heard. Without a readable file there is none."""
        try:
            self.current = Assignment.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            _log.error("assignment_file_unreadable", file=str(self._file), message=str(error))

    def hear(self, text: str) -> bool:
        """Take up an assignment as the ground wrote it; True if it differs from the last.

        One that cannot be read changes nothing and is logged once.
        """
        try:
            heard = Assignment.model_validate_json(text)
        except ValidationError as error:
            if text != self._refused:
                _log.error("assignment_unreadable", message=str(error)[:1000])
            self._refused = text
            return False
        self._refused = None
        if heard == self.current:
            return False
        self.current = heard
        self._remember(heard)
        return True

    def _remember(self, assignment: Assignment) -> None:
        try:
            replace_file(self._file, assignment.model_dump_json(by_alias=True).encode())
        except OSError as error:
            # It is still acted upon; the next change is tried again.
            _log.error("assignment_not_saved", file=str(self._file), message=str(error))
