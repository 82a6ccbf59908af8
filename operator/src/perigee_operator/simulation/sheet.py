"""What all parts of a picture keep to, in pixels."""

from typing import Final

WIDTH: Final = 860
MARGIN: Final = 16
LABELS: Final = 210
"""For what stands left of bars and strips."""
FIGURES: Final = 70
"""And for the figures right of them."""
LONGEST: Final = WIDTH - LABELS - FIGURES - 2 * MARGIN
HEADING: Final = 44
GAP: Final = 6

COLOURS: Final = ("#2f6db3", "#c8553d", "#d99a2b", "#7a7f87")
"""One a policy, in their order."""
