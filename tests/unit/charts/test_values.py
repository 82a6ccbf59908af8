"""What may be said in values, and what comes of it."""

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_api.wave import Wave
from perigee_operator.config import Config

Render = Callable[[Mapping[str, Any]], dict[str, Any]]

DIGEST = f"sha256:{'a' * 64}"
RECEIVER = {"name": "on-call", "url": "https://example.com/perigee", "secret": "its-key"}
OPERATOR = "Deployment/perigee-operator"
AGENT = "DaemonSet/perigee-agent"
LEAVE = "Job/perigee-leave"


def pod(objects: dict[str, Any], key: str) -> dict[str, Any]:
    spec: dict[str, Any] = objects[key]["spec"]["template"]["spec"]
    return spec


def image(objects: dict[str, Any], key: str) -> str:
    (container,) = pod(objects, key)["containers"]
    return str(container["image"])


def environment(objects: dict[str, Any], key: str) -> dict[str, str]:
    (container,) = pod(objects, key)["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mod": "Act"}, "mod"),
        ({"mode": "act"}, "mode"),
        ({"lossBudgetPercent": 101}, "lossBudgetPercent"),
        ({"lossBudgetPercent": "25"}, "lossBudgetPercent"),
        ({"rolloutsAtOnce": -1}, "rolloutsAtOnce"),
        ({"logFormat": "text"}, "logFormat"),
        ({"operator": {"replicas": 2}}, "replicas"),
        ({"operator": {"image": {"tag": "latest"}}}, "tag"),
        ({"operator": {"image": {"digest": "sha256:abc"}}}, "digest"),
        ({"operator": {"image": {"pullPolicy": "Sometimes"}}}, "pullPolicy"),
        ({"agent": {"cacheMiB": 0}}, "cacheMiB"),
        ({"agent": {"dnsPolicy": "None"}}, "dnsPolicy"),
        ({"agent": {"nodeSelector": {"plane": 1}}}, "plane"),
        ({"serve": {"image": {"name": "x"}}}, "name"),
        ({"rolloutPolicies": {"enabled": "no"}}, "enabled"),
        ({"webhooks": {"receivers": [{**RECEIVER, "name": "On call"}]}}, "name"),
        ({"webhooks": {"receivers": [{**RECEIVER, "url": "http://example.com"}]}}, "url"),
        ({"webhooks": {"receivers": [{**RECEIVER, "types": ["Error"]}]}}, "types"),
        ({"webhooks": {"receivers": [{"name": "a", "url": "https://example.com"}]}}, "secret"),
        ({"webhooks": {"receivers": [{**RECEIVER, "key": "whsec_"}]}}, "key"),
        ({"serviceMonitor": {"interval": "often"}}, "interval"),
        ({"leave": {"activeDeadlineSeconds": 1}}, "activeDeadlineSeconds"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(
    render: Render, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        render(values)
    assert "values don't meet the specifications of the schema" in refusal.value.stderr
    assert field in refusal.value.stderr


def test_images_are_of_the_charts_version_by_default(defaults: dict[str, Any]) -> None:
    assert image(defaults, OPERATOR) == "localhost/perigee/operator:0.1.0"
    assert image(defaults, AGENT) == "localhost/perigee/edge:0.1.0"
    assert image(defaults, LEAVE) == image(defaults, OPERATOR)
    assert environment(defaults, OPERATOR)["PERIGEE_SERVE_IMAGE"] == image(defaults, AGENT)


def test_images_by_tag_and_by_digest(render: Render) -> None:
    objects = render(
        {
            "operator": {"image": {"repository": "example.com/operator", "tag": "t1"}},
            "agent": {"image": {"repository": "example.com/edge", "tag": "t2", "digest": DIGEST}},
        }
    )
    assert image(objects, OPERATOR) == "example.com/operator:t1"
    assert image(objects, LEAVE) == "example.com/operator:t1"
    assert image(objects, AGENT) == f"example.com/edge@{DIGEST}"
    assert environment(objects, OPERATOR)["PERIGEE_SERVE_IMAGE"] == f"example.com/edge@{DIGEST}"


def test_models_may_have_an_image_of_their_own(render: Render) -> None:
    objects = render({"serve": {"image": {"repository": "example.com/serve", "tag": "gpu"}}})
    assert environment(objects, OPERATOR)["PERIGEE_SERVE_IMAGE"] == "example.com/serve:gpu"


def test_mode_budget_and_log_format_reach_the_operator(render: Render) -> None:
    objects = render({"mode": "Observe", "lossBudgetPercent": 0, "logFormat": "console"})
    told = environment(objects, OPERATOR)
    assert told["PERIGEE_MODE"] == "Observe"
    assert told["PERIGEE_LOSS_BUDGET_PERCENT"] == "0"
    assert told["PERIGEE_ROLLOUTS_AT_ONCE"] == "0"
    assert told["PERIGEE_LOG_FORMAT"] == "console"
    assert environment(objects, AGENT)["PERIGEE_REPORT_LOG_FORMAT"] == "console"


def test_large_figures_stay_figures(render: Render) -> None:
    objects = render({"agent": {"cacheMiB": 10_000_000}, "rolloutsAtOnce": 10_000})
    assert environment(objects, OPERATOR)["PERIGEE_ROLLOUTS_AT_ONCE"] == "10000"
    assert environment(objects, AGENT)["PERIGEE_REPORT_CACHE_MIB"] == "10000000"


def test_extra_environment_comes_last_and_so_overrules(render: Render) -> None:
    objects = render({"operator": {"extraEnv": [{"name": "PERIGEE_MODE", "value": "Observe"}]}})
    assert environment(objects, OPERATOR)["PERIGEE_MODE"] == "Observe"


def test_pull_secrets_are_for_every_pod(render: Render) -> None:
    objects = render({"imagePullSecrets": ["registry"]})
    for key in (OPERATOR, AGENT, LEAVE):
        assert pod(objects, key)["imagePullSecrets"] == [{"name": "registry"}]


def test_a_service_monitor_only_where_it_is_wanted(
    render: Render, defaults: dict[str, Any]
) -> None:
    assert "ServiceMonitor/perigee-operator" not in defaults
    objects = render({"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}})
    monitor = objects["ServiceMonitor/perigee-operator"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    service = objects["Service/perigee-operator"]
    selected = monitor["spec"]["selector"]["matchLabels"]
    assert selected.items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]


def test_the_policies_make_sense_and_can_be_left_out(
    render: Render, defaults: dict[str, Any]
) -> None:
    policies = {
        item["metadata"]["name"]: RolloutPolicySpec.model_validate(item["spec"])
        for item in defaults.values()
        if item["kind"] == "RolloutPolicy"
    }
    assert sorted(policies) == ["balanced", "cautious", "fast"]
    for spec in policies.values():
        # The most careful step comes first, and no model is shut out for want of a golden set.
        assert spec.steps[0].wave == Wave(count=1)
        assert all(step.analysis is None for step in spec.steps)
    without = render({"rolloutPolicies": {"enabled": False}})
    assert not any(item["kind"] == "RolloutPolicy" for item in without.values())


def test_nothing_is_left_to_do_the_leaving_where_that_is_not_wanted(render: Render) -> None:
    assert not [key for key in render({"leave": {"enabled": False}}) if "leave" in key]


def test_no_webhook_unless_one_is_wanted(defaults: dict[str, Any]) -> None:
    assert not [name for name in environment(defaults, OPERATOR) if "WEBHOOK" in name]
    assert "volumes" not in pod(defaults, OPERATOR)


def test_receivers_reach_the_operator_and_their_keys_as_files(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {
        "name": "lab",
        "url": "http://10.0.0.1/a?b=c",
        "secret": "lab-key",
        "allowHttp": True,
        "reasons": ["Lost"],
        "types": ["Warning"],
    }
    objects = render({"webhooks": {"source": "ground-1", "receivers": [RECEIVER, other]}})
    for name, value in environment(objects, OPERATOR).items():
        monkeypatch.setenv(name, value)
    config = Config()
    assert config.webhook_source == "ground-1"
    first, second = config.webhooks
    assert (first.name, str(first.url)) == ("on-call", "https://example.com/perigee")
    assert second.reasons == {"Lost"}
    assert [type_.value for type_ in second.types] == ["Warning"]
    (container,) = pod(objects, OPERATOR)["containers"]
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == str(config.webhook_key_directory)
    (volume,) = pod(objects, OPERATOR)["volumes"]
    assert volume["name"] == mount["name"]
    assert [source["secret"] for source in volume["projected"]["sources"]] == [
        {"name": secret, "items": [{"key": "key", "path": name}], "optional": True}
        for secret, name in (("its-key", "on-call"), ("lab-key", "lab"))
    ]


def test_two_receivers_of_one_name_are_refused(render: Render) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        render({"webhooks": {"receivers": [RECEIVER, RECEIVER]}})
    assert "two receivers have the same name" in refusal.value.stderr
