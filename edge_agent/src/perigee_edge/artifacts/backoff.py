"""How long to wait before an artifact is tried again."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from the first to the longest."""

    first_s: float
    longest_s: float

    def delay_s(self, failures: int) -> float:
        """The wait after so many failures in a row (1 or more), in seconds."""
        doublings = max(0, failures - 1)
        # 2.0 ** 1024 overflows; the longest wait is reached long before.
        return min(self.longest_s, self.first_s * 2.0 ** min(doublings, 60))


INTERRUPTED: Final = Backoff(first_s=1, longest_s=15)
"""The link or the server is away. Passes are short, so that the next look is never far off."""

REJECTED: Final = Backoff(first_s=10, longest_s=300)
"""The server, or the disk, said no. Asking again costs next to nothing."""

WRONG_CONTENT: Final = Backoff(first_s=60, longest_s=6 * 3600)
"""The server holds something else. Asking again may cost the whole artifact over a slow link."""
