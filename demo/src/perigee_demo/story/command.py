"""What ``perigee-demo run`` does around the story."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from perigee_demo.story.installation import InstallationError
from perigee_demo.story.run import tell
from perigee_lab.errors import LabError
from perigee_lab.lab import Lab

TAKEN = """\
There is a lab named {name} already, of an earlier demo or your own, and the story begins in an
empty one. To remove it and all that runs in it:

    perigee-lab down
"""
AFTERWARDS = """\
The constellation is still there. To look at it and go on:

    export PATH="{programs}:$PATH"
    perigee-lab kubectl get sat,imodel --output wide
    perigee-lab kubectl describe imodel cloud-mask
    perigee-lab boot sat-1          # the lost satellite returns, and its pod is adopted
    perigee-lab cut sat-2           # see what happens
    perigee-lab down                # removes everything
"""


def run_demo(console: Console, lab: Lab, *, keep: bool) -> int:
    """Tells the story in a lab of its own and gives the exit status.

    A lab that is there already is somebody's: it stays as it is, and nothing is told.
    """
    if lab.exists:
        console.print(TAKEN.format(name=lab.name), style="bold red", highlight=False)
        return 1
    kept = False
    try:
        kept = asyncio.run(tell(console, lab))
    except (LabError, InstallationError) as error:
        console.print(str(error), style="bold red", soft_wrap=True)
    finally:
        if keep and lab.exists:
            programs = Path(sys.executable).parent
            console.print(AFTERWARDS.format(programs=programs), highlight=False, soft_wrap=True)
        else:
            lab.down()
    return 0 if kept else 1
