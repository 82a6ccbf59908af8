"""What the lab says when it cannot go on."""


class LabError(Exception):
    """Something stands in the lab's way. The text says what, where, and what to do."""
