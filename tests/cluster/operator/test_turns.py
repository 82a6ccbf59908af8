"""Models that wait for each other: for one that comes before, and for a place in the fleet."""

from dataclasses import replace
from typing import Any

from played import pod_status
from played.constellation import Constellation
from played.field import Field, eventually, operating
from played.operator_process import Setting
from played.resources import revision

Json = dict[str, Any]

ONE: Json = {"replicas": 1}


async def says(field: Field, name: str, words: str) -> Json:
    """Waits until the status of a model says something of why it waits, and gives the status."""
    found: Json = await eventually(
        lambda: field.model_status(name),
        lambda status: status.get("phase") == "Waiting" and words in status["message"],
    )
    return found


async def test_a_model_begins_once_the_one_before_it_is_promoted(field: Field) -> None:
    await field.add_satellites()
    gated = {"steps": [{"wave": {"count": 1}}, {"pause": {}}]}
    await field.add_model(name="tiles", rollout=gated)
    await field.add_model(name="mapper", rollout={"after": [{"model": "tiles"}]})
    for name in ("tiles", "mapper"):
        await field.model_comes_to(name=name, phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b", "tiles")
    await field.model_comes_to(name="tiles", phase="Waiting", candidate_revision=revision("b"))
    await field.ask_for("c", "mapper")
    words = f"waits: revision {revision('b')} of InferenceModel tiles is under way"
    status = await says(field, "mapper", words)
    (met,) = (c for c in status["conditions"] if c["type"] == "DependenciesMet")
    assert (met["status"], met["reason"]) == ("False", "NotPromoted")
    await field.for_a_while(lambda: field.pods(revision("c"), "mapper") == [], 2)
    await field.decide("Resume", "tiles")
    await field.until(lambda: field.pods(revision("c"), "mapper") != [])
    assert (await field.model_status("tiles"))["stableRevision"] == revision("b")
    await field.model_comes_to(name="mapper", phase="Healthy", stable_revision=revision("c"))


async def test_rollouts_take_turns_where_the_fleet_has_a_limit(
    sky: Constellation, setting: Setting
) -> None:
    """Who waits since the same second goes by name: the names here are in order, too."""
    field = Field(sky)
    for letter in "bc":
        sky.statuses[letter * 64] = pod_status.starting
    async with operating(replace(setting, rollouts_at_once=1)):
        await field.add_satellites()
        for name in ("first", "second", "third"):
            await field.add_model(name=name, placement=ONE)
        for name in ("first", "second", "third"):
            await field.model_comes_to(name=name, phase="Healthy", stable_revision=revision("a"))

        reached = "the fleet's limit of rollouts under way, 1, is reached"
        await field.ask_for("b", "first")
        await field.model_comes_to(name="first", candidate_revision=revision("b"))
        await field.ask_for("c", "second")
        await says(field, "second", f"{reached}; of those that wait it is number 1")
        await field.ask_for("d", "third")
        await says(field, "third", f"{reached}; of those that wait it is number 2")

        sky.turn("b" * 64, pod_status.running)
        await field.model_comes_to(name="first", phase="Healthy", stable_revision=revision("b"))
        await field.model_comes_to(name="second", candidate_revision=revision("c"))
        await says(field, "third", f"{reached}; of those that wait it is number 1")
        assert field.pods(revision("d"), "third") == []

        sky.turn("c" * 64, pod_status.running)
        await field.model_comes_to(name="second", phase="Healthy", stable_revision=revision("c"))
        await field.model_comes_to(name="third", phase="Healthy", stable_revision=revision("d"))
