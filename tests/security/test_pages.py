"""What stands in the data, in a spec or in a person's note is text on our pages: it runs nothing in who opens them."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pipelines.contract import Check, Validation
from pipelines.drift.page import draw
from pipelines.gates.gate import GateResult
from pipelines.report.card import as_html, card
from pipelines.report.pages import render
from tests.pipelines.drift.made_windows import made_reference, made_rows, made_window
from tests.pipelines.drift.test_page import SPEC, report
from tests.pipelines.release.hand_written_release import a_release
from tests.pipelines.report.test_evaluation_page import judged_page
from tests.security.hostile import FORMATS

MARKUP = [text for text in FORMATS if "<" in text or "javascript" in text]
ADDRESSES = ("href", "src", "action", "formaction", "xlink:href", "srcdoc", "style")


class Scripts(HTMLParser):
    """What a browser would run or load: scripts, handlers, addresses of scripts, elements that nobody of ours makes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "object", "embed", "link", "form"):
            self.found.append(tag)
        self.found += [name for name, _ in attributes if name.startswith("on")]
        addresses = [value or "" for name, value in attributes if name in ADDRESSES]
        self.found += [value for value in addresses if value.strip().lower().startswith(("javascript:", "data:"))]


def active(page: str) -> list[str]:
    parser = Scripts()
    parser.feed(page)
    return parser.found


def in_scripts(page: str) -> str:
    """The text of all scripts, as a browser cuts it: each ends at the first end tag, whatever the script means."""
    return "".join(part.partition("</script")[0] for part in page.split("<script")[1:])


@pytest.mark.parametrize("text", MARKUP)
def test_a_validation_shows_the_data_and_runs_nothing_of_it(text):
    check = Check(text, text, "critical", text, text, 3, [{text: text, "flight_id": text}])
    page = render("validation.html", validation=Validation("flights", text, 10, [check]))
    assert active(page) == []


@pytest.mark.parametrize("text", MARKUP)
def test_an_evaluation_shows_names_of_slices_and_runs_nothing_of_them(text):
    page = judged_page(details={"slices": [{"name": text, "value": 0.5, text: text}], "broken": [text]})
    assert active(page) == []


@pytest.mark.parametrize("text", MARKUP)
def test_a_card_shows_what_people_wrote_and_runs_nothing_of_it(text):
    approval = {"override": True, "by": text, "at": "2013-03-01T09:00:00+00:00", "note": text}
    told = a_release(promotion={"effective_from": "2013-03-01T00:00:00+00:00"}, approval=approval)
    judged = told.evaluation.model_copy(update={"gates": [GateResult("slices", text, "pass", text)], "sentence": text})
    assert active(as_html(card(told.model_copy(update={"evaluation": judged})))) == []


def test_a_drift_page_draws_categories_of_the_data_and_runs_nothing_of_them():
    rows = made_rows()
    plain = draw(SPEC, made_reference(), made_window(rows), report()).html.decode()
    names = np.array([*MARKUP, "EWR"])[np.arange(len(rows.features)) % (len(MARKUP) + 1)]
    features = rows.features.assign(origin=pd.Categorical(names))
    window = made_window(replace(rows, features=features))
    page = draw(SPEC, made_reference(), window, report(" ".join(MARKUP))).html.decode()
    assert active(page) == active(plain)
    assert "&lt;script&gt;alert(1)" in in_scripts(page) and "<script>alert(1)" not in in_scripts(page)
    assert "<img src=x" not in page
