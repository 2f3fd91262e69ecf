"""Show what the gates say about a version, and record a person's answer."""

import argparse
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands import noted, said
from pipelines.environment import store_uri
from pipelines.errors import EXIT_DONE, CallerError

if TYPE_CHECKING:
    from pipelines.approval import Approval
    from pipelines.gates.evaluation import Evaluation
    from pipelines.store import Store

SUMMARY = "show a version's gates, and record whether a person lets it be promoted"
EXAMPLE = (
    "python -m pipelines approve flight_delay 3\n"
    '  python -m pipelines approve flight_delay 3 --approve --by ana --evaluation 5d41402abc4b --note "seen the slices"'
)
SHOWN = 12
SHORTEST = 8


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument("version", type=int)
    answers = command.add_mutually_exclusive_group()
    for answer, meaning in (
        ("approve", "let it be promoted: its gates passed"),
        ("reject", "keep the champion"),
        ("override", "let it be promoted against its gates; needs --note, and a spec that allows it"),
    ):
        answers.add_argument(f"--{answer}", dest="answer", action="store_const", const=answer, help=meaning)
    answers.add_argument("--asked", action="store_true", help="a person is asked now: from now on the time-out counts")
    command.add_argument(
        "--evaluation",
        metavar="DIGEST",
        help=f"the evaluation that was looked at, as shown without an answer; {SHORTEST} characters do",
    )
    command.add_argument(
        "--by", type=said, metavar="NAME", help="who answers; taken on trust of whoever may write to the store"
    )
    command.add_argument("--note", type=noted, default="", metavar="TEXT", help="why; kept with the answer")
    command.add_argument("--at", metavar="TIME", help="when the person answered, if not now (UTC)")
    command.add_argument("--timed-out", action="store_true", help="nobody answered in time: what the spec says is done")
    command.add_argument("--result", type=Path, help="write the answer that stands (JSON) there")


def run(options: argparse.Namespace) -> int:
    """Without an answer it only shows; the last line says what stands."""
    from pipelines.approval import answer, approval_of, ask, evaluation_of
    from pipelines.report.gate_table import summary
    from pipelines.spec import find_model
    from pipelines.store import Store

    spec, store = find_model(options.model), Store(store_uri())
    judged = evaluation_of(store, spec.name, options.version)
    print(summary(judged), flush=True)
    seen = _seen(options.evaluation, judged)
    if options.answer is None:
        stands = approval_of(store, spec.name, judged.version, seen or judged.digest)
        if stands is None and options.asked:
            ask(store, spec, judged, _named(seen, spec.name, judged), datetime.now(UTC))
    else:
        stands = answer(store, spec, judged, _given(options, _named(seen, spec.name, judged), judged))
    if stands is not None and (options.answer or options.asked):
        _seal(store, spec.name, stands)
    outcome = _outcome(stands, judged)
    if options.result is not None:
        options.result.parent.mkdir(parents=True, exist_ok=True)
        options.result.write_text(_result(spec.name, judged, stands, outcome))
    print(f"\nevaluation {judged.digest[:SHOWN]}\napprove {spec.name} {outcome}")
    return EXIT_DONE


def _seen(named: str | None, judged: "Evaluation") -> str | None:
    """The whole digest of the evaluation that the caller names; one that is not the version's now stays as given."""
    if named is None:
        return None
    if len(named) < SHORTEST:
        raise CallerError(f"--evaluation {named} is too short to name one: give at least {SHORTEST} characters of it.")
    return judged.digest if judged.digest.startswith(named) else named


def _named(seen: str | None, model: str, judged: "Evaluation") -> str:
    if seen is None:
        raise CallerError(
            "Which evaluation was looked at? Its digest is shown by python -m pipelines approve "
            f"{model} {judged.version}; give it with --evaluation DIGEST."
        )
    return seen


def _given(options: argparse.Namespace, seen: str, judged: "Evaluation") -> "Approval":
    from pipelines.approval import NOBODY, Approval

    by, now = NOBODY if options.timed_out else options.by, datetime.now(UTC)
    if not by:
        raise CallerError("Who answers? Give --by NAME.")
    return Approval(
        version=judged.version,
        evaluation_digest=seen,
        answer=options.answer,
        by=by,
        # A time-out is no claim of the caller: it counts by the clock that the question was asked by.
        at=now.isoformat() if options.timed_out or not options.at else options.at,
        note=options.note,
        timed_out=options.timed_out,
    )


def _seal(store: "Store", model: str, stands: "Approval") -> None:
    """Into the release record, also when it is a rejection, after which no promotion would do it.

    MLflow is shown it where its client is installed, which in Airflow's image it is not.
    """
    from pipelines.environment import tracking_uri
    from pipelines.registry import Registry
    from pipelines.release.recording import seal_answer_and_show

    registry = Registry(tracking_uri()) if find_spec("mlflow") else None
    if registry is None:
        print("\nMLflow's client is not installed here: the answer is in the release record, and not shown in MLflow.")
    seal_answer_and_show(store, registry, model, stands.version, stands.evaluation_digest)


def _outcome(stands: "Approval | None", judged: "Evaluation") -> str:
    if stands is None:
        return f"version {judged.version} waits for an answer"
    return stands.sentence if stands.lets_promote else f"{stands.sentence}; the champion stays in force"


def _result(model: str, judged: "Evaluation", stands: "Approval | None", outcome: str) -> str:
    from pipelines.flow import StepResult
    from pipelines.layout import evaluation

    figures = {} if stands is None else {"answer": stands.answer, "by": stands.by, "at": stands.at, "note": stands.note}
    return StepResult(
        step="approve",
        subject=model,
        start=judged.as_of,
        end=judged.as_of,
        outcome=outcome,
        references={"evaluation": evaluation(model, judged.version), "digest": judged.digest},
        figures={"version": judged.version, **figures},
    ).to_json()
