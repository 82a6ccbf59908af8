"""The options that start another server as this one was started. Pure."""

from pathlib import Path

from perigee_edge.handover.served import Served
from perigee_edge.serve.settings import ServeSettings


def as_served(settings: ServeSettings) -> Served:
    """What is served, for who takes this server's place: all but where it listens."""
    model = settings.model
    files = [model.artifact, *([model.golden.sha256] if model.golden else [])]
    return Served(model.name, model.revision, tuple(files), _arguments(settings))


def _arguments(settings: ServeSettings) -> tuple[str, ...]:
    model, limits = settings.model, settings.limits
    valued: dict[str, str | int | float | Path] = {
        "model": model.name,
        "revision": model.revision,
        "artifact": model.artifact,
        "artifact-directory": model.artifact_directory,
        "engine": model.engine,
        "threads": model.threads,
        "max-batch-size": model.max_batch_size,
        "max-batch-delay-ms": model.max_batch_delay_ms,
        "max-waiting": model.max_waiting,
        "max-body-bytes": limits.max_body_bytes,
        "max-json-bytes": limits.max_json_bytes,
        "max-bodies-bytes": limits.max_bodies_bytes,
        "body-timeout-s": limits.body_timeout_s,
        "drain-s": settings.server.drain_s,
        "finish-s": settings.server.finish_s,
    }
    if model.golden is not None:
        valued |= {
            "golden": model.golden.sha256,
            "golden-metric": model.golden.metric.value,
            "golden-threshold": model.golden.threshold,
        }
    switches = {
        "keep-memory": model.keep_memory,
        "refuse-non-finite": limits.refuse_non_finite,
    }
    return (
        *(f"--{name}={value}" for name, value in valued.items()),
        *(f"--{name if on else f'no-{name}'}" for name, on in switches.items()),
    )
