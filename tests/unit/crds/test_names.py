from hypothesis import given
from hypothesis import strategies as st

from perigee_api import names

LONGEST_NAMESPACE = 63


@given(namespace=st.integers(1, LONGEST_NAMESPACE), model=st.integers(1, names.LONGEST_MODEL_NAME))
def test_names_derived_from_a_model_are_within_the_limits_of_kubernetes(
    namespace: int, model: int
) -> None:
    revision = "f" * names.REVISION_DIGITS
    prefix, name = names.node_revision_label("n" * namespace, "m" * model, revision).split("/")
    assert len(prefix) <= 253
    assert len(name) <= 63
    assert len(names.workload_name("m" * model, revision)) <= 63
    assert len("m" * model + "-local") <= 63
