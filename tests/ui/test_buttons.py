"""The buttons, pressed in a real browser by each role, down to what the journal says afterwards."""

import re
import time

import pytest

from pipelines.champions import champions, withdrawals
from pipelines.journal import everything
from pipelines.retrain.freeze import freeze_in_force
from pipelines.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

NAME = "flight_delay"
MODEL = f"trainyard/models/{NAME}"
HOSTILE = "<img src=x onerror=\"document.title='a reason ran'\"> -- it's late; $(id) {{ 7*7 }}"
PATIENCE_S = 300


@pytest.fixture
def store(yard):
    return Store(str(yard.running.home.store))


@pytest.fixture
def opened(yard, page_of):
    """The model's page, as a user sees it."""

    def of(user):
        page = page_of(user)
        page.goto(yard.address(MODEL))
        page.get_by_role("button", name="Retrain now").wait_for()
        page.wait_for_load_state("networkidle")
        return page

    return of


def until(wanted, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := wanted()):
        assert time.monotonic() < deadline, what
        time.sleep(1)
    return found


def reloaded_until(page, text):
    deadline = time.monotonic() + PATIENCE_S
    while page.get_by_text(text).count() == 0:
        assert time.monotonic() < deadline, f"the page never said {text}"
        page.wait_for_timeout(2000)
        page.reload()
        page.wait_for_load_state("networkidle")


def pressed(page, button, confirm, **fields):
    """Press a button, fill its form and confirm; the dialog with what it answered."""
    page.get_by_role("button", name=button, exact=True).first.click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        dialog.get_by_label(re.compile(label)).fill(value)
    dialog.get_by_role("button", name=confirm, exact=True).click()
    dialog.get_by_role("status").or_(dialog.get_by_role("alert")).last.wait_for()
    return dialog


@pytest.mark.parametrize("user", ["vic"])
def test_who_may_not_sees_the_buttons_with_the_reason(opened, user):
    page = opened(user)
    for button in ("Retrain now", "Backfill", "Freeze"):
        found = page.get_by_role("button", name=button, exact=True)
        assert found.get_attribute("aria-disabled") == "true"
        assert "it needs the right to" in found.get_attribute("title")
        found.click(force=True)
        assert page.get_by_role("dialog").count() == 0


def test_a_freeze_is_on_record_and_lifted(opened, store):
    page = opened("uma")
    dialog = pressed(page, "Freeze", "Freeze", Reason=HOSTILE)
    assert "is now frozen until" in dialog.inner_text()
    frozen = freeze_in_force(everything(store), NAME)
    assert (frozen.by, frozen.reason) == ("uma", HOSTILE)
    page.keyboard.press("Escape")
    page.get_by_text("by uma").first.wait_for()
    assert HOSTILE in page.locator("body").inner_text() and " ran" not in page.title()
    assert "is free again" in pressed(page, "Unfreeze", "Unfreeze", Reason="it is over").inner_text()
    assert freeze_in_force(everything(store), NAME) is None


def test_a_dry_run_says_what_a_backfill_would_take(opened):
    page = opened("olga")
    page.get_by_role("button", name="Backfill", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From").fill("2013-04-01")
    dialog.get_by_label("To before").fill("2013-06-01")
    dialog.get_by_text("2 runs of flight_delay__predict").wait_for()


def test_a_training_an_approval_and_a_rollback_by_clicking_alone(yard, opened, store, shot):
    page = opened("olga")
    fields = {"Period from": "2013-04-01", "As of": "2013-05-01", "Reason": "the spring is new"}
    started = pressed(page, "Retrain now", "Start the training", **fields)
    assert "was started" in started.inner_text()
    run = started.get_by_role("link").get_attribute("href").rpartition("/")[2]
    page.keyboard.press("Escape")
    reloaded_until(page, "Version 2 waits for an answer.")
    shot(page, "waiting")
    tab = page.request.get(yard.address(f"trainyard/dags/{NAME}__train/runs/{run}"))
    assert tab.url.endswith(f"{MODEL}/versions/2/evaluation"), "the run's tab leads to what it made"
    answered = pressed(page, "Approve", "Approve", Note=HOSTILE)
    assert "Version 2 was approved" in answered.inner_text()
    until(lambda: champions(store, NAME)[-1].version == 2, "version 2 never took force")
    promoted = [event for event in everything(store) if event.kind == "promotion" and event.content["version"] == 2]
    approval = promoted[0].content["approval"]
    assert (approval["by"], approval["note"]) == ("olga", HOSTILE)
    page.reload()
    page.get_by_text("v2").first.wait_for()
    back = pressed(page, "Roll back", "Roll back", Reason="version 2 is blind at night")
    assert "was started" in back.inner_text()
    gone = until(lambda: withdrawals(everything(store), NAME).get(2), "version 2 was never withdrawn")
    assert (gone.by, gone.reason) == ("olga", "version 2 is blind at night")
    assert champions(store, NAME)[-1].version == 1
    page.reload()
    page.get_by_text("version 2 is blind at night").filter(visible=True).first.wait_for()
    shot(page, "rolled-back")
