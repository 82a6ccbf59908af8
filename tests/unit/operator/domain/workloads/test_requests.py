from perigee_operator.domain.workloads.requests import set_aside


def test_where_nothing_is_requested_the_limit_is_set_aside() -> None:
    found = set_aside({"memory": "1Gi"}, {"memory": "2Gi", "cpu": "500m", "nvidia.com/gpu": "1"})
    assert found == {"memory": 2**30 * 1000, "cpu": 500, "nvidia.com/gpu": 1000}
    assert set_aside({}, {}) == {}
