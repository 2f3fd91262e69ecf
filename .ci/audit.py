"""What `make audit` does: known vulnerabilities of the locks, faults of our code, secrets in the history.

Whatever is found and not accepted in audit.toml, with its reason, fails it; so does what is accepted and found no
more. Exit 1: findings. Exit 3: nothing was found, but the advisories could not be asked; with --without-advisories
that is said and forgiven. The tools live in an environment of their own, made from audit.txt.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
LOCK = HERE / "audit.txt"
TOOLS = REPOSITORY / ".venv" / "audit"
FINDINGS, UNTOLD = 1, 3
# Whole words of a lock or a picture are no secrets: digests, of which every second one looks like one.
NOT_SCANNED = ("*.svg", "*.png", "requirements.txt", "docker/*.txt", "deploy/scan.txt", ".ci/audit.t*")


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    accepted = tomllib.loads((HERE / "audit.toml").read_text(encoding="utf-8"))
    _install()
    told = {
        "bandit": unaccepted(accepted["bandit"], bandit(accepted["folders"])),
        "secrets": unaccepted(accepted["secrets"], secrets(REPOSITORY)),
    }
    locks = [REPOSITORY / name for name in accepted["locks"]]
    vulnerable, untold = advisories(locks, asked.service)
    told["advisories"] = unaccepted(accepted.get("advisories", []), vulnerable)
    for check, lines in told.items():
        print(f"{check}: {'not one finding that is not accepted' if not lines else ''}".rstrip())
        print("".join(f"  {line}\n" for line in lines), end="")
    if untold:
        print(f"advisories: NOT ASKED ({len(untold)} without an answer, such as this): {untold[0]}")
    return exit_code(told, untold, asked.without_advisories)


def exit_code(told: Mapping[str, list[str]], untold: list[str], forgiven: bool) -> int:
    if any(told.values()):
        return FINDINGS
    return UNTOLD if untold and not forgiven else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make audit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--without-advisories", action="store_true", help="exit 0 where nobody answers for advisories")
    parser.add_argument("--service", default="osv", choices=("osv", "pypi"), help="who is asked for advisories")
    return parser


def unaccepted(accepted: Iterable[Mapping[str, Any]], found: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """Findings that are not accepted, and acceptances of what is there no more.

    accepted: each with `what` (ids), `where` (a path, or * for all) and `reason`. found: sentences by id and path.
    """
    known = {(what, one["where"]): one["reason"] for one in accepted for what in one["what"]}
    used = {key if key in known else (key[0], "*") for key in found}
    lines = [
        f"{where}: {what}: {sentence}"
        for (what, where), sentences in sorted(found.items())
        if not {(what, where), (what, "*")} & set(known)
        for sentence in sentences
    ]
    stale = sorted(set(known) - used)
    return lines + [
        f"audit.toml accepts {what} in {where}, which is not found any more: take it out" for what, where in stale
    ]


def bandit(folders: list[str]) -> dict[tuple[str, str], list[str]]:
    there = [folder for folder in folders if (REPOSITORY / folder).is_dir()]
    done = _run("bandit", "-q", "-r", *there, "-f", "json", cwd=REPOSITORY)
    found = defaultdict(list)
    for one in json.loads(done.stdout)["results"]:
        sentence = f"{one['issue_text']} (line {one['line_number']}, {one['issue_severity'].lower()})"
        found[one["test_id"], one["filename"]].append(sentence)
    return found


def secrets(repository: Path) -> dict[tuple[str, str], list[str]]:
    """Of every line that was ever added; by their SHA-1, as the tool has it: a list of secrets must not hold them."""
    found = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        added = added_lines(repository)
        for path, lines in added.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(text for _, text in lines) + "\n", encoding="utf-8")
        done = _run("detect-secrets", "scan", "--all-files", ".", cwd=Path(folder))
        for path, several in json.loads(done.stdout)["results"].items():
            for one in several:
                commit, _ = added[path][one["line_number"] - 1]
                found[one["hashed_secret"], path].append(f"{one['type']}, first in commit {commit[:12]}")
    return found


def added_lines(repository: Path) -> dict[str, list[tuple[str, str]]]:
    """By path, oldest first: the commit that added a line, and the line."""
    told = [
        "git",
        "log",
        "--reverse",
        "--no-color",
        "--no-renames",
        "-p",
        "-U0",
        "--format=commit %H",
        "HEAD",
        "--",
        ".",
    ]
    left_out = [
        f":(exclude,glob)**/{pattern}" if "/" not in pattern else f":(exclude){pattern}" for pattern in NOT_SCANNED
    ]
    log = subprocess.run([*told, *left_out], cwd=repository, capture_output=True, check=True)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    commit, path = "", ""
    for line in log.stdout.decode("utf-8", errors="replace").split("\n"):
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line.startswith("+++ "):
            path = line.removeprefix("+++ b/") if line.startswith("+++ b/") else ""
        elif line.startswith("+") and path:
            found[path].append((commit, line[1:]))
    return found


def advisories(locks: list[Path], service: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """Known vulnerabilities by their id and the lock, and why packages could not be looked up."""
    found, untold = defaultdict(list), []
    for lock in locks:
        asked = ["-r", str(lock), "--disable-pip", "--no-deps", "-f", "json", "--progress-spinner", "off"]
        done = _run("pip-audit", *asked, "--vulnerability-service", service, "--timeout", "15", cwd=REPOSITORY)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except ValueError:
            said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
            untold.append(f"{lock.name}: {service} does not answer: {said[:200]}")
            continue
        for one in packages:
            if "skip_reason" in one:
                # The tool itself calls this "no known vulnerabilities".
                untold.append(f"{lock.name}: {one['skip_reason']}")
            for fault in one.get("vulns", []):
                mended = ", ".join(fault["fix_versions"]) or "no version yet"
                where = str(lock.relative_to(REPOSITORY))
                found[fault["id"], where].append(f"{one['name']} {one['version']}; mended in {mended}")
    return found, untold


def _run(tool: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(TOOLS / "bin" / tool), *arguments], cwd=cwd, capture_output=True, text=True)


def _install() -> None:
    """Once a lock; `make clean` takes it away with the rest of .venv."""
    stamp, wanted = TOOLS / "installed", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(TOOLS, ignore_errors=True)
    python = str(TOOLS / "bin" / "python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(REPOSITORY / ".venv" / "bin"))
    made = (
        [uv, "venv", "--quiet", "--python", sys.executable, str(TOOLS)]
        if uv
        else [sys.executable, "-m", "venv", str(TOOLS)]
    )
    install = (
        [uv, "pip", "install", "--quiet", "--python", python] if uv else [python, "-m", "pip", "install", "--quiet"]
    )
    for command in (made, [*install, "--require-hashes", "-r", str(LOCK)]):
        subprocess.run(command, check=True, env=os.environ)
    stamp.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
