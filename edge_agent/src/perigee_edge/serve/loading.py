"""From the artifact on board to a model that may serve."""

import time
from dataclasses import dataclass

import structlog

from perigee_api.golden import GoldenMetric
from perigee_api.termination import Termination, TerminationReason
from perigee_edge.serve import artifact, golden, samples
from perigee_edge.serve.engine.interface import (
    InferenceFailedError,
    InputRefusedError,
    ModelUnreadableError,
    Session,
)
from perigee_edge.serve.engine.registry import EngineUnavailableError, engine_named
from perigee_edge.serve.features import Reference
from perigee_edge.serve.protocol.conformance import check_inputs
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.settings import GoldenSettings, ModelSettings
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)

_MESSAGE_CHARACTERS = 1000


class LoadError(Exception):
    """The model must not serve.

    Attributes:
        termination: Why, as the ground reads it.
    """

    def __init__(self, reason: TerminationReason, message: str) -> None:
        super().__init__(message)
        self.termination = Termination(reason=reason, message=message[:_MESSAGE_CHARACTERS])


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that has passed its golden set, if it has one."""

    session: Session
    verdict: golden.Verdict | None
    reference: Reference | None
    """What samples of requests are counted beside."""


def load(settings: ModelSettings) -> LoadedModel:
    """Verify the artifact, load it and run the golden set. Blocks, for seconds.

    Raises:
        LoadError: Any of that failed.
    """
    started = time.perf_counter()
    try:
        path = artifact.verified(settings.artifact_directory, settings.artifact)
        session = engine_named(settings.engine).load(path, settings.engine_options)
    except artifact.ArtifactMissingError as error:
        raise LoadError(TerminationReason.ARTIFACT_MISSING, str(error)) from error
    except ModelUnreadableError as error:
        raise LoadError(TerminationReason.MODEL_UNREADABLE, str(error)) from error
    except EngineUnavailableError as error:
        raise LoadError(TerminationReason.CONFIGURATION_INVALID, str(error)) from error
    _log.info("model loaded", seconds=round(time.perf_counter() - started, 3))
    if settings.golden is None:
        return LoadedModel(session, None, None)
    started = time.perf_counter()
    verdict, reference = _verified(session, settings, settings.golden)
    _log.info(verdict.sentence, seconds=round(time.perf_counter() - started, 3))
    if not verdict.passed:
        raise LoadError(TerminationReason.GOLDEN_SET_FAILED, verdict.sentence)
    return LoadedModel(session, verdict, reference)


def _verified(
    session: Session, settings: ModelSettings, wanted: GoldenSettings
) -> tuple[golden.Verdict, Reference]:
    try:
        path = artifact.verified(settings.artifact_directory, wanted.sha256)
        golden_set = golden.read_golden_set(path)
        check_inputs(golden_set.inputs, session.inputs, refuse_non_finite=False)
        outputs = _computed(session, golden_set.inputs, settings.max_batch_size)
        metric = GoldenMetric(wanted.metric)
        verdict = golden.compare(outputs, golden_set.outputs, metric, wanted.threshold)
        return verdict, Reference.of(golden_set, outputs, metric)
    except artifact.ArtifactMissingError as error:
        raise LoadError(TerminationReason.ARTIFACT_MISSING, f"golden set: {error}") from error
    except (golden.GoldenSetUnreadableError, golden.OutputsDifferError, RequestError) as error:
        raise LoadError(TerminationReason.GOLDEN_SET_FAILED, f"golden set: {error}") from error
    except (InputRefusedError, InferenceFailedError) as error:
        raise LoadError(
            TerminationReason.GOLDEN_SET_FAILED, f"the model fails on its golden set: {error}"
        ) from error


def _computed(session: Session, inputs: Tensors, max_size: int) -> Tensors:
    """In slices as large as a batch, so that verifying takes no more memory than serving."""
    if not samples.counts_samples(session.inputs, session.outputs):
        return session.run(inputs)
    try:
        return samples.run_in_slices(session.run, inputs, max_size)
    except samples.SamplesMismatchError:
        return session.run(inputs)
