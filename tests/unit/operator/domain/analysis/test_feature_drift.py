import numpy as np
import pytest

from paper_fleet.views import at
from perigee_api.drift import Feature
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS
from perigee_operator.domain.analysis.drift_finding import drift_findings
from perigee_operator.domain.analysis.feature_drift import (
    NONE,
    DriftRules,
    Drifts,
    outcome,
    verdict_of,
    with_block,
)
from perigee_operator.domain.analysis.verdict import (
    ALL_HOLD,
    Action,
    Policies,
    Policy,
    Reaction,
    Verdict,
)

RULES = DriftRules(dict.fromkeys(Feature, 0.25), 200)
GOLDEN = (20,) * 10
LIKE = (5,) * 10
FAR = (0, 0, 0, 0, 0, 0, 0, 10, 20, 20)


def after(
    blocks: int,
    golden: tuple[int, ...] = GOLDEN,
    drifts: Drifts = NONE,
    **live: tuple[int, ...],
) -> Drifts:
    counts = {name: FeatureCounts(golden=golden, live=each) for name, each in live.items()}
    for _ in range(blocks):
        drifts = with_block(drifts, FeaturesCounts(**counts))
    return drifts


@pytest.mark.parametrize(
    ("drifts", "found"),
    [
        (NONE, Verdict.NO_DATA),
        (after(FEWEST_BLOCKS - 1, score=(50,) * 10), Verdict.NO_DATA),
        (after(FEWEST_BLOCKS, score=LIKE), Verdict.PASS),
        (after(FEWEST_BLOCKS, score=LIKE, mean=LIKE, deviation=LIKE), Verdict.PASS),
        (after(FEWEST_BLOCKS, score=LIKE, mean=LIKE, deviation=FAR), Verdict.FAIL),
        (after(FEWEST_BLOCKS, score=LIKE, mean=(1, *[0] * 9)), Verdict.NO_DATA),
        (after(FEWEST_BLOCKS, score=FAR, mean=(1, *[0] * 9)), Verdict.FAIL),
        (after(FEWEST_BLOCKS, golden=(2,) * 10, score=FAR), Verdict.NO_DATA),
    ],
    ids=[
        "nothing",
        "few blocks",
        "alike",
        "all alike",
        "one far",
        "few of one",
        "far, and few of another",
        "a small golden set",
    ],
)
def test_verdicts(drifts: Drifts, found: Verdict) -> None:
    assert verdict_of(drifts, RULES) is found
    findings = drift_findings(drifts, RULES, ALL_HOLD, at(0), at(60))
    assert (
        max(each.action for each in findings)
        is {
            Verdict.PASS: Action.ADVANCE,
            Verdict.NO_DATA: Action.HOLD,
            Verdict.FAIL: Action.ABORT,
        }[found]
    )


def test_each_feature_has_its_limit() -> None:
    drifts = after(FEWEST_BLOCKS, score=FAR, mean=FAR)
    rules = DriftRules({Feature.SCORE: 10, Feature.MEAN: 0.25, Feature.DEVIATION: 0.25}, 200)
    assert outcome(drifts, Feature.SCORE, rules) is Verdict.PASS
    assert outcome(drifts, Feature.MEAN, rules) is Verdict.FAIL


def test_samples_that_are_alike_within_blocks_need_more_of_them() -> None:
    def blocks(number: int) -> Drifts:
        drifts = NONE
        for block in range(number):
            alike = tuple(50 * (bucket == block % 10) for bucket in range(10))
            drifts = after(1, drifts=drifts, score=alike)
        return drifts

    # The first ten blocks have 500 samples and as many in each bucket.
    assert verdict_of(blocks(10), RULES) is Verdict.NO_DATA
    assert verdict_of(blocks(200), RULES) is Verdict.PASS


def test_with_servers_that_cut_other_buckets_it_begins_anew() -> None:
    drifts = after(FEWEST_BLOCKS, score=LIKE)
    drifts = after(1, golden=(50, 50), drifts=drifts, score=(1, 2))
    assert drifts[Feature.SCORE].live.counts == (1, 2)


SHOWN = "taken off for chance 0.068, samples 400, that speak as one 1"
BEHIND = "samples of the golden set 200, blocks"


@pytest.mark.parametrize(
    ("drifts", "sentence"),
    [
        (NONE, "Drift has no data: no request has been compared with the golden set yet."),
        (
            after(FEWEST_BLOCKS, score=FAR),
            (
                "Drift of scores has failed: requests are further from the golden set than allowed "
                f"(stability index 3.854, limit 0.25, {SHOWN}, {BEHIND} 8)."
            ),
        ),
        (
            after(FEWEST_BLOCKS, deviation=LIKE),
            (
                "Drift of the inputs' deviation has passed: requests are not as far from the "
                "golden set as would be too far (stability index 0, limit 0.25, "
                f"{SHOWN}, {BEHIND} 8)."
            ),
        ),
        (
            after(2, mean=LIKE),
            (
                "Drift of the inputs' mean has no data: too few samples tell a drift from chance "
                f"(samples 100, wanted at least 200, {BEHIND} 2, of at least 8)."
            ),
        ),
        (
            after(FEWEST_BLOCKS, golden=(2,) * 10, score=LIKE),
            (
                "Drift of scores has no data: the golden set is too small to tell a drift from "
                "chance (samples of the golden set 20, wanted more than 26)."
            ),
        ),
    ],
)
def test_the_explanation_has_the_figures(drifts: Drifts, sentence: str) -> None:
    (found,) = drift_findings(drifts, RULES, ALL_HOLD, at(0), at(60))
    assert found.explanation.sentence == sentence


def test_without_data_the_policy_decides() -> None:
    policies = Policies(no_data=Policy(Reaction.CONTINUE, 600))
    (early,) = drift_findings(NONE, RULES, policies, at(0), at(60))
    (late,) = drift_findings(NONE, RULES, policies, at(0), at(600))
    assert (early.action, early.next_change_s) == (Action.HOLD, 540)
    assert late.action is Action.ADVANCE


def whole_rollout(random: np.random.Generator, golden: int, drift: float) -> set[Verdict]:
    """Verdicts after each of 60 blocks of 40 samples, eight of which are of one scene each.

    Scores are normal; the golden set's are of the same distribution but for the drift.
    """
    bounds = np.quantile(random.normal(size=golden), np.arange(1, 10) / 10, method="inverted_cdf")
    reference = tuple(np.bincount(np.repeat(np.arange(10), golden // 10), minlength=10).tolist())
    found, drifts = set(), NONE
    for _ in range(60):
        scenes = drift + np.sqrt(0.5) * random.normal(size=5)
        samples = np.repeat(scenes, 8) + np.sqrt(0.5) * random.normal(size=40)
        live = np.bincount(np.searchsorted(bounds, samples), minlength=10)
        drifts = after(1, golden=reference, drifts=drifts, score=tuple(live.tolist()))
        found.add(verdict_of(drifts, RULES))
    return found


@pytest.mark.parametrize("golden", [50, 200])
def test_chance_alone_fails_nobody_however_often_one_looks(golden: int) -> None:
    random = np.random.default_rng(3)
    found = [whole_rollout(random, golden, 0) for _ in range(60)]
    assert sum(Verdict.FAIL in each for each in found) <= 1
    assert sum(Verdict.PASS in each for each in found) >= 55


def test_a_shift_by_a_deviation_is_found() -> None:
    random = np.random.default_rng(4)
    assert all(Verdict.FAIL in whole_rollout(random, 200, 1) for _ in range(20))
