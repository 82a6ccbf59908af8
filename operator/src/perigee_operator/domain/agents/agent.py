"""The agents as Kubernetes runs them: a Pod a satellite, of one DaemonSet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from perigee_operator.domain.orbit.contacts import END

TRUNCATED: Final = timedelta(seconds=1)
"""Kubernetes tells to the second when a Pod was created."""


@dataclass(frozen=True, slots=True)
class AgentView:
    """The agent's Pod on a satellite that is to have one."""

    name: str
    uid: str
    revision: str
    """Hash of the template that it was made from."""
    ready: bool
    """Its containers are, says the kubelet; on a dark satellite this stays as it was."""
    deleting: bool
    created_at: datetime
    changed_at: datetime
    """When the last of these happened: it was created, became ready or ceased to be, or was told to
    end."""

    def is_heard(self, heard_at: datetime | None) -> bool:
        """Whether this agent was heard: before its Pod came it was another."""
        if self.deleting or heard_at is None:
            return False
        return heard_at >= self.created_at + TRUNCATED

    def answers(self, heard_at: datetime | None) -> bool:
        """Whether it runs and was heard."""
        return self.ready and self.is_heard(heard_at)


ABSENT: Final = AgentView("", "", "", ready=False, deleting=False, created_at=END, changed_at=END)
"""The Pod is to come: the one before it has gone."""


@dataclass(frozen=True, slots=True)
class AgentSetView:
    """The agents' DaemonSet, with its Pods. It replaces none by itself (OnDelete)."""

    namespace: str
    node_selector: Mapping[str, str]
    revisions: Mapping[str, int]
    """Numbers of its ControllerRevisions, by hash; the highest is the template as it is now."""
    pods: Mapping[str, AgentView]
    """By Node."""
    to_fetch: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the image that a Node with an outdated agent has yet to get, as far as is known."""
    outdated: frozenset[str] = field(init=False)
    """Nodes whose agent is of an older template."""
    unsettled: frozenset[str] = field(init=False)
    """Nodes whose agent is not outdated, and does not run."""

    def __post_init__(self) -> None:
        newest = max(self.revisions.values(), default=0)
        outdated, unsettled = set(), set()
        for node, agent in self.pods.items():
            # A Pod may be seen before its revision is: it is not outdated for that.
            if self.revisions.get(agent.revision, newest) < newest and not agent.deleting:
                outdated.add(node)
            elif agent.deleting or not agent.ready:
                unsettled.add(node)
        object.__setattr__(self, "outdated", frozenset(outdated))
        object.__setattr__(self, "unsettled", frozenset(unsettled))

    def on(self, node: str, labels: Mapping[str, str]) -> AgentView | None:
        """The agent on a Node; None where there is to be none."""
        found = self.pods.get(node)
        if found is None and self.node_selector.items() <= labels.items():
            return ABSENT
        return found
