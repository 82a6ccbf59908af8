"""The two Services of a model: one for the ground, one for what runs on the satellite itself."""

from typing import Any

from perigee_api import names
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import SERVICE
from perigee_operator.domain.workloads.labels import model_labels, owner
from perigee_operator.domain.writes import Apply, ObjectKey


def services(model: ModelView) -> tuple[Apply, Apply]:
    """Both select the Pods that are active; the ground's also wants them in contact.

    The local one publishes addresses that are not Ready: the node controller marks every Pod of a
    dark satellite NotReady, and the satellite would believe it at the next pass.
    """
    active = {names.MODEL_LABEL: model.name, names.ACTIVE_LABEL: "true"}
    ground = _service(model, model.name, {"selector": active | {names.IN_CONTACT_LABEL: "true"}})
    local = _service(
        model,
        f"{model.name}{names.LOCAL_SUFFIX}",
        {
            "selector": active,
            "internalTrafficPolicy": "Local",
            "publishNotReadyAddresses": True,
        },
    )
    return ground, local


def _service(model: ModelView, name: str, spec: dict[str, Any]) -> Apply:
    return Apply(
        ObjectKey(SERVICE, name, model.namespace),
        {
            "metadata": {"labels": model_labels(model), "ownerReferences": [owner(model)]},
            "spec": spec
            | {
                "type": "ClusterIP",
                "ports": [
                    {
                        "name": "http",
                        "port": 80,
                        "protocol": "TCP",
                        "targetPort": "http",
                        "appProtocol": "http",
                    }
                ],
            },
        },
        owner_uid=model.uid,
    )
