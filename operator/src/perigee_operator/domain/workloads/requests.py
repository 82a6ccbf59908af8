"""What is set aside for a container, by which the scheduler decides whether a Node has room."""

from collections.abc import Mapping

from perigee_operator.domain.workloads.quantity import Amounts, thousandths


def set_aside(requests: Mapping[str, str], limits: Mapping[str, str]) -> Amounts:
    """What is requested, and the limit where nothing is: so the API server completes a Pod.

    Raises:
        ValueError: one is not a quantity.
    """
    return {name: thousandths(quantity) for name, quantity in {**limits, **requests}.items()}
