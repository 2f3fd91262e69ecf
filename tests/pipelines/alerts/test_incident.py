from pipelines.alerts.findings import Findings
from pipelines.alerts.incident import Delivery, Incident, advance, delivered, due
from pipelines.alerts_spec import Alerts, Route

ALERTS = Alerts(
    routes=[Route(severity="warning", channels=["team"]), Route(severity="critical", channels=["team", "on_call"])]
)


def after(before, part, untold=(), channels=("team", "on_call"), **alarming):
    return advance(before, "m", part, Findings(alarming, frozenset(untold)), list(channels))


def told(incident, *channels):
    """After these channels took what they are owed."""
    for delivery in due(incident, ALERTS):
        if delivery.channel in channels:
            incident = delivered(incident, delivery)
    return incident


def test_a_warning_goes_to_its_channel_alone():
    assert due(after(Incident(), "p1", x="warning"), ALERTS) == [Delivery("team", "warning", "ok", ["x"])]


def test_everything_of_a_window_is_one_delivery_a_channel():
    owed = due(after(Incident(), "p1", x="warning", y="critical"), ALERTS)
    assert owed == [Delivery("on_call", "critical", "ok", ["y"]), Delivery("team", "critical", "ok", ["x", "y"])]


def test_an_incident_that_goes_on_is_not_told_again():
    first = told(after(Incident(), "p1", x="warning"), "team")
    second = after(first, "p2", x="warning")
    assert due(second, ALERTS) == [] and second.since == "p1"


def test_a_rise_is_told_and_reaches_those_whom_it_concerns_now():
    second = after(told(after(Incident(), "p1", x="warning"), "team"), "p2", x="critical")
    assert due(second, ALERTS) == [
        Delivery("on_call", "critical", "ok", ["x"]),
        Delivery("team", "critical", "warning", ["x"]),
    ]


def test_another_thing_in_the_same_incident_is_told():
    second = after(told(after(Incident(), "p1", x="warning"), "team"), "p2", x="warning", y="warning")
    assert due(second, ALERTS) == [Delivery("team", "warning", "warning", ["y"])]


def test_something_worse_for_others_hides_no_warning():
    apart = Alerts(
        routes=[Route(severity="warning", channels=["team"]), Route(severity="critical", channels=["on_call"])]
    )
    first = after(Incident(), "p1", x="critical", y="warning")
    assert due(first, apart) == [Delivery("on_call", "critical", "ok", ["x"]), Delivery("team", "warning", "ok", ["y"])]
    for delivery in due(first, apart):
        first = delivered(first, delivery)
    second = after(first, "p2", x="critical", y="warning", z="warning")
    assert due(second, apart) == [Delivery("team", "warning", "warning", ["z"])]


def test_what_gets_milder_is_not_told():
    second = after(told(after(Incident(), "p1", x="critical"), "team", "on_call"), "p2", x="warning")
    assert due(second, ALERTS) == []


def test_a_channel_that_refused_is_owed_the_message_and_the_others_nothing():
    first = told(after(Incident(), "p1", x="critical"), "team")
    assert due(first, ALERTS) == [Delivery("on_call", "critical", "ok", ["x"])]
    assert due(after(first, "p2", x="critical"), ALERTS) == due(first, ALERTS)


def test_the_end_is_told_to_those_who_knew_of_the_beginning():
    over = after(told(after(Incident(), "p1", x="warning"), "team"), "p2")
    assert due(over, ALERTS) == [Delivery("team", None, "warning", [])]
    assert told(over, "team") == Incident()


def test_what_nobody_was_told_of_ends_in_silence():
    assert after(after(Incident(), "p1", x="warning"), "p2") == Incident()


def test_a_thing_of_which_a_window_says_nothing_keeps_its_incident_open():
    first = told(after(Incident(), "p1", x="warning"), "team")
    second = after(first, "p2", untold=["x"])
    assert second.things == {"x": "warning"} and due(second, ALERTS) == []


def test_after_the_end_the_same_thing_is_news_again():
    over = told(after(told(after(Incident(), "p1", x="warning"), "team"), "p2"), "team")
    again = after(over, "p3", x="warning")
    assert (again.key, due(again, ALERTS)) == ("trainyard/m/p3", [Delivery("team", "warning", "ok", ["x"])])


def test_a_channel_that_left_the_spec_is_owed_nothing():
    over = after(told(after(Incident(), "p1", x="warning"), "team"), "p2", channels=["on_call"])
    assert over == Incident()
