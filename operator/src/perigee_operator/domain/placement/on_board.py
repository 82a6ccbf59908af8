"""Which Pods are on board of which satellite, and what they have set aside there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from perigee_operator.domain.fleet import ModelView, PodView
from perigee_operator.domain.placement.room import claims
from perigee_operator.domain.workloads.quantity import Amounts


@dataclass(frozen=True, slots=True)
class OnBoard:
    """Of all models, by Node."""

    pods: Mapping[str, tuple[PodView, ...]]
    claims: Mapping[str, Amounts]


def on_board(models: Iterable[ModelView]) -> OnBoard:
    """What these models have on board."""
    found: dict[str, list[PodView]] = defaultdict(list)
    for model in models:
        for pod in model.pods:
            if pod.node is not None:
                found[pod.node].append(pod)
    return OnBoard({node: tuple(pods) for node, pods in found.items()}, claims(found))
