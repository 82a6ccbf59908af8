"""What must hold of a model whatever is decided: one definition, for the planner and for tests.

The planner asks before it writes: would what is planned hold? Tests ask the same of what has come
about.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NOWHERE: frozenset[str] = frozenset()
NAMED = 5
"""So many Nodes or Pods are named at most."""


class Invariant(StrEnum):
    """What must hold, by name."""

    TWO_REVISIONS = "TwoRevisions"
    """None but the stable revision and the candidate come to where they are not yet."""
    TWO_NAMES = "TwoNames"
    """The candidate is another revision than the stable one."""
    WITHIN_WAVE = "WithinWave"
    """No more satellites may get the candidate than the step lets in."""
    WITHIN_NEXT_WAVE = "WithinNextWave"
    """No more satellites fetch ahead than the next wave lets in, and none of them gets the
    candidate."""
    VERIFIED_SERVE = "VerifiedServe"
    """Nothing serves that is not verified."""
    ONE_SERVES = "OneServes"
    """One Pod of the model serves on a satellite."""
    SOMETHING_SERVES = "SomethingServes"
    """What serves and still can is not taken out to the last copy."""
    WAY_BACK_KEPT = "WayBackKept"
    """Files of the stable revision and of the one before stay on board."""
    WITHIN_SPARE = "WithinSpare"
    """No more satellites are out of service for a swap than the model can spare."""
    LED_ON = "LedOn"
    """A rollout under way says what it waits for, or is looked at again at a known time."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A Pod of the model that nobody deletes."""

    name: str
    node: str | None
    verified: bool
    serves: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """A model, as it is or as it is to be."""

    stable: str | None = None
    candidate: str | None = None
    wave: int = 0
    """Satellites that may run the candidate."""
    open_to: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Nodes whose label lets Pods of a revision in, by revision."""
    hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Nodes that have a Pod of a revision, by revision."""
    out_of_service: frozenset[str] = NOWHERE
    """Nodes of satellites that are lost: what may come there comes to nobody."""
    next_wave: int = 0
    """Satellites that the next wave lets in beside those of now."""
    ahead: frozenset[str] = NOWHERE
    """Nodes of satellites that are told to fetch the candidate's files ahead of it."""
    copies: tuple[Copy, ...] = ()
    something_can_serve: bool = False
    """A copy serves that is verified, in service and still wanted, and that nobody lets go."""
    swapping: frozenset[str] = NOWHERE
    """Satellites on which a copy that served has given way, and none serves in its place yet."""
    spare: int = 0
    """So many they may be."""
    pinned: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Digests of files that are not to leave a satellite, by Node."""
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Digests of the files that it is told to keep, by Node."""
    led_on: bool = True
    """A rollout under way says what it waits for, or when it is looked at again."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold."""

    invariant: Invariant
    message: str


def broken(scene: Scene) -> tuple[Broken, ...]:
    """All invariants that do not hold of a scene, in the order in which they are defined."""
    found = [*_of_revisions(scene), *_of_copies(scene), *_of_files(scene)]
    if scene.candidate is not None and not scene.led_on:
        message = f"nothing says what revision {scene.candidate} waits for"
        found.append(Broken(Invariant.LED_ON, message))
    return tuple(found)


def _of_revisions(scene: Scene) -> Iterator[Broken]:
    placed = {scene.stable, scene.candidate}
    for revision in sorted(scene.open_to.keys() - placed):
        stray = _empty(scene, revision)
        if stray:
            message = f"revision {revision} may come to {_some(stray)}"
            yield Broken(Invariant.TWO_REVISIONS, message)
    if scene.candidate is None:
        return
    if scene.candidate == scene.stable:
        message = f"revision {scene.candidate} is stable and candidate"
        yield Broken(Invariant.TWO_NAMES, message)
    may = _empty(scene, scene.candidate) - scene.out_of_service
    if len(may) > scene.wave:
        message = f"revision {scene.candidate} may come to {_some(may)}: {scene.wave} may have it"
        yield Broken(Invariant.WITHIN_WAVE, message)
    if len(scene.ahead) > scene.next_wave:
        message = f"{_some(scene.ahead)} would fetch ahead: {scene.next_wave} may"
        yield Broken(Invariant.WITHIN_NEXT_WAVE, message)
    early = may & scene.ahead
    if early:
        message = f"revision {scene.candidate} may come to {_some(early)} ahead of its step"
        yield Broken(Invariant.WITHIN_NEXT_WAVE, message)


def _empty(scene: Scene, revision: str) -> frozenset[str]:
    """Nodes that let Pods of a revision in, and have none."""
    return scene.open_to.get(revision, NOWHERE) - scene.hosts.get(revision, NOWHERE)


def _of_copies(scene: Scene) -> Iterator[Broken]:
    serving = [copy for copy in scene.copies if copy.serves]
    unverified = {copy.name for copy in serving if not copy.verified}
    if unverified:
        message = f"{_some(unverified)} would serve without being verified"
        yield Broken(Invariant.VERIFIED_SERVE, message)
    places = Counter(copy.node for copy in serving)
    crowded = {node or "no satellite" for node, copies in places.items() if copies > 1}
    if crowded:
        yield Broken(Invariant.ONE_SERVES, f"several copies would serve on {_some(crowded)}")
    if len(scene.swapping) > scene.spare:
        message = f"{_some(scene.swapping)} would be out of service: {scene.spare} may be"
        yield Broken(Invariant.WITHIN_SPARE, message)
    if scene.something_can_serve and not serving:
        yield Broken(Invariant.SOMETHING_SERVES, "the last copy that serves would be taken out")


def _of_files(scene: Scene) -> Iterator[Broken]:
    lost = {node for node, files in scene.pinned.items() if files - scene.kept.get(node, NOWHERE)}
    if lost:
        message = f"files of the stable revision or the one before would leave {_some(lost)}"
        yield Broken(Invariant.WAY_BACK_KEPT, message)


def _some(names: frozenset[str] | set[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + rest
