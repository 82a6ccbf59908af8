"""Requests on board of a fleet on paper: what servers count of them, and agents put beside it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from paper_fleet.fleet import PaperFleet
from paper_fleet.scenes import serving
from perigee_api import names
from perigee_api.features import FeaturesCounts
from perigee_api.served import Counts, ServedBlock, ShadowCounts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline import Baseline, compared

BLOCK_S = 60
STEP_S = 10
PERIOD_S = 86_400 * 30
"""Of an orbit of which a test sees one part alone."""


@dataclass
class Traffic:
    """On each satellite the Pod that serves is asked, and answers as its revision does."""

    fleet: PaperFleet
    answers: Callable[[str], Counts]
    """What a revision counts in one block."""
    agreeing: Callable[[str], dict[str, int]] = lambda _: {}
    """Of what is handed on to a candidate on a satellite in one block."""
    features: Callable[[str], FeaturesCounts | None] = lambda _: None
    """Of the samples that a revision is asked in one block."""
    blocks: dict[str, int] = field(default_factory=dict)
    """How many each revision has counted."""
    _baselines: dict[str, tuple[Baseline, ...]] = field(default_factory=dict)
    """By satellite."""

    def flow(self, blocks: int = 1) -> None:
        """Time passes, with requests all the while."""
        for _ in range(blocks):
            before = serving(self.fleet)
            self.fleet.pass_time(BLOCK_S, step_s=STEP_S)
            for satellite, revision in serving(self.fleet).items():
                if before.get(satellite) == revision:
                    self._count(satellite, revision)

    def _count(self, satellite: str, revision: str) -> None:
        number = self.blocks[revision] = self.blocks.get(revision, 0) + 1
        said = CountedBlock(
            model="default/m",
            pod=self._pod(satellite, revision),
            revision=revision,
            run="1",
            sequence=number,
            ended_s=0,
            lasted_s=BLOCK_S,
            counts=self.answers(revision),
        )
        begun_s = self.fleet.now.timestamp() - BLOCK_S
        known = self._baselines.get(satellite, ())
        self._baselines[satellite], before = compared(known, said, begun_s, PERIOD_S)
        block = ServedBlock(
            pod=said.pod,
            revision=revision,
            run=said.run,
            sequence=number,
            age_s=0,
            lasted_s=BLOCK_S,
            counts=said.counts,
            before=before,
            shadow=self._shadow(satellite),
            features=self.features(revision),
        )
        self.fleet.satellites[satellite].counted.append((self.fleet.now, block))

    def _shadow(self, satellite: str) -> ShadowCounts | None:
        """What the server has counted if there is a Pod to which it is to hand requests on."""
        for pod in self.fleet.pods():
            labels = pod["metadata"]["labels"]
            if pod["spec"]["nodeName"] == satellite and names.SHADOW_LABEL in labels:
                counts = self.agreeing(satellite)
                return ShadowCounts(candidate=labels[names.REVISION_LABEL], **counts)
        return None

    def _pod(self, satellite: str, revision: str) -> str:
        return next(
            str(pod["metadata"]["uid"])
            for pod in self.fleet.pods()
            if pod["spec"]["nodeName"] == satellite
            and pod["metadata"]["labels"][names.REVISION_LABEL] == revision
        )
