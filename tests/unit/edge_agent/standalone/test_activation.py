import pytest

from perigee_api.termination import EXIT_STATUS
from perigee_edge.standalone.activation import NotActivatedError, passed, sockets
from perigee_edge.standalone.stand_in import UNFIT, is_unfit


def test_files_are_counted_from_three_on() -> None:
    environment = {"LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "serve:servers:serve"}
    assert passed(environment, 7) == {"serve": [3, 5], "servers": [4]}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "8", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "serve"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "serve"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "-1", "LISTEN_FDNAMES": "serve"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "serve"},
    ],
)
def test_what_was_not_passed_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(NotActivatedError):
        sockets(environment, 7, ("serve", "servers"))


def test_what_the_keeper_knows_of_exit_statuses_is_what_serve_ends_with() -> None:
    assert set(EXIT_STATUS.values()) == UNFIT
    assert all(is_unfit(status) for status in (*UNFIT, 2))
    assert not any(is_unfit(status) for status in (0, 1, -9, -15))
