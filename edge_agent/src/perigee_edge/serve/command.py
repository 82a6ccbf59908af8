"""The command `perigee-edge serve`."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from perigee_api import names
from perigee_api.golden import DEFAULT_GOLDEN_THRESHOLD, GoldenMetric
from perigee_api.termination import EXIT_STATUS, Termination, TerminationReason
from perigee_edge.logs import LogFormat, configure_logs
from perigee_edge.serve.counting import BLOCK_S
from perigee_edge.serve.engine.registry import ENGINES
from perigee_edge.serve.lifecycle import run
from perigee_edge.serve.settings import ServeSettings
from perigee_edge.serve.termination import write_termination

_MIB = 1024 * 1024


def serve(  # noqa: PLR0913 - a parameter for each option is how typer works
    *,
    model: Annotated[
        str, typer.Option(envvar="PERIGEE_SERVE_MODEL", help="The model's name, as in URLs.")
    ],
    revision: Annotated[
        str, typer.Option(envvar="PERIGEE_SERVE_REVISION", help="Its only version here.")
    ],
    artifact: Annotated[
        str, typer.Option(envvar="PERIGEE_SERVE_ARTIFACT", help="Digest (sha256) of its file.")
    ],
    golden: Annotated[
        str | None,
        typer.Option(envvar="PERIGEE_SERVE_GOLDEN", help="Digest of its golden set."),
    ] = None,
    golden_metric: Annotated[
        GoldenMetric,
        typer.Option(envvar="PERIGEE_SERVE_GOLDEN_METRIC", help="How outputs are compared."),
    ] = GoldenMetric.AGREEMENT,
    golden_threshold: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_GOLDEN_THRESHOLD", help="Least agreement or largest error."
        ),
    ] = DEFAULT_GOLDEN_THRESHOLD,
    golden_every_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_GOLDEN_EVERY_S",
            help="Run the golden set again so long after it has passed, beside requests and with"
            " at most a twentieth of the time; 0: never.",
        ),
    ] = 0.0,
    artifact_directory: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_SERVE_ARTIFACT_DIRECTORY", help="Where files lie by their digest."
        ),
    ] = Path(names.ARTIFACT_DIRECTORY),
    engine: Annotated[
        str,
        typer.Option(
            envvar="PERIGEE_SERVE_ENGINE", help=f"What computes: {', '.join(sorted(ENGINES))}."
        ),
    ] = "onnxruntime",
    threads: Annotated[
        int, typer.Option(envvar="PERIGEE_SERVE_THREADS", help="Threads that compute.")
    ] = 1,
    max_batch_size: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_BATCH_SIZE",
            help="Samples computed together; what bounds the memory for them, too.",
        ),
    ] = 8,
    max_batch_delay_ms: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_BATCH_DELAY_MS",
            help="How long a request waits for others.",
        ),
    ] = 5.0,
    max_waiting: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_WAITING", help="Requests that may wait; more get 429."
        ),
    ] = 64,
    keep_memory: Annotated[
        bool,
        typer.Option(
            envvar="PERIGEE_SERVE_KEEP_MEMORY",
            help="Keep working memory between batches: some 10 % faster, several times larger.",
        ),
    ] = False,
    max_body_bytes: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_BODY_BYTES", help="Of a request; larger ones get 413."
        ),
    ] = 32 * _MIB,
    max_json_bytes: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_JSON_BYTES", help="Of a request's JSON; more gets 413."
        ),
    ] = 8 * _MIB,
    max_bodies_bytes: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_SERVE_MAX_BODIES_BYTES",
            help="Of all requests under way together; more get 429.",
        ),
    ] = 128 * _MIB,
    body_timeout_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_BODY_TIMEOUT_S",
            help="How long a client may send nothing in the middle of a request.",
        ),
    ] = 30.0,
    refuse_non_finite: Annotated[
        bool,
        typer.Option(
            envvar="PERIGEE_SERVE_REFUSE_NON_FINITE", help="Answer NaN and infinities with 400."
        ),
    ] = False,
    host: Annotated[
        str, typer.Option(envvar="PERIGEE_SERVE_HOST", help="Address to listen on.")
    ] = "0.0.0.0",  # noqa: S104 - a Pod's address is not known beforehand
    port: Annotated[
        int, typer.Option(envvar="PERIGEE_SERVE_PORT", help="Port to listen on; 0: any free one.")
    ] = names.SERVE_PORT,
    drain_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_DRAIN_S", help="How long requests are taken after SIGTERM."
        ),
    ] = 5.0,
    finish_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_FINISH_S", help="How long those under way may take after that."
        ),
    ] = 20.0,
    termination_log: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_SERVE_TERMINATION_LOG", help="Where to say why the model cannot serve."
        ),
    ] = Path("/dev/termination-log"),
    handover: Annotated[
        Path | None,
        typer.Option(
            envvar="PERIGEE_SERVE_HANDOVER",
            help="Unix socket where the model's address on board is asked for.",
        ),
    ] = None,
    handover_fd: Annotated[
        int | None,
        typer.Option(
            envvar="PERIGEE_SERVE_HANDOVER_FD",
            help="Number of an open connection to it: serve that address, and listen nowhere else.",
        ),
    ] = None,
    active_file: Annotated[
        Path | None,
        typer.Option(
            envvar="PERIGEE_SERVE_ACTIVE_FILE",
            help="The address is asked for only while this file says true.",
        ),
    ] = None,
    shadow_file: Annotated[
        Path | None,
        typer.Option(
            envvar="PERIGEE_SERVE_SHADOW_FILE",
            help="While this file has a number, that percentage of the requests of the server that"
            " is active is answered here, too, for comparison alone.",
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(envvar="PERIGEE_SERVE_NAMESPACE", help="The model's namespace."),
    ] = None,
    pod: Annotated[
        str | None,
        typer.Option(
            envvar="PERIGEE_SERVE_POD",
            help="Uid of the Pod: requests are counted for the satellite's report by it.",
        ),
    ] = None,
    block_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_SERVE_BLOCK_S",
            help="How long is counted into one block of that report.",
        ),
    ] = BLOCK_S,
    supervisor_fd: Annotated[
        int | None,
        typer.Option(
            envvar="PERIGEE_SERVE_SUPERVISOR_FD",
            help="Number of an open connection to a supervisor: accept from what it hands over.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(envvar="PERIGEE_SERVE_LOG_FORMAT", help="What the log looks like.")
    ] = LogFormat.JSON,
) -> None:
    """Serve a model over the Open Inference Protocol v2 (HTTP).

    It is ready once it is loaded and its golden set has passed. If it proves unfit, the exit
    status is 64 (configuration), 65 (unreadable), 66 (not on board) or 67 (golden set failed).
    """
    configure_logs(log_format)
    document = {
        "model": {
            "name": model,
            "revision": revision,
            "artifact": artifact,
            "golden": (
                {"sha256": golden, "metric": golden_metric, "threshold": golden_threshold}
                if golden
                else None
            ),
            "artifact_directory": artifact_directory,
            "engine": engine,
            "threads": threads,
            "keep_memory": keep_memory,
            "max_batch_size": max_batch_size,
            "max_batch_delay_ms": max_batch_delay_ms,
            "max_waiting": max_waiting,
            "golden_every_s": golden_every_s,
        },
        "limits": {
            "max_body_bytes": max_body_bytes,
            "max_json_bytes": max_json_bytes,
            "max_bodies_bytes": max_bodies_bytes,
            "body_timeout_s": body_timeout_s,
            "refuse_non_finite": refuse_non_finite,
        },
        "server": {
            "host": host,
            "port": port,
            "drain_s": drain_s,
            "finish_s": finish_s,
            "termination_log": termination_log,
            "handover": handover,
            "handover_fd": handover_fd,
            "active_file": active_file,
            "shadow_file": shadow_file,
            "namespace": namespace,
            "pod": pod,
            "block_s": block_s,
            "supervisor_fd": supervisor_fd,
        },
    }
    try:
        settings = ServeSettings.model_validate(document)
    except ValidationError as error:
        raise typer.Exit(_invalid(termination_log, error)) from error
    raise typer.Exit(run(settings))


def _invalid(termination_log: Path, error: ValidationError) -> int:
    wrong = "; ".join(
        f"{'.'.join(map(str, each['loc']))} is {each['input']!r}: {each['msg']}"
        for each in error.errors()
    )
    reason = TerminationReason.CONFIGURATION_INVALID
    write_termination(termination_log, Termination(reason=reason, message=wrong[:1000]))
    return EXIT_STATUS[reason]
