"""The process that computes contacts, from its own side: jobs in, contacts out."""

import os
import pickle
import signal
import sys
from typing import BinaryIO, Final

from perigee_operator.domain.orbit.prediction import predicted
from perigee_operator.services.contacts.worker import LENGTH_BYTES, Job, framed

NICENESS: Final = 5
"""The operator's own process goes first."""


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answers jobs in turn, until there are no more."""
    while head := questions.read(LENGTH_BYTES):
        job: Job = pickle.loads(questions.read(int.from_bytes(head)))  # noqa: S301 - our parent's
        answers.write(framed(predicted(job.elements, job.stations, job.since, job.until)))
        answers.flush()


def main() -> None:
    """Serves standard input and output."""
    # An interrupt from the terminal goes to the whole group: the parent decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        # Whatever a library might print would look like an answer.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
