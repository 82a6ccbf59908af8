from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from perigee_api.heartbeat import (
    MAX_REPORT_BYTES,
    ArtifactReport,
    ArtifactState,
    Report,
    RolledBack,
    Telemetry,
)
from perigee_api.served import MAX_SERVED, MAX_SERVED_BYTES, Counts, ServedBlock
from perigee_edge.report.content import build_report, encode

VERIFIED = ArtifactReport(state=ArtifactState.VERIFIED, fetched_bytes=40_000_000)
ROLLED_BACK = st.builds(
    lambda one, times: RolledBack(
        pod="1", model="a/b", failed="r2", revision="r1", reason="CrashLoop", message=one * times
    ),
    st.characters(codec="utf-8"),
    st.integers(0, 300),
)
DIGESTS = [f"{number:064x}" for number in range(200)]


def failed(message: str) -> ArtifactReport:
    return ArtifactReport(state=ArtifactState.FAILED, reason="DigestMismatch", message=message)


def report(
    artifacts: dict[str, ArtifactReport],
    assigned: set[str],
    rolled_back: Sequence[RolledBack] = (),
    served: Sequence[ServedBlock] = (),
) -> Report:
    return build_report(
        sequence=7,
        epoch=3,
        heartbeat_interval_s=10,
        artifacts=artifacts,
        assigned=assigned,
        telemetry=Telemetry(load1=0.5),
        rolled_back=rolled_back,
        served=served,
    )


def test_a_small_report_says_everything_and_nothing_else() -> None:
    built = report({DIGESTS[0]: VERIFIED}, {DIGESTS[0]})
    assert encode(built) == (
        '{"version":1,"sequence":7,"epoch":3,"heartbeatIntervalS":10.0,"artifacts":{"'
        + DIGESTS[0]
        + '":'
        '{"state":"Verified","fetchedBytes":40000000}},"telemetry":{"load1":0.5}}'
    )


def test_artifacts_that_are_not_assigned_go_first() -> None:
    urgent = {digest: failed("\u20ac" * 300) for digest in DIGESTS[:10]}
    built = report(urgent | dict.fromkeys(DIGESTS[10:], VERIFIED), set(DIGESTS[:10]))
    assert built.artifacts.items() >= urgent.items()
    assert 10 < len(built.artifacts) <= 64


def test_then_the_sentences_go_and_the_reasons_stay() -> None:
    artifacts = {digest: failed("\u20ac" * 300) for digest in DIGESTS[:30]}
    built = report(artifacts, set(artifacts))
    assert list(built.artifacts) == DIGESTS[:30]
    assert {one.reason for one in built.artifacts.values()} == {"DigestMismatch"}
    assert {one.message for one in built.artifacts.values()} == {None}


def test_of_too_many_assigned_artifacts_the_most_urgent_are_told() -> None:
    built = report(dict.fromkeys(DIGESTS, VERIFIED), set(DIGESTS))
    assert list(built.artifacts) == DIGESTS[:64]


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(DIGESTS),
        st.builds(lambda one, times: failed(one * times), st.characters(), st.integers(0, 300))
        | st.just(VERIFIED),
        max_size=120,
    ),
    st.sets(st.sampled_from(DIGESTS)),
    st.lists(ROLLED_BACK, max_size=12),
)
def test_a_report_always_fits_and_can_be_read_back(
    artifacts: dict[str, ArtifactReport], assigned: set[str], rolled_back: list[RolledBack]
) -> None:
    text = encode(report(artifacts, assigned, rolled_back))
    assert len(text.encode()) <= MAX_REPORT_BYTES
    assert encode(Report.model_validate_json(text)) == text


def test_pods_that_went_back_are_told_before_anything_else() -> None:
    said = [
        RolledBack(
            pod=f"uid-{number}",
            model="default/m",
            failed="r2",
            revision="r1",
            reason="CrashLoop",
            message="it crashed",
        )
        for number in range(20)
    ]
    built = report(dict.fromkeys(DIGESTS, VERIFIED), set(DIGESTS), said)
    assert built.rolled_back == tuple(said[:8])
    assert report({}, set()).rolled_back is None


def counted(number: int, buckets: int) -> ServedBlock:
    counts = Counts(latency=dict.fromkeys(range(buckets), 10**6))
    return ServedBlock(
        pod="p", revision="r", run="1", sequence=number, age_s=0, lasted_s=480, counts=counts
    )


def test_what_was_counted_is_told_the_oldest_first() -> None:
    blocks = [counted(number, 1) for number in range(MAX_SERVED + 3)]
    assert report({}, set(), served=blocks).served == tuple(blocks[:MAX_SERVED])
    assert report({}, set()).served is None


@settings(deadline=None)
@given(
    artifacts=st.integers(0, 64),
    words=st.integers(0, 300),
    blocks=st.lists(st.integers(0, 138), max_size=20),
)
def test_what_was_counted_takes_nobody_else_s_room(
    artifacts: int, words: int, blocks: list[int]
) -> None:
    held = {digest: failed("x" * words) for digest in DIGESTS[:artifacts]}
    told = [counted(number, buckets) for number, buckets in enumerate(blocks)]
    built = report(held, set(held), served=told)
    without = report(held, set(held))
    assert built.model_copy(update={"served": None}) == without
    size = len(encode(built).encode())
    assert size <= MAX_REPORT_BYTES
    assert size - len(encode(without).encode()) <= MAX_SERVED_BYTES + len(',"served":[]')
    assert (built.served or ()) == tuple(told[: len(built.served or ())])
