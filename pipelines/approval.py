"""A person's answer to whether a candidate may be promoted: it binds to one evaluation of one version.

The first answer stands. Its time is when the person answered; the journal files it under the as-of time of
the evaluation that it is about.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from pipelines.errors import CallerError, MissingInput
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evaluations import evaluated_versions, read_evaluation
from pipelines.interval import parse_time
from pipelines.journal import Event, everything, numbered, record_decided, select
from pipelines.spec import ApprovalPolicy, ModelSpec
from pipelines.store import Store

APPROVAL = "approval"
QUESTION = "question"
NOBODY = "nobody"

Answer = Literal["approve", "reject", "override"]
SAID: dict[Answer, str] = {
    "approve": "approved",
    "reject": "rejected",
    "override": "approved against its gates",
}


@dataclass(frozen=True)
class Approval:
    """by: the person, `nobody` when the time ran out. at: when that was, ISO 8601 in UTC."""

    version: int
    evaluation_digest: str
    answer: Answer
    by: str
    at: str
    note: str = ""
    timed_out: bool = False

    @property
    def lets_promote(self) -> bool:
        return self.answer != "reject"

    @property
    def sentence(self) -> str:
        when = f"{parse_time(self.at):%F %R} UTC"
        who = f"by the time-out, for nobody answered until {when}" if self.timed_out else f"by {self.by} on {when}"
        note = f": {self.note}" if self.note else ""
        return f"version {self.version} was {SAID[self.answer]} {who}{note}"


def approval_of(store: Store, model: str, version: int, evaluation_digest: str) -> Approval | None:
    """The answer to this evaluation; an answer to another one of the same version does not count."""
    return _found(everything(store), model, version, evaluation_digest)


def ask(store: Store, spec: ModelSpec, judged: Evaluation, evaluation_digest: str, now: datetime) -> None:
    """Journal that a person is asked now about the evaluation; asked again, the time-out counts anew.

    Raises CallerError when the version was evaluated anew, or when the spec asks nobody.
    """
    policy = _policy(spec, judged, evaluation_digest)
    told = {"version": judged.version, "evaluation_digest": evaluation_digest, "at": now.isoformat()}
    told["until"] = (now + policy.timeout).isoformat()
    question = Event(QUESTION, spec.name, parse_time(judged.as_of), told)
    record_decided(store, lambda said: numbered(said, [question]))


def answer(store: Store, spec: ModelSpec, judged: Evaluation, given: Approval) -> Approval:
    """Journal the answer to the evaluation; returns the one that stands.

    judged: the evaluation as it stands now; given names the one that the person saw. The same answer again
    changes nothing: the first one stands, with its person, time and note. Who answers is taken on trust of
    whoever may write to the store. Raises CallerError when the spec does not allow it, when the evaluation was
    answered otherwise before, or when a time-out comes before its time.
    """
    given = replace(given, at=parse_time(given.at).isoformat(), note=given.note.strip())
    _refuse_what_the_spec_does_not_allow(spec, judged, given)

    def decide(said: list[Event]) -> list[Event]:
        earlier = _found(said, spec.name, given.version, given.evaluation_digest)
        if earlier is None:
            if given.timed_out:
                _refuse_early(said, spec.name, given)
            return numbered(said, [Event(APPROVAL, spec.name, parse_time(judged.as_of), asdict(given))])
        if earlier.answer != given.answer:
            raise CallerError(
                f"{spec.name}: {earlier.sentence}. The first answer to an evaluation stands; "
                f"{given.by}'s '{given.answer}' was not recorded."
            )
        return []

    if record_decided(store, decide):
        return given
    stands = approval_of(store, spec.name, given.version, given.evaluation_digest)
    assert stands is not None
    return stands


def evaluation_of(store: Store, model: str, version: int) -> Evaluation:
    """The version's evaluation as it stands. Raises MissingInput when there is none."""
    judged = read_evaluation(store, model, version)
    if judged is None:
        known = ", ".join(f"v{one}" for one in evaluated_versions(store, model)) or "none"
        raise MissingInput(
            f"{model}: version {version} has no evaluation to answer; evaluated: {known}. "
            f"Evaluate it: python -m pipelines evaluate --model {model} --start … --end …"
        )
    return judged


def _found(said: Iterable[Event], model: str, version: int, evaluation_digest: str) -> Approval | None:
    answers = [Approval(**event.content) for event in select(said, APPROVAL, model)]
    return next((one for one in answers if (one.version, one.evaluation_digest) == (version, evaluation_digest)), None)


def _refuse_early(said: Iterable[Event], model: str, given: Approval) -> None:
    """Raises CallerError for a time-out of a question that was never asked, or is still open."""
    about = (given.version, given.evaluation_digest)
    asked = [
        event
        for event in select(said, QUESTION, model)
        if (event.content["version"], event.content["evaluation_digest"]) == about
    ]
    if not asked:
        raise CallerError(
            f"{model}: nobody was asked about version {given.version}, evaluation {given.evaluation_digest[:12]}: "
            f"there is no time-out. Ask: python -m pipelines approve {model} {given.version} "
            f"--evaluation {given.evaluation_digest[:12]} --asked"
        )
    until = parse_time(max(asked, key=lambda event: event.number or 0).content["until"])
    if parse_time(given.at) < until:
        raise CallerError(f"{model}: the question about version {given.version} is open until {until:%F %T} UTC.")


def _policy(spec: ModelSpec, judged: Evaluation, evaluation_digest: str) -> ApprovalPolicy:
    """The spec's, where the digest is that of the evaluation as it stands; else raises CallerError."""
    model = spec.name
    if evaluation_digest != judged.digest:
        raise CallerError(
            f"{model}: version {judged.version} was evaluated anew since the question was asked "
            f"(evaluation {evaluation_digest[:12]} then, {judged.digest[:12]} now). Look at it and answer again: "
            f"python -m pipelines approve {model} {judged.version}"
        )
    if spec.approval is None:
        raise CallerError(
            f"{model}: its spec has no [approval]: the gates alone decide, and nothing is to be answered."
        )
    return spec.approval


def _refuse_what_the_spec_does_not_allow(spec: ModelSpec, judged: Evaluation, given: Approval) -> None:
    policy, model = _policy(spec, judged, given.evaluation_digest), spec.name
    if given.timed_out:
        expected = policy.on_timeout if judged.verdict == "pass" else "reject"
        if given.answer != expected:
            raise CallerError(f"{model}: a time-out means '{expected}' here (got '{given.answer}').")
    elif policy.approvers and given.by not in policy.approvers:
        raise CallerError(f"{model}: {given.by} may not answer; approval.approvers: {', '.join(policy.approvers)}.")
    if given.answer == "approve" and judged.verdict != "pass":
        hint = "override its gates with --override --note WHY" if policy.override else "its spec allows no override"
        raise CallerError(f"{model}: {judged.sentence}; it cannot be approved, {hint}.")
    if given.answer == "override":
        _refuse_override(model, policy.override, judged, given)


def _refuse_override(model: str, allowed: bool, judged: Evaluation, given: Approval) -> None:
    if judged.verdict == "pass":
        raise CallerError(f"{model}: {judged.sentence}; there is nothing to override: --approve it.")
    if not allowed:
        raise CallerError(f"{model}: {judged.sentence}; its spec allows no override (approval.override is false).")
    if not given.note:
        raise CallerError(f"{model}: an override needs a note that says why: --note TEXT.")
