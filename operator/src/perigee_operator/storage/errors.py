"""How a call to the API server fails."""


class ApiError(Exception):
    """The API server answered, and refused."""

    def __init__(
        self, status: int, reason: str, message: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        """HTTP status code."""
        self.reason = reason
        """As in a Kubernetes Status: ``NotFound``, ``Conflict``, ``Expired``…"""
        self.message = message
        self.retry_after_s = retry_after_s
        """How long the server asks to be left alone, if it asks."""


class NameTakenError(Exception):
    """Somebody else's object has the name of one that Perigee wants to make."""


class ConfigurationError(Exception):
    """What the operator was given to reach the API server, or to fail, makes no sense."""


class ApiUnreachableError(Exception):
    """No answer from the API server: refused, cut, or too slow.

    Whether a write was done is not known.
    """
