from perigee_edge.report.outage import Begun, Ended, News, Outage, after_heartbeat


def news_of(*causes: str | None) -> list[News]:
    outage: Outage | None = None
    told = []
    for second, cause in enumerate(causes):
        outage, news = after_heartbeat(outage, cause, second)
        told.append(news)
    return told


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    hours = ["Unreachable"] * 3600
    told = news_of(None, *hours, None, None)
    assert [one for one in told if one] == [Begun("Unreachable"), Ended(3600, 3600)]


def test_another_cause_is_news_within_the_same_outage() -> None:
    assert news_of("Unreachable", "Http403", "Http403", None) == [
        Begun("Unreachable"),
        Begun("Http403"),
        None,
        Ended(3, 3),
    ]


def test_the_first_heartbeat_that_gets_through_is_no_news() -> None:
    assert news_of(None, None) == [None, None]
