"""The command line, and what is below it: hostile text is refused or kept as text, and nothing is written outside."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import layout
from pipelines.__main__ import main, parser
from pipelines.champions import PROMOTION
from pipelines.errors import CallerError
from pipelines.journal import Event, events, everything, record_decided, select
from pipelines.retrain.freeze import FREEZE, freeze_in_force
from tests.security.hostile import QUERIES, SHELL

APRIL = datetime(2013, 4, 1, tzinfo=UTC)
MODEL = "flight_delay"
SPAN = ("--start", "2013-05-01", "--end", "2013-06-01")

# Every command that takes text, with the place of the text; a model that is declared elsewhere.
NAMES = {
    "status": ("status", "{}"),
    "decisions": ("decisions", "{}"),
    "record": ("record", "{}", "3"),
    "card": ("card", "{}", "3"),
    "diff": ("diff", "{}", "1", "2"),
    "audit_log": ("audit_log", "{}"),
    "registry check": ("registry", "check", "{}"),
    "trace": ("trace", MODEL, "--prediction", "{}"),
    "void of": ("void", "{}", *SPAN, "--reason=r", "--by=b"),
    "void from": ("void", MODEL, "--start={}", "--end=2013-06-01", "--reason=r", "--by=b"),
    "freeze until": ("freeze", MODEL, "--until={}", "--reason=r", "--by=b"),
    "unfreeze": ("unfreeze", "{}", "--reason=r", "--by=b"),
    "resume": ("resume", "{}", "--reason=r", "--by=b"),
    "approve": ("approve", MODEL, "3", "--evaluation={}"),
    "evidently": ("evidently", "{}"),
    "train": ("train", "--model={}", *SPAN),
    "ingest": ("ingest", "--dataset={}", *SPAN),
    "predict from": ("predict", "--model", MODEL, "--start={}", "--end=2013-06-01"),
    "backtest": ("backtest", MODEL, "--policies={}"),
}

WHOLE, SHARES = ("record", "trace"), 6
COMMANDS = cache(parser)


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("where", NAMES)
def test_a_hostile_name_ends_in_one_readable_error(where, store, hostile, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.__main__.parser", COMMANDS)
    before = files_below(tmp_path)
    # Most commands look their model up in the same way: each tries its share of the strings.
    share = hostile if where in WHOLE else hostile[list(NAMES).index(where) % SHARES :: SHARES]
    for text in share:
        command = [argument.replace("{}", text) for argument in NAMES[where]]
        try:
            code = main(command)
        except SystemExit as ended:  # argparse itself
            code = ended.code
        told = capsys.readouterr().err
        # -h as a name is a question for help.
        assert code == 2 or text == "-h", f"{where}, {text[:60]!a}: exit {code}, {told[-300:]}"
        assert "Traceback" not in told
    assert files_below(tmp_path) == before
    assert everything(store) == []


def test_what_goes_on_record_is_one_readable_line_or_refused(store, hostile, capsys, monkeypatch):
    monkeypatch.setattr("pipelines.__main__.parser", COMMANDS)
    kept = set()
    for text in hostile[::2]:
        try:
            main(["freeze", MODEL, "--until=2013-07-01", f"--reason={text}", f"--by={text}"])
        except SystemExit as ended:
            assert ended.code == 2 and "argument --reason: must" in capsys.readouterr().err
            continue
        stands = freeze_in_force(everything(store), MODEL)
        assert stands.reason == stands.by == " ".join(text.split())
        assert len(stands.reason) <= 2000 and not {"\x1b", "\u202e", "\n", "\0"} & set(stands.reason)
        kept.add(stands.reason)
    assert len(kept) > 25 and len(events(store, FREEZE, MODEL)) == len(kept)
    capsys.readouterr()
    assert main(["audit_log", MODEL]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(kept), "one line each"


def utf8(texts: list[str]) -> list[str]:
    """Those that a table can hold: half a surrogate pair is no text."""
    return [text for text in texts if not any("\ud800" <= char <= "\udfff" for char in text)]


def test_the_journal_keeps_text_as_text_whatever_it_says(store, hostile):
    told = [Event("drift", text, APRIL, {text: text}) for text in utf8(hostile)]
    witness = Event(PROMOTION, MODEL, APRIL, {"version": 1})
    record_decided(store, lambda said: [*told, witness])
    # The same keys once more: each goes into the predicate of the commit.
    anew = [Event("drift", event.subject, APRIL, {"anew": event.subject}) for event in told]
    record_decided(store, lambda said: anew)
    said = everything(store)
    assert len(said) == len(told) + 1 and witness in said
    for event in anew:
        assert select(said, "drift", event.subject) == [event]
    assert select(said, PROMOTION, MODEL) == [witness]


def test_a_partitions_key_replaces_itself_alone(store, hostile):
    witness = pa.table({"n": [1]})
    store.replace_partition("t", witness, "2013-05")
    store.replace_partition("t", pa.table({"n": [2]}), "2013-06")
    # Those that a predicate could mistake, or a file system: a partition is a folder.
    for text in [*hostile[: len(SHELL) : 3], *[text for text in QUERIES if len(text) < 60][:6], "../up", "\u202egnp"]:
        store.replace_partition("t", pa.table({"n": [3]}), text)
        assert store.read("t", part=text)["n"].to_pylist() == [3]
        assert store.read("t", part="2013-05") == witness, f"{text!r} replaced another partition"
    assert not [one for one in Path(store.uri).rglob("*") if not one.resolve().is_relative_to(store.uri)]


PLACES = {
    name: function
    for name, function in vars(layout).items()
    if callable(function) and getattr(function, "__module__", "") == layout.__name__
}


@pytest.mark.parametrize("place", PLACES)
def test_no_name_makes_a_place_outside_of_the_store(place, store, hostile):
    function = PLACES[place]
    kinds = {name: kind for name, kind in function.__annotations__.items() if name != "return"}
    root = Path(store.uri).resolve()
    for text in hostile:
        path = function(**{name: 3 if kind is int or kind == "int" else text for name, kind in kinds.items()})
        try:
            location = store.location(path)
        except CallerError:
            continue
        if "\0" not in location:
            inside = Path(location)
            assert root in inside.parents and ".." not in inside.parts
    assert len(PLACES) > 25


def test_a_number_or_a_digest_is_no_place_for_text(store):
    with pytest.raises(CallerError, match="is no place in the store"):
        store.write_file(layout.window_labels(MODEL, "../../../x", "2013", "s"), b"")
    assert json.dumps(files_below(Path(store.uri).parent) & {"x"}, default=list) == "[]"
