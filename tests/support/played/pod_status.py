"""What a kubelet writes into the status of a Pod."""

import json
from datetime import UTC, datetime
from typing import Any

from perigee_api.termination import EXIT_STATUS, TerminationReason

Json = dict[str, Any]


def artifact_of(pod: Json) -> str:
    """Digest of the artifact that a Pod serves."""
    arguments: list[str] = pod["spec"]["containers"][0]["args"]
    return next(a.partition("=")[2] for a in arguments if a.startswith("--artifact="))


def is_ready(pod: Json) -> bool:
    """Whether the kubelet says that the container is ready."""
    return any(c["ready"] for c in (pod.get("status") or {}).get("containerStatuses") or ())


def is_done(pod: Json, status: Json) -> bool:
    """Whether a Pod has that status as far as it matters."""
    present = pod.get("status") or {}
    return _essence(present) == _essence(status)


def running(address: str) -> Json:
    """The model is loaded, and its golden set has passed."""
    return _status(address, ready=True, container={"state": {"running": {"startedAt": _now()}}})


def starting(address: str) -> Json:
    """The model is being loaded."""
    return _status(address, ready=False, container={"state": {"running": {"startedAt": _now()}}})


def given_up(address: str, reason: TerminationReason, message: str) -> Json:
    """The server has given up with a termination message, and is about to be started again."""
    ended = {
        "exitCode": EXIT_STATUS[reason],
        "reason": "Error",
        "message": json.dumps({"reason": reason.value, "message": message}),
    }
    container = {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
        "restartCount": 1,
    }
    return _status(address, ready=False, container=container)


def no_image(address: str) -> Json:
    """The image cannot be had."""
    waiting = {"reason": "ErrImageNeverPull", "message": "the image is not on board"}
    return _status(address, ready=False, container={"state": {"waiting": waiting}})


def ended(exit_status: int, message: str = "") -> Json:
    """A container named ``test`` has ended, and with it the Pod."""
    terminated = {"exitCode": exit_status, "reason": "Error" if exit_status else "Completed"}
    container = {
        "name": "test",
        "image": "test",
        "imageID": "test",
        "restartCount": 0,
        "ready": False,
        "state": {"terminated": terminated | {"message": message, "finishedAt": _now()}},
    }
    phase = "Failed" if exit_status else "Succeeded"
    return {"phase": phase, "startTime": _now(), "containerStatuses": [container]}


def _status(address: str, *, ready: bool, container: Json) -> Json:
    conditions = {
        "PodScheduled": True,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready,
    }
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": _now(),
        "conditions": [
            {"type": type_, "status": str(holds), "lastTransitionTime": _now()}
            for type_, holds in conditions.items()
        ],
        "containerStatuses": [
            {
                "name": "serve",
                "image": "serve",
                "imageID": "serve",
                "restartCount": 0,
                "ready": ready,
                "started": True,
                **container,
            }
        ],
    }


def _essence(status: Json) -> tuple[object, ...]:
    conditions = {c["type"]: c["status"] for c in status.get("conditions") or ()}
    containers = [
        (c["ready"], sorted(c.get("state") or ()), sorted(c.get("lastState") or ()))
        for c in status.get("containerStatuses") or ()
    ]
    return status.get("phase"), conditions.get("Ready"), containers


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
