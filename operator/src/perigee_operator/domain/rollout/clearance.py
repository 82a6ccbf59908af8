"""Whether a rollout may start anything now: a new revision, a step, a satellite of its wave.

What is held stays where it is: what has begun to be delivered or to serve goes on, unless it is put
back at a window's end, and evidence against a candidate aborts it all the same. The way back waits
for nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.terms import Terms
from perigee_operator.domain.rollout.windows import Outlook, Standing
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a rollout may do now."""

    hold: str | None = None
    """Why nothing may be started; None: it may go on."""
    comes_after: str | None = None
    """Why no revision may be begun; one that is under way goes on."""
    reverts: bool = False
    """While it is held the stable revision serves wherever it can be reached."""
    only_in_contact: bool = False
    """A satellite is started on only while it is in contact."""
    conditions: Mapping[str, Verdict] = field(default_factory=dict)
    """What there is to say of it, by type of condition."""
    invalid: str | None = None
    """What in the model's spec makes no sense."""
    changes_at: datetime | None = None
    """When time alone may change it."""
    steps_known: bool = True
    """False: they are a policy's that there is not, or that makes no sense."""

    def after(self, met: Verdict | None) -> "Clearance":
        """The same, for a model that others come before, or None of them."""
        if met is None:
            return self
        waits = None if met.holds else met.message
        return replace(self.saying("DependenciesMet", met), comes_after=waits)

    def saying(self, type_: str, verdict: Verdict) -> "Clearance":
        """The same, with a condition more."""
        return replace(self, conditions={**self.conditions, type_: verdict})

    def on(self, state: RolloutState) -> "Clearance":
        """What it means for a rollout: the way back to what has served before is always free.

        One that was put back stays so until it is let go on.
        """
        if state.rollout is not None and state.rollout.direct and state.stable is not None:
            return replace(self, hold=None, comes_after=None, reverts=False, only_in_contact=False)
        was_reverted = state.rollout is not None and state.rollout.reverted
        reverts = self.hold is not None and state.stable is not None
        return replace(self, reverts=reverts and (self.reverts or was_reverted))

    def wave(
        self, chosen: Iterable[Satellite], has_begun: Callable[[Satellite], bool]
    ) -> tuple[Satellite, ...]:
        """Of the satellites chosen for a candidate, those that are judged.

        Args:
            chosen: by the step under way.
            has_begun: whether a satellite has something of the candidate already.
        """
        return tuple(s for s in chosen if self.hold is None or has_begun(s))

    def started(
        self, wave: Iterable[Satellite], has_begun: Callable[[Satellite], bool]
    ) -> tuple[Satellite, ...]:
        """Of the wave, those that get something of the candidate; the others are waited for."""
        return tuple(s for s in wave if not self.only_in_contact or s.reachable or has_begun(s))

    def next_change_s(self, now: datetime, otherwise_s: float | None) -> float | None:
        """Seconds until time alone may change it, or until what changes otherwise does."""
        if self.changes_at is None:
            return otherwise_s
        left_s = (self.changes_at - now).total_seconds()
        return left_s if otherwise_s is None else min(left_s, otherwise_s)


CLEAR = Clearance()
"""Nothing stands in the way."""


def clearance_of(terms: Terms, now: datetime) -> Clearance:
    """What the terms of a model allow now."""
    if terms.invalid is not None:
        message = f"spec is not valid: {terms.invalid}"
        verdict = Verdict(holds=False, reason="Invalid", message=message)
        known = terms.fault is None
        return Clearance(
            message, conditions={"SpecValid": verdict}, invalid=message, steps_known=known
        )
    rollout = terms.spec.rollout
    found = Clearance(
        terms.fault,
        only_in_contact=rollout.only_in_contact is True,
        conditions={} if terms.resolved is None else {"PolicyResolved": terms.resolved},
        steps_known=terms.fault is None,
    )
    if terms.timing.is_free:
        return found
    outlook = terms.timing.outlook(now)
    hold = _told(outlook)
    in_window = Verdict(hold is None, reason=outlook.standing.value, message=hold or "")
    return replace(
        found,
        hold=found.hold or hold,
        reverts=hold is not None and rollout.reverts,
        conditions={**found.conditions, "InWindow": in_window},
        changes_at=outlook.until if outlook.until < END else None,
    )


def _told(outlook: Outlook) -> str | None:
    """Why nothing may be started, and when something may be."""
    at = None if outlook.opens_at is None else f"{outlook.opens_at:%Y-%m-%d %H:%M} UTC"
    match outlook.standing:
        case Standing.OPEN:
            return None
        case Standing.OUTSIDE:
            return f"outside its windows; {f'the next opens {at}' if at else 'none opens any more'}"
        case Standing.BLACKOUT:
            return f"in a blackout; {f'it may go on {at}' if at else 'no end of it is in sight'}"
        case Standing.NOT_BEFORE:
            return f"not yet; {f'it may begin {at}' if at else 'no window opens after that'}"


def counted_from_release(status: RolloutStatus) -> RolloutStatus:
    """A rollout as deadlines see it: while it was held nobody could make it ready."""
    since = max(status.step_started, status.let_go_on or status.step_started)
    return status.model_copy(update={"step_started": since})


def noted(state: RolloutState, clearance: Clearance, now: datetime) -> RolloutState:
    """The state, in which stands since when the rollout is held, or when it was let go on.

    Where it was put back the step under way begins anew: its time was not served.
    """
    rollout, held = state.rollout, clearance.hold is not None
    if rollout is None or (held, clearance.reverts) == (
        rollout.withheld_since is not None,
        rollout.reverted,
    ):
        return state
    moment = now.replace(microsecond=0)
    change: dict[str, object] = {"reverted": clearance.reverts}
    if held:
        change["withheld_since"] = rollout.withheld_since or moment
    else:
        change |= {"withheld_since": None, "let_go_on": moment}
        change |= {"step_started": moment} if rollout.reverted else {}
    return replace(state, rollout=rollout.model_copy(update=change))
