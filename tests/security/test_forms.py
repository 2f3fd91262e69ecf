"""Text from a trigger form, or from a run's conf, reaches no shell, no template and no option but its own.

Every Param of every DAG of every family, with every hostile string: Airflow's own check refuses it, or the real
operators make a command of it that the real command line takes apart again.
"""

import copy
import json
import shlex
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError

from pipelines.__main__ import parser
from plugins import command_line
from plugins.child_arguments import as_typed, refuse_impossible
from plugins.command_line import CommandLine
from plugins.maintenance import DAG_ID as MAINTENANCE
from plugins.retrain_trigger import DECISION_TASK
from plugins.step_operator import LocalStep
from tests.dags.conftest import read_dags
from tests.plugins.contexts import context
from tests.security.hostile import STRINGS

SPAN = {"start": "2013-04-01", "end": "2013-05-01"}
NEEDED = {"rollback": {"reason": "late flights are missed"}}
COMMANDS = parser()


@pytest.fixture(scope="module")
def dags():
    bag = read_dags()
    assert not bag.import_errors, "\n".join(bag.import_errors.values())
    return bag.dags


def family_of(dag) -> str:
    return dag.dag_id.rpartition("__")[2]


def triggered(dag, conf: dict) -> dict:
    """What the tasks of a run with that conf see as params: as Airflow merges and checks them. Raises if it refuses."""
    params = copy.deepcopy(dag.params)
    params.update({**NEEDED.get(family_of(dag), {}), **conf})
    return params.validate()


def run_with(params: dict) -> dict:
    found = context(**params)
    found["dag_run"].triggering_user_name = "ada"
    found["ti"].log_url = "http://127.0.0.1:8080/dags/d/runs/r/tasks/t"
    return found


def commands_of(dag, params: dict) -> list[list[str]]:
    """The command line of every step of the DAG, as its operator makes it."""
    run = run_with(params)
    tasks = [task for task in dag.tasks if isinstance(task, LocalStep)]
    # The commands of maintenance take nothing from a run.
    assert tasks or dag.dag_id == MAINTENANCE, f"{dag.dag_id} has no step"
    return [[task.step.name, *task.step_arguments(run)] for task in tasks]


def test_there_are_at_least_fifty():
    assert len(set(STRINGS)) == len(STRINGS) >= 50


def test_every_param_refuses_it_or_hands_it_on_as_the_value_of_one_option(dags, hostile):
    tried = refused = 0
    for dag in dags.values():
        for name in dag.params:
            for text in hostile:
                tried += 1
                try:
                    params = triggered(dag, {**(SPAN if "start" in dag.params else {}), name: text})
                    commands = commands_of(dag, params)
                except (ParamValidationError, AirflowFailException):
                    refused += 1
                    continue
                for command in commands:
                    unharmed(command, name, text)
    families = {family_of(dag) for dag in dags.values()}
    assert families == {"data", "train", "predict", "monitor", "rollback", "backtest", MAINTENANCE}
    assert tried > 50 * 30 and 0 < refused < tried
    print(f"{tried} triggers, {refused} refused by Airflow's check of Params or by the operator")


def unharmed(command: list[str], name: str, text: str) -> None:
    """The text stands in no argument, or in one alone, glued to its own option, and is taken apart as its value."""
    own = [argument for argument in command if text and text in argument]
    if name in ("reason", "policies") and command[0] in ("rollback", "backtest"):
        assert own == [f"--{name}={text}"], command
    elif name not in ("start", "end", "to", "effective_from", "margin", "floor", "price"):
        assert own in ([], [argument for argument in command if argument.startswith("--run-url")]) or len(text) < 9
    try:
        options = vars(COMMANDS.parse_args(command))
    except SystemExit as ended:
        assert ended.code == 2
        return
    assert options["command"] == command[0] and options.get("result") is None
    assert options.get("by") in (None, "ada")
    assert options.get("model", options.get("dataset")) in ("flight_delay", "arrival_minutes", "flights")
    if command[0] == "rollback" and name == "reason":
        assert options["reason"] == " ".join(text.split()) and options["to"] is None


def test_conf_that_no_form_asks_for_reaches_no_command(dags, hostile):
    for dag in dags.values():
        span = SPAN if "start" in dag.params else {}
        plain = commands_of(dag, triggered(dag, span))
        unknown = {text[:200]: text for text in hostile}
        for key in ("model", "dataset", "bash_command", "env", "version", "by", "result", "result_file", "decision"):
            unknown[key] = hostile[1]
        assert commands_of(dag, triggered(dag, {**unknown, **span})) == plain, dag.dag_id


@pytest.mark.parametrize("wrong", [{"a": 1}, ["a"], 3.5, True], ids=str)
def test_what_is_no_text_is_refused_where_text_is_asked_for(dags, wrong):
    for dag in dags.values():
        for name in dag.params:
            if "string" in dag.params.get_param(name).schema["type"]:
                with pytest.raises(ParamValidationError):
                    triggered(dag, {name: wrong})


def test_none_of_it_is_rendered(dags, hostile):
    """With the real Jinja environment of the real DAG; what Airflow renders of a task was written by us."""
    for dag in dags.values():
        for task in dag.tasks:
            run = run_with({"reason": hostile[0], **{f"p{n}": text for n, text in enumerate(hostile)}})
            before = {name: copy.deepcopy(getattr(task, name)) for name in task.template_fields}
            for value in before.values():
                assert "{{" not in str(value) and "{%" not in str(value), f"{dag.dag_id}.{task.task_id}"
            rendered = copy.copy(task)
            rendered.render_template_fields(run, dag.get_template_env())
            assert {name: getattr(rendered, name) for name in task.template_fields} == before


def test_a_decisions_words_become_the_conf_of_a_run_and_nothing_else(dags, hostile, monkeypatch):
    trigger = dags["flight_delay__monitor"].get_task("trigger_retrain")
    monkeypatch.setattr(type(trigger).__mro__[1], "execute", lambda self, context: None)
    for text in hostile:
        decision = {"outcome": text, "figures": {"decision": "retrain"}, "references": {"decision": "d", "run": "r"}}
        run = run_with({"trigger_in_backfill": False, **SPAN})
        run["ti"].xcom_pull = lambda task_ids, told=decision: {DECISION_TASK: told}[task_ids]
        trigger.execute(run)
        assert trigger.conf["reason"] == text and (trigger.trigger_run_id, trigger.trigger_dag_id) == (
            "r",
            "flight_delay__train",
        )
        if text.isprintable():
            # The reason of a train run is for people: no command of its DAG has it.
            commands = commands_of(dags["flight_delay__train"], triggered(dags["flight_delay__train"], trigger.conf))
            assert not [argument for command in commands for argument in command if text in argument and len(text) > 9]


class Echo(CommandLine):
    """Runs commands as the operators do."""

    log = SimpleNamespace(info=lambda *_: None)


def test_a_child_process_gets_the_very_bytes_and_no_shell_sees_them(hostile, tmp_path, monkeypatch):
    program = tmp_path / "echo.py"
    program.write_text(
        "import json, os, sys\n"
        "given = [os.fsencode(one).hex() for one in sys.argv[1:]]\n"
        "result = {'step': 's', 'subject': '', 'start': '', 'end': '', 'outcome': '', 'references': {}}\n"
        "open(sys.argv[-1], 'w').write(json.dumps(result)); open(sys.argv[0] + '.json', 'w').write(json.dumps(given))\n"
    )
    monkeypatch.setattr(command_line, "PROGRAM", (sys.executable, str(program)))
    possible = [text for text in hostile if is_possible(text)]
    assert len(possible) >= len(hostile) - 4
    Echo().result_of("rollback", *possible)
    given = json.loads(program.with_suffix(".py.json").read_text())
    assert [bytes.fromhex(one) for one in given[1:-2]] == [text.encode() for text in possible]


def is_possible(text: str) -> bool:
    try:
        refuse_impossible([text])
    except AirflowFailException:
        return False
    return True


@pytest.mark.parametrize(
    "text, told",
    [("a\0b", "a NUL character"), ("\ud800", "is no text"), ("x" * 131_072, "has 131,073 bytes; at most 131,072")],
)
def test_what_no_process_can_be_given_fails_without_a_retry(text, told):
    with pytest.raises(AirflowFailException, match=told):
        Echo().result_of("rollback", f"--reason={text}"[9:])


def test_the_command_in_the_log_is_one_line_that_a_shell_takes_apart_the_same(hostile):
    for text in hostile:
        shown = as_typed(["python", "-m", "pipelines", "rollback", f"--reason={text}"])
        assert shown.isprintable() and "\n" not in shown
        if text.isprintable():
            assert shlex.split(shown)[4:] == [f"--reason={text}"]


def test_the_times_of_a_form_are_times_of_this_age(dags):
    """A year of which no month before or after can be told is refused, and not tried again."""
    for start, end in (("0001-01-01", "0001-02-01"), ("9999-11-01", "9999-12-01"), ("0001-01-01T00:00:00+23:59",) * 2):
        for dag in dags.values():
            # A backtest hands its times on as they are: the command line refuses them.
            if "start" in dag.params and family_of(dag) != "backtest":
                with pytest.raises((AirflowFailException, ParamValidationError), match="out of the years 1900 to 2199"):
                    commands_of(dag, triggered(dag, {"start": start, "end": end}))


def test_an_answers_note_stays_one_option(dags, hostile, monkeypatch):
    from plugins.approval import NOTE

    task = approval_task()
    for text in hostile:
        try:
            copy.deepcopy(NOTE).resolve(text)  # which keeps what it resolved
        except ParamValidationError:
            continue
        event = {
            "params_input": {"note": text},
            "chosen_options": [task.APPROVE],
            "responded_by_user": {"id": "ana", "name": "ana"},
            "responded_at": datetime(2013, 5, 1, tzinfo=UTC),
        }
        evaluated = {"figures": {"version": 3, "verdict": "pass"}, "references": {"digest": "d" * 12}}
        command = ["approve", *task._about(evaluated), *task._answer(evaluated, event)]
        try:
            options = COMMANDS.parse_args(command)
        except SystemExit as ended:
            assert ended.code == 2
            continue
        assert (options.note, options.by, options.answer) == (" ".join(text.split()), "ana", "approve")


def approval_task():
    from pipelines.spec import ApprovalPolicy
    from plugins.approval import PromotionApproval

    policy = ApprovalPolicy(required=True, approvers=["ana"])
    return PromotionApproval(task_id="approval", model="flight_delay", policy=policy)
