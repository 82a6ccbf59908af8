"""``perigee-operator rollout``: what people ask of rollouts, and how these stand."""

import asyncio
import json
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import typer

from perigee_api.inference_model import InferenceModelSpec, InferenceModelStatus
from perigee_api.rollout_action import (
    ActionState,
    RolloutActionSpec,
    RolloutActionStatus,
    RolloutVerb,
)
from perigee_operator.commands.rollout_table import rollout_text
from perigee_operator.domain.kinds import INFERENCE_MODEL
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.services.asking import UnansweredError, ask, own_name
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError, ConfigurationError

EXIT_REFUSED: Final = 1
EXIT_UNAVAILABLE: Final = 69
EXIT_UNANSWERED: Final = 75
"""As sysexits.h has them: try again later."""

T = TypeVar("T")

app = typer.Typer(
    help="See how a model's rollout stands, and decide about it: promote, skip, pause, resume, "
    "abort, retry, roll back. Each verb makes a RolloutAction in your name, which stays as a "
    "record; it takes the right to create rolloutactions (ClusterRole perigee-rollouts). "
    "Ends with status 0: done; 1: refused; 69: no API server; 75: no operator has answered yet.",
    no_args_is_help=True,
)


class Output(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


Model = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the InferenceModel.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Of the model.")]
Written = Annotated[Output, typer.Option("--output", "-o")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why, for the record.")]
Meant = Annotated[
    str | None,
    typer.Option("--revision", help="The candidate that is meant; refused if it is another."),
]
Within = Annotated[float, typer.Option("--wait", min=0.1, help="Seconds to wait for the answer.")]

WITHIN_S: Final = 30.0

TEACHING: Final = {
    RolloutVerb.PROMOTE: "Let all steps count as passed; the candidate is still verified on board "
    "before it serves.",
    RolloutVerb.SKIP: "Let the step under way count as passed.",
    RolloutVerb.PAUSE: "Hold the rollout where it is.",
    RolloutVerb.RESUME: "Let a paused rollout, or a step that waits for a person, go on.",
    RolloutVerb.ABORT: "Let the stable revision serve again; the candidate is not tried again by "
    "itself.",
    RolloutVerb.RETRY: "Try the revision again that the spec names, after an abort or a way back.",
}


@app.command()
def status(model: Model, namespace: Namespace = "default", output: Written = Output.TEXT) -> None:
    """Show the revisions, the steps, what the rollout waits for, and what was decided."""
    item = _run(_model(namespace, model))
    if output is Output.JSON:
        typer.echo(json.dumps(item.get("status") or {}, indent=2))
        return
    spec = InferenceModelSpec.model_validate(item["spec"])
    found = InferenceModelStatus.model_validate(item.get("status") or {})
    typer.echo(rollout_text(model, spec, found))


def _offer(verb: RolloutVerb, teaching: str) -> None:
    @app.command(verb.value.lower(), help=teaching)
    def command(  # noqa: PLR0913, PLR0917 - options of a command
        model: Model,
        namespace: Namespace = "default",
        revision: Meant = None,
        reason: Reason = "",
        wait: Within = WITHIN_S,
        output: Written = Output.TEXT,
    ) -> None:
        _ask(namespace, model, verb, revision, reason, wait, output)


for _verb, _teaching in TEACHING.items():
    _offer(_verb, _teaching)


@app.command()
def back(  # noqa: PLR0913, PLR0917 - options of a command
    model: Model,
    namespace: Namespace = "default",
    to: Annotated[
        str | None, typer.Option("--to", help="A revision of the history; the one before.")
    ] = None,
    reason: Reason = "",
    wait: Within = WITHIN_S,
    output: Written = Output.TEXT,
) -> None:
    """Let a revision of the history serve again, without steps, whatever the spec names."""
    _ask(namespace, model, RolloutVerb.ROLL_BACK, to, reason, wait, output)


def _ask(  # noqa: PLR0913, PLR0917 - what an action consists of
    namespace: str,
    model: str,
    verb: RolloutVerb,
    revision: str | None,
    reason: str,
    wait_s: float,
    output: Output,
) -> None:
    async def asked() -> RolloutActionStatus:
        async with KubernetesApi() as api:
            spec = RolloutActionSpec(
                model=model, verb=verb, revision=revision, by=await own_name(api), reason=reason
            )
            return await ask(api, namespace, spec, within_s=wait_s)

    answer = _run(asked())
    if output is Output.JSON:
        typer.echo(answer.model_dump_json(by_alias=True, exclude_none=True))
    else:
        done = answer.state is ActionState.DONE
        typer.echo(answer.message if done else f"Refused: {answer.message}", err=not done)
    raise typer.Exit(0 if answer.state is ActionState.DONE else EXIT_REFUSED)


async def _model(namespace: str, name: str) -> dict[str, Any]:
    async with KubernetesApi() as api:
        return dict(await api.get(ObjectKey(INFERENCE_MODEL, name, namespace)))


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except UnansweredError as error:
        typer.echo(f"perigee-operator: {error}", err=True)
        raise typer.Exit(EXIT_UNANSWERED) from error
    except ApiError as error:
        typer.echo(f"perigee-operator: {error.message}", err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    except (ApiUnreachableError, ConfigurationError) as error:
        typer.echo(f"perigee-operator: {error}", err=True)
        raise typer.Exit(EXIT_UNAVAILABLE) from error
