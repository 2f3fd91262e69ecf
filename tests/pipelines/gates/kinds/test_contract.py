import math

import pytest
from pydantic import ValidationError

from pipelines.gates.kinds.contract import Contract
from tests.pipelines.gates.measured import CRASHED, SOUND, TIMED_OUT, evidence_of, served, sound_but

GATE = Contract(kind="contract")
MINUTES = Contract(kind="contract", range=[-120.0, 1500.0])


def test_a_sound_model_passes():
    result = GATE.judge(served())
    assert (result.verdict, result.rows, result.details) == ("pass", 5000, {"broken": []})
    assert result.sentence == "it loads without unpickling and scores 5,000 rows alike: together, again, one by one"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"columns": SOUND.columns[1:]}, "the signature lacks carrier"),
        ({"columns": [*SOUND.columns, "month"]}, "the signature asks for month, which the spec does not declare"),
        (
            {"columns": SOUND.columns[::-1]},
            "the signature has the declared features in another order, or one of them twice",
        ),
        ({"columns": [*SOUND.columns, SOUND.columns[-1]]}, "the signature has the declared features in another order"),
        ({"finite": False, "lowest": math.nan, "batch_gap": math.nan}, "some predictions are not finite"),
        ({"lowest": -0.2}, "predictions go from -0.2 to 0.9, allowed are 0 to 1"),
        ({"highest": 1.5}, "predictions go from 0.1 to 1.5, allowed are 0 to 1"),
        ({"batches": ["one", "other"]}, "the same rows scored twice give other bytes"),
        ({"batch_gap": 2e-6}, "a row scored alone differs from its batch by 2e-06, over 1e-06"),
        ({"model_digest": "other"}, "the registered file is not the one that the training made"),
    ],
)
def test_what_is_broken_is_named(broken, words):
    result = GATE.judge(served(sound_but(**broken)))
    assert result.verdict == "fail" and result.stops and result.sentence.startswith(words)
    assert len(result.details["broken"]) == 1


def test_all_that_is_broken_is_named():
    result = GATE.judge(served(sound_but(columns=["month"], highest=7.0, batch_gap=0.5)))
    assert len(result.details["broken"]) == 4 and result.sentence.count("; ") == 3


def test_a_crash_is_a_broken_contract_in_its_own_words():
    result = GATE.judge(served(CRASHED))
    assert result.verdict == "fail" and result.sentence.endswith(CRASHED.why)


def test_an_answer_that_did_not_come_in_time_breaks_no_contract():
    result = GATE.judge(served(TIMED_OUT))
    assert (result.verdict, result.stops) == ("cannot_tell", True)
    assert result.sentence == "in a fresh process it did not finish within 180 s: a slow model, or machine"


def test_a_regression_has_the_range_that_its_spec_gives():
    far = evidence_of("regression", lowest=-500.0, highest=30.0)
    assert GATE.judge(far).verdict == "pass"
    assert "predictions go from -500 to 30, allowed are -120 to 1500" in MINUTES.judge(far).sentence
    with pytest.raises(ValidationError, match=r"range must be \[lowest, highest\]"):
        Contract(kind="contract", range=[1.0, 1.0])
