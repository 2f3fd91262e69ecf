"""An alert step that is killed on the way and run again: nobody misses a message, and one at most comes twice."""

import multiprocessing
import os
import signal
from itertools import count

import pytest

from pipelines.alerts_spec import Alerts, Route
from pipelines.interval import partition_interval
from pipelines.journal import Event, events, record
from pipelines.layout import drift_report
from pipelines.spec import find_model
from pipelines.steps import alert
from pipelines.store import Store
from tests.pipelines.alerts.reports import report, state
from tests.pipelines.alerts.servers import answer

pytestmark = pytest.mark.slow
MODEL, CHANNELS = "flight_delay", ["lead", "on_call", "team_chat"]
SPEC = find_model(MODEL).model_copy(update={"alerts": Alerts(routes=[Route(severity="critical", channels=CHANNELS)])})
HOT = state("input", "psi", "temperature_f", "critical")
CALM = state("input", "psi", "temperature_f", "ok")


class Killed(Store):
    """Ends its process by SIGKILL before its n-th commit, or just after it."""

    left: int
    written: bool

    def commit_after(self, *told, **rest):
        self.left -= 1
        made = None if self.left == 0 and not self.written else super().commit_after(*told, **rest)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return made


def tell(uri: str, part: str, addresses: dict[str, str], killed_in: int, written: bool) -> None:
    """The step; killed_in: which commit, 0 for none."""
    os.environ |= addresses
    store = Killed(uri)
    store.left, store.written = killed_in, written
    alert.run(SPEC, partition_interval(part, "month"), store)


def killed(uri: str, part: str, addresses: dict[str, str], at: int = 0, written: bool = False, by=()) -> bool:
    """Whether the step, in a process of its own, was killed.

    by: servers that kill it while it waits for the answer to its message, instead of to commit `at`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.steps.alert", "apprise"])
    victim = context.Process(target=tell, args=(uri, part, addresses, 0 if by else at, written))
    taken = count(1)

    def kill(_: str) -> None:
        if next(taken) == at:
            os.kill(victim.pid, signal.SIGKILL)

    for server in by:
        server.before_answer = kill
    victim.start()
    victim.join()
    for server in by:
        server.before_answer = answer
    assert victim.exitcode in (0, -signal.SIGKILL)
    return victim.exitcode != 0


def monitored(store, part, found):
    """What detect_drift and decide_retrain leave of a window."""
    at = partition_interval(part, "month").as_of
    store.write_file(drift_report(MODEL, part), report(part, found).to_json().encode())
    record(store, Event("drift", MODEL, at, {"part": part}))
    record(store, Event("decision", MODEL, at, {"part": part, "decision": "wait", "reason": "inside the cooldown"}))


@pytest.fixture
def addresses(hooks, mailbox):
    mail = f"mailto://ops:password@127.0.0.1:{mailbox.port}?from=ops@example.com&to=lead@example.com&mode=insecure"
    chats = {name: f"json://{hooks.address}/{name}" for name in CHANNELS}
    return {f"TRAINYARD_CHANNEL_{name.upper()}": address for name, address in (chats | {"lead": mail}).items()}


@pytest.mark.parametrize("place", ["before the answer", "before the journal", "after the journal"])
def test_a_killed_step_repeats_one_message_at_most_and_loses_none(place, store, addresses, hooks, mailbox):
    def sent(channel: str) -> list[str]:
        chat = [one["title"] for one in hooks.at(f"/{channel}")]
        return [mail["Subject"] for mail in mailbox.received] if channel == "lead" else chat

    how = {"written": place == "after the journal", "by": (hooks, mailbox) if place == "before the answer" else ()}
    for at, channel in enumerate(CHANNELS, start=1):
        own = Store(f"{store.uri}-{channel}")
        for part, found, title in (("2013-03", HOT, "critical"), ("2013-04", CALM, "resolved")):
            hooks.received.clear()
            mailbox.received.clear()
            monitored(own, part, found)
            assert killed(own.uri, part, addresses, at, **how)
            assert [len(sent(one)) for one in CHANNELS] == [1] * at + [0] * (len(CHANNELS) - at)
            assert not killed(own.uri, part, addresses) and not killed(own.uri, part, addresses)
            whole = [f"{title}: {MODEL} in {part}"]
            twice = 1 if how["written"] else 2
            assert {one: sent(one) for one in CHANNELS} == {
                one: whole * (twice if one == channel else 1) for one in CHANNELS
            }
            (told,) = [event.content["sent"] for event in events(own, "alert", MODEL) if event.content["part"] == part]
            assert [one["channel"] for one in told] == CHANNELS
        assert events(own, "alert", MODEL)[-1].content["incident"]["key"] is None
