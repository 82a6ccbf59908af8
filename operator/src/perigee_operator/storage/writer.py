"""Does what a plan says: the one place that writes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count as count_from
from typing import Any, Final

from perigee_operator.domain.writes import (
    Announce,
    Apply,
    Delete,
    Json,
    ObjectKey,
    RemoveLabels,
    SetTaints,
    Track,
    Write,
)
from perigee_operator.storage.announcements import event_body, event_key
from perigee_operator.storage.answers import goes_by_and_by
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError, NameTakenError
from perigee_operator.storage.faults import FaultPoint
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode, is_observation
from perigee_operator.storage.outcomes import Failure, Result, TrackOutcome
from perigee_operator.storage.preconditions import as_object, as_version, expect_owner
from perigee_operator.storage.taints import changed_taints
from perigee_operator.storage.throttling import pause_before_retry_s

CONCURRENCY: Final = 16
MAX_CONFLICTS: Final = 5
"""How often an object may change under the operator's hands before its track ends."""

NOT_FOUND: Final = 404
CONFLICT: Final = 409
INVALID: Final = 422

Call = Callable[[], Awaitable[Json]]


class Writer:
    """Performs tracks of writes.

    Args:
        api: the API server.
        fleet: hears of every answer at once.
        mode: what may be written.
        instance: a name of this process, shown in Events.
        count: called for every write with its type, the object's kind and how it went.
        tell: called with all that is announced, whether or not the Event can be written.
        concurrency: how many tracks are under way at once.
        faults: where to die; for tests.
        sleep: waits for some seconds.
    """

    def __init__(  # noqa: PLR0913 - what the writer depends on is passed in
        self,
        api: KubernetesApi,
        fleet: FleetCache,
        *,
        mode: Mode,
        instance: str,
        count: Callable[[str, str, Result], None] = lambda *_: None,
        tell: Callable[[Announce], None] = lambda _: None,
        concurrency: int = CONCURRENCY,
        faults: FaultPoint | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._fleet = fleet
        self._mode = mode
        self._instance = instance
        self._count = count
        self._tell = tell
        self._concurrency = concurrency
        self._faults = faults or FaultPoint()
        self._sleep = sleep

    async def perform(self, tracks: Sequence[Track]) -> list[TrackOutcome]:
        """Performs all tracks side by side, and the writes of each in order.

        Returns:
            An outcome a track, in the order of the tracks. What the API server refuses or does
            not answer ends its track and is told there; it is never raised.
        """
        outcomes: dict[int, TrackOutcome] = {}
        waiting = enumerate(tracks)

        async def work() -> None:
            for place, track in waiting:
                outcomes[place] = await self._perform_track(track)

        # Not a task a track: in a large fleet there are thousands.
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._concurrency, len(tracks))):
                group.create_task(work())
        return [outcomes[place] for place in range(len(tracks))]

    async def _perform_track(self, track: Track) -> TrackOutcome:
        done, skipped, withheld = 0, [], False
        for write in track.writes:
            if not isinstance(write, Announce):
                withheld = self._mode is Mode.OBSERVE and not is_observation(write)
            if withheld:  # And so is what would be told of it.
                self._note(write, Result.SKIPPED)
                skipped.append(write)
                continue
            failure = await self._attempt(write)
            if failure is not None:
                return TrackOutcome(track.name, done, tuple(skipped), failure)
            done += 1
        return TrackOutcome(track.name, done, tuple(skipped))

    async def _attempt(self, write: Write) -> Failure | None:
        try:
            result = await self._perform(write)
        except ApiError as error:
            self._note(write, Result.REFUSED)
            if error.status in (NOT_FOUND, CONFLICT, INVALID):
                await self._look_again(_key(write))
            return Failure(write, str(error), error.status)
        except NameTakenError as error:
            self._note(write, Result.REFUSED)
            return Failure(write, str(error), CONFLICT, name_taken=True)
        except ApiUnreachableError as error:
            self._note(write, Result.UNREACHABLE)
            return Failure(write, str(error), None)
        self._note(write, result)
        return None

    async def _perform(self, write: Write) -> Result:
        match write:
            case Apply():
                return await self._apply(write)
            case SetTaints():
                return await self._set_taints(write)
            case RemoveLabels():
                return await self._remove_labels(write)
            case Delete():
                return await self._delete(write)
            case Announce():
                return await self._announce(write)

    async def _apply(self, write: Apply) -> Result:
        body, force = write.body, True
        if write.owner_uid is not None:
            present = await self._expect_ours(write, write.owner_uid)
            force = present is not None
            body = body if present is None else as_object(body, present)
        answer = await self._send(
            lambda: self._api.apply(write.key, body, subresource=write.subresource, force=force)
        )
        self._fleet.absorb(write.key, answer)
        return Result.DONE

    async def _expect_ours(self, write: Apply, owner_uid: str) -> Json | None:
        """The object that is there already, if there is one.

        Only what bears Perigee's labels is observed, so what is not known is looked for. Should
        one come into being between this look and the apply, that is refused, not being forced.

        Raises:
            NameTakenError: it is somebody else's.
        """
        try:
            present = self._fleet.get(write.key) or await self._api.get(write.key)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return None
        expect_owner(write.key, present, owner_uid)
        return present

    async def _set_taints(self, write: SetTaints) -> Result:
        def call(node: Json) -> Call | None:
            taints = changed_taints((node.get("spec") or {}).get("taints") or (), write)
            if taints is None:
                return None
            patch = as_version({"spec": {"taints": taints}}, node)
            return lambda: self._api.merge_patch(write.key, patch)

        return await self._modify(write.key, write.uid, call)

    async def _modify(
        self, key: ObjectKey, uid: str, decide: Callable[[Json], Call | None]
    ) -> Result:
        """Changes an object as it is known, or, where it has changed meanwhile, as it is read.

        Args:
            key: which object.
            uid: it must have.
            decide: the call for an object as it is; None where there is nothing to change.
        """
        item = self._fleet.get(key) or await self._read(key)
        for conflicts in count_from(1):
            if item["metadata"]["uid"] != uid:
                raise ApiError(CONFLICT, "Conflict", f"another object is named {key.name} now")
            call = decide(item)
            if call is None:
                return Result.UNCHANGED
            try:
                self._fleet.absorb(key, await self._send(call))
            except ApiError as error:
                if error.status != CONFLICT or conflicts >= MAX_CONFLICTS:
                    raise
                item = await self._read(key)
            else:
                break
        return Result.DONE

    async def _remove_labels(self, write: RemoveLabels) -> Result:
        metadata: dict[str, Any] = {"uid": write.uid}
        for field, names_of in (("labels", write.labels), ("annotations", write.annotations)):
            if names_of:
                metadata[field] = dict.fromkeys(sorted(names_of))
        patch = {"metadata": metadata}
        try:
            answer = await self._send(lambda: self._api.merge_patch(write.key, patch))
        except ApiError as error:
            return self._accept_absence(error, write.key, write.uid)
        self._fleet.absorb(write.key, answer)
        return Result.DONE

    async def _delete(self, write: Delete) -> Result:
        try:
            answer = await self._send(lambda: self._api.delete(write.key, uid=write.uid))
        except ApiError as error:
            return self._accept_absence(error, write.key, write.uid)
        if goes_by_and_by(answer):
            self._fleet.absorb(write.key, answer)
        return Result.DONE

    async def _announce(self, write: Announce) -> Result:
        self._tell(write)
        key, body = event_key(write), event_body(write, self._instance)
        try:
            await self._send(lambda: self._api.create(key, body))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            return Result.UNCHANGED
        return Result.DONE

    async def _read(self, key: ObjectKey) -> Json:
        item = await self._api.get(key)
        self._fleet.absorb(key, item)
        return item

    async def _send(self, call: Call) -> Json:
        """Sends one write, again where the server throttles."""
        for attempt in count_from(1):
            try:
                with self._faults.write():
                    return await call()
            except ApiError as error:
                pause_s = pause_before_retry_s(error, attempt)
                if pause_s is None:
                    raise
                await self._sleep(pause_s)
        raise AssertionError("the loop above has no end of its own")

    def _accept_absence(self, error: ApiError, key: ObjectKey, uid: str) -> Result:
        """What is gone has no label, and needs no deletion."""
        if error.status != NOT_FOUND:
            raise error
        self._fleet.forget(key, uid)
        return Result.UNCHANGED

    async def _look_again(self, key: ObjectKey) -> None:
        """Learns whether a refused write met an object that is gone, or another by its name.

        kopf's watch does not tell of deletions that happened while it was interrupted.
        """
        known = self._fleet.get(key)
        if known is None:
            return
        try:
            await self._read(key)
        except ApiError as error:
            if error.status == NOT_FOUND:
                self._fleet.forget(key, known["metadata"]["uid"])
        except ApiUnreachableError:
            return

    def _note(self, write: Write, result: Result) -> None:
        self._count(type(write).__name__, _key(write).kind.name, result)


def _key(write: Write) -> ObjectKey:
    return write.regarding if isinstance(write, Announce) else write.key
