"""What the operator before this one announced, and may not have told any more.

Its queue died with it; its Events are still there. So what it announced shortly before its end is
told again: rather twice than never, and with the same identity.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from perigee_operator.domain.kinds import EVENT
from perigee_operator.domain.writes import Announce, Json
from perigee_operator.services.webhooks.outbox import MAX_WAITING
from perigee_operator.services.webhooks.retry import GIVE_UP_AFTER_S
from perigee_operator.storage.announcements import REPORTING_CONTROLLER, announced, event_digest
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.echo import OPERATOR_LEASE
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.scope import Scope

EVENTS: Final = Scope(EVENT, field_selector=f"reportingController={REPORTING_CONTROLLER}")

NOT_FOUND: Final = 404

_log = structlog.get_logger(__name__)


async def last_alive(api: KubernetesApi) -> datetime | None:
    """When the operator before this one renewed its Lease for the last time.

    To be asked before this one renews it.

    Returns:
        None where there was none, or where it cannot be told, which is logged.
    """
    try:
        lease = await api.get(OPERATOR_LEASE)
    except (ApiError, ApiUnreachableError) as error:
        if not (isinstance(error, ApiError) and error.status == NOT_FOUND):
            _log.warning(
                "nothing is told again: the operator's Lease is not read", error=str(error)
            )
        return None
    renewed = (lease.get("spec") or {}).get("renewTime")
    return None if renewed is None else datetime.fromisoformat(renewed)


async def left_behind(
    api: KubernetesApi, alive: datetime, started: datetime
) -> list[tuple[str, Announce]]:
    """What was announced so shortly before the end that it may not have been told.

    Args:
        api: where the Events are.
        alive: when the operator before this one was alive for the last time.
        started: when this one began: what is announced from then on is its own.

    Returns:
        Identity and announcement, the oldest first. Where the Events cannot be listed, that is
        logged, and what was found until then is told.
    """
    since = alive - timedelta(seconds=GIVE_UP_AFTER_S)
    found: list[tuple[str, Announce]] = []
    try:
        async for page in api.pages(EVENTS):
            found += [
                (event_digest(event["metadata"]["name"]), announce)
                for event in page.items
                if (announce := _told(event)) is not None and since <= announce.at < started
            ]
    except (ApiError, ApiUnreachableError) as error:
        _log.warning("not all is told again: Events are not listed", error=str(error))
    return sorted(found, key=lambda each: each[1].at)[-MAX_WAITING:]


def _told(event: Json) -> Announce | None:
    """What an Event tells; None for one that Perigee did not make like this."""
    try:
        return announced(event)
    except (KeyError, TypeError, ValueError):
        return None
