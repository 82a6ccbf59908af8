from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils import parse_quantity
from pydantic import TypeAdapter

from perigee_api.hardware import Quantity
from perigee_operator.domain.workloads.quantity import canonical, spelt, thousandths


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


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2", 2000),
        ("3920m", 3920),
        ("0.0001", 1),
        ("1Ki", 1024_000),
        ("2Ei", 2 * 2**60 * 1000),
        ("1e3", 1_000_000),
        ("12E-3", 12),
        ("5E", 5 * 10**21),
        ("100n", 1),
        (".5", 500),
        ("-1", -1000),
    ],
)
def test_an_amount_is_counted_in_thousandths(text: str, amount: int) -> None:
    assert thousandths(text) == amount


QUANTITY = TypeAdapter(Quantity)


@pytest.mark.parametrize("text", ["9" * 32, "9" * 30 + "Ti", f"{9 * 10**15}.{9 * 10**12}Gi"])
def test_whatever_a_model_may_ask_for_is_an_amount(text: str) -> None:
    assert thousandths(QUANTITY.validate_python(text)) > 0


@given(number=st.integers(0, 10**9), suffix=st.sampled_from([*"mkMGTPE", "", "Ki", "Mi", "Gi"]))
def test_an_amount_is_what_kubernetes_takes_it_for(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"
    assert thousandths(text) == 1000 * parse_quantity(text)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1e400", "9" * 60, "1x", "0x1", "1.2.3"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        thousandths(text)


@pytest.mark.parametrize(
    ("amount", "binary", "text"),
    [
        (0, True, "0"),
        (-5, True, "0"),
        (2000, False, "2"),
        (500, False, "500m"),
        (1024 * 1000, False, "1024"),
        (2**30 * 1000, True, "1Gi"),
        (1003856 * 1024 * 1000, True, "1003856Ki"),
        (1000, True, "1"),
    ],
)
def test_an_amount_is_spelt_for_people(*, amount: int, binary: bool, text: str) -> None:
    assert spelt(amount, binary=binary) == text
