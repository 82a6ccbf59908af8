from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.workloads.quantity import canonical


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("1", "1"),
        ("007", "7"),
        ("0.5", "500m"),
        ("00.500", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("64Mi", "64Mi"),
        ("1024Mi", "1Gi"),
        ("1048576Ki", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("1.0001Ki", "1024103m"),
        ("2.001m", "3m"),
        ("5000T", "5P"),
    ],
)
def test_a_quantity_is_spelt_as_the_api_server_spells_it(asked: str, kept: str) -> None:
    # The expected values are those of k8s.io/apimachinery 0.34.
    assert canonical(asked) == kept


@pytest.mark.parametrize("text", ["", "1.", ".5", "-1", "1e3", "1 Gi", "1u", "Gi", "1Gi "])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        canonical(text)


@given(
    number=st.decimals(0, 10**6, places=3).map(lambda d: f"{d:f}"),
    suffix=st.sampled_from(["", "m", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti"]),
)
def test_what_is_spelt_so_stays_so(number: str, suffix: str) -> None:
    once = canonical(number + suffix)
    if not once.endswith(("P", "E", "Pi", "Ei")):
        assert canonical(once) == once
        assert "." not in once
        assert (Decimal(number) == 0) == (once == "0")
