"""Who answers at a model's address on board, as its clients see it."""

import os
import signal
import socket
import time
from typing import Any


def test_nothing_known_is_503_in_the_protocols_json(board: Any) -> None:
    keeper = board.keeper()
    keeper.await_event("unavailable")
    for _ in range(3):
        response = board.ask()
        assert response.status_code == 503
        assert "no model can serve here" in response.json()["error"]
    assert keeper.process.poll() is None
    assert board.recorded() == []


def test_a_pod_gets_the_address_once_it_is_active(board: Any) -> None:
    keeper = board.keeper()
    pod = board.pod(board.model(), "r1", active=False)
    pod.await_event("ready")
    assert board.ask().status_code == 503
    assert board.recorded() == []
    board.label("r1", active=True)
    keeper.await_event("granted", stand_in=False)
    assert board.answers() == "r1"
    assert board.recorded() == ["r1"]


def test_one_that_fails_its_golden_set_is_never_good(board: Any) -> None:
    keeper = board.keeper()
    pod = board.pod(board.model("Abs"), "r1", golden=board.golden())
    assert pod.process.wait(60) == 67
    assert board.ask().status_code == 503
    assert board.recorded() == []
    assert not [event for event in keeper.events if event["event"] == "claimed"]


def test_after_a_reboot_the_last_good_one_serves_alone(board: Any) -> None:
    keeper = board.keeper()
    board.pod(board.model(), "r1", golden=board.golden())
    keeper.await_event("granted", stand_in=False)
    before = board.ask().json()
    board.reboot()

    keeper = board.keeper()
    # Asked before anything is loaded: the request waits for its answer.
    assert board.ask().json() == before
    keeper.await_event("granted", stand_in=True)


def test_no_request_is_lost_from_the_first_answer_on(board: Any, asking: Any) -> None:
    artifact = board.model()
    keeper = board.keeper()
    board.pod(artifact, "r1").await_event("ready")
    keeper.await_event("granted")
    board.reboot()

    keeper = board.keeper()
    with asking() as clients:
        clients.more("r1")
        keeper.await_event("granted", stand_in=True)
        pod = board.pod(artifact, "r1")
        keeper.await_event("granted", stand_in=False)
        ended = keeper.await_event("stand_in_ended")
        clients.more("r1")
        # A newer revision becomes active while the old one still is, and then the old one ends.
        board.pod(board.model("Abs"), "r2")
        keeper.await_event("granted", 2, stand_in=False)
        pod.await_event("address given back")
        clients.more("r2")
        assert pod.end(signal.SIGTERM) == 0
        clients.more("r2")
    assert ended["status"] == 0
    assert clients.failures == []
    assert board.recorded() == ["r2", "r1"]


def test_a_pod_that_dies_is_stood_in_for_and_takes_over_again(board: Any, asking: Any) -> None:
    artifact = board.model()
    keeper = board.keeper()
    pod = board.pod(artifact, "r1")
    keeper.await_event("granted", stand_in=False)
    pod.end()
    begun = time.monotonic()
    with asking() as clients:
        clients.more("r1")
        assert 5 < time.monotonic() - begun < 30, "the kubelet is given time to start it again"
        keeper.await_event("stand_in_started")
        board.pod(artifact, "r1")
        keeper.await_event("stand_in_ended")
        clients.more("r1")
    assert clients.failures == []


def test_what_was_taken_back_is_not_good_any_more(board: Any) -> None:
    keeper = board.keeper()
    board.pod(board.model(), "r1")
    keeper.await_event("granted")
    board.pod(board.model("Abs"), "r2")
    keeper.await_event("granted", 2)
    assert board.answers() == "r2"
    board.label("r2", active=False)
    keeper.await_event("withdrawn", why="Inactive")
    keeper.await_event("granted", 3)
    assert board.answers() == "r1"
    assert board.recorded() == ["r1"]
    board.reboot()
    board.keeper()
    assert board.answers() == "r1"


def test_a_record_that_is_not_on_board_any_more_is_passed_over(board: Any) -> None:
    older, newer = board.model(), board.model("Abs")
    keeper = board.keeper()
    for count, (revision, artifact) in enumerate((("r1", older), ("r2", newer)), start=1):
        board.pod(artifact, revision)
        keeper.await_event("granted", count)
    board.reboot()
    (board.artifacts / newer).unlink()
    keeper = board.keeper()
    assert board.answers() == "r1"
    keeper.await_event("stand_in_ended", status=66)
    board.reboot()
    (board.artifacts / older).unlink()
    keeper = board.keeper()
    keeper.await_event("unavailable")
    assert board.ask().status_code == 503
    assert len([e for e in keeper.events if e["event"] == "stand_in_started"]) == 2, "no loop"


def test_the_keeper_may_be_started_anew_while_a_pod_serves(board: Any, asking: Any) -> None:
    keeper = board.keeper()
    pod = board.pod(board.model(), "r1")
    keeper.await_event("granted")
    with asking() as clients:
        for number in (signal.SIGTERM, signal.SIGKILL):
            clients.more("r1")
            keeper.end(number)
            keeper = board.keeper()
            keeper.await_event("granted", stand_in=False)
        clients.more("r1")
    assert clients.failures == []
    assert pod.process.poll() is None


def test_damaged_records_are_none(board: Any) -> None:
    (board.standalone / "records" / "default.m.json").write_text('{"version": 1, "good": [{}]}')
    keeper = board.keeper()
    keeper.await_event("records_unreadable")
    assert board.ask().status_code == 503


def test_a_server_that_talks_nonsense_is_not_heard(board: Any) -> None:
    keeper = board.keeper()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        stranger.connect(str(board.servers))
        stranger.send(b"nonsense")
        assert stranger.recv(1) == b""
    keeper.await_event("server_unintelligible")
    pod = board.pod(board.model(), "r1")
    pod.await_event("address taken")
    assert board.answers() == "r1"


def test_a_pod_that_goes_back_has_the_address_under_the_name_that_answers(
    board: Any, asking: Any
) -> None:
    old, new = board.model(), board.model("Abs")
    keeper = board.keeper()
    pod = board.supervised_pod(new, "r2", (old, "r1"))
    keeper.await_event("granted", stand_in=False)
    assert board.answers() == "r2"
    with asking() as clients:
        clients.more("r2")
        os.kill(pod.await_event("worker_ready")["pid"], signal.SIGKILL)
        clients.more("r1")
    assert len(clients.failures) <= 3, "no more than were connected to the server that died"
    assert board.recorded()[0] == "r1"
    assert not [e for e in keeper.events if e["event"] == "stand_in_started"]
    board.reboot()
    board.keeper()
    assert board.answers() == "r1"
