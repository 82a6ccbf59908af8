"""How often Python looks for garbage among all that is known of the fleet.

Nearly all of it lives long and is in no cycle, so it goes by itself when it is not needed any more.
Looking through the objects of 10,000 satellites again and again would stop the operator for a
second each time.
"""

import asyncio
import gc
from typing import Final, NoReturn

FIRST_PAUSE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 3600.0


def collect_and_freeze() -> None:
    """Finds all garbage; what is left is not looked at until the next time."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def collect_seldom() -> NoReturn:
    """Collects now, after a minute, and then less and less often, until cancelled."""
    pause_s = FIRST_PAUSE_S
    while True:
        collect_and_freeze()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
