"""What a container's process sees of its pod: variables, folders, paths. Nothing of this machine's own settings."""

import base64
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kube.cluster.kinds import KINDS
from tests.kube.cluster.store import Store

REPOSITORY = Path(__file__).resolve().parents[3]
XCOM = "/airflow/xcom"
_REFERENCE = re.compile(r"\$\$|\$\((?P<name>[A-Za-z_.-][\w.-]*)\)")
_SUBSCRIPT = re.compile(r"metadata\.(?P<where>labels|annotations)\['(?P<key>[^']+)'\]")

# In the place of this machine's own, also while a pod's folder goes: Airflow kills what `pgrep` finds.
PROGRAMS = Path(__file__).with_name("bin")


class ConfigError(Exception):
    """A reference of the pod to something that is not there; the kubelet waits for it."""


@dataclass(frozen=True)
class PodFolder:
    """Where a pod's volumes stand on this machine: root/xcom, root/tmp, and per container its own files."""

    root: Path

    def make(self, container: str) -> None:
        for folder in (self.root / "xcom", self.root / "tmp", self.root / container):
            folder.mkdir(parents=True, exist_ok=True)
        self.termination(container).touch()

    def remove(self) -> None:
        """What a command that was run beside the container still holds stays until the next start of the cluster."""
        shutil.rmtree(self.root, ignore_errors=True)

    def termination(self, container: str) -> Path:
        return self.root / container / "termination-log"

    def here(self, text: str, container: Mapping[str, Any]) -> str:
        """A path of the container as the path of this machine."""
        text = text.replace(XCOM, str(self.root / "xcom"))
        return text.replace(container["terminationMessagePath"], str(self.termination(container["name"])))

    def show_processes(self, container: str, session: int) -> None:
        """Let /proc show the container's processes only; written anew for every exec."""
        proc = self.proc(container)
        proc.mkdir(exist_ok=True)
        for stale in proc.iterdir():
            stale.unlink()
        for pid in session_members(session):
            (proc / str(pid)).symlink_to(f"/proc/{pid}")

    def proc(self, container: str) -> Path:
        return self.root / container / "proc"


def session_members(session: int) -> list[int]:
    """Processes of this machine in a session; a container's first process leads one of its own."""
    members = []
    for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        try:
            if os.getsid(pid) == session:
                members.append(pid)
        except ProcessLookupError:  # it ended while we looked
            continue
    return members


def variables(store: Store, pod: dict[str, Any], container: dict[str, Any], folder: PodFolder) -> dict[str, str]:
    """All that the process finds in its environment.

    Raises ConfigError when a ConfigMap, a Secret or a key of one is missing.
    """
    path = os.pathsep.join((str(PROGRAMS), str(Path(sys.executable).parent)))
    found = {
        "PATH": f"{path}{os.pathsep}{os.defpath}",
        "PYTHONPATH": str(REPOSITORY),
        "HOSTNAME": pod["metadata"]["name"],
        "HOME": str(folder.root),
        "TMPDIR": str(folder.root / "tmp"),
    }
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom") or []:
        for resource, key in (("configmaps", "configMapRef"), ("secrets", "secretRef")):
            if reference := source.get(key):
                data = _data(store, resource, namespace, reference)
                found |= {f"{source.get('prefix', '')}{name}": value for name, value in data.items()}
    for entry in container.get("env") or []:
        value = _value(store, pod, entry)
        if value is not None:
            found[entry["name"]] = _expanded(value, found)
    if found["HOME"] == "/tmp":
        found["HOME"] = found["TMPDIR"]
    return found


def _data(store: Store, resource: str, namespace: str, reference: Mapping[str, Any]) -> dict[str, str]:
    kind = KINDS[resource]
    item = store.find(kind, namespace, reference["name"])
    if item is None:
        if reference.get("optional"):
            return {}
        raise ConfigError(f'{kind.kind.lower()} "{reference["name"]}" not found')
    if resource == "configmaps":
        return item.get("data") or {}
    encoded = {name: base64.b64decode(value).decode() for name, value in (item.get("data") or {}).items()}
    return encoded | (item.get("stringData") or {})


def _value(store: Store, pod: dict[str, Any], entry: Mapping[str, Any]) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return entry.get("value", "")
    if field := source.get("fieldRef"):
        return _field(pod, field["fieldPath"])
    for resource, key in (("configmaps", "configMapKeyRef"), ("secrets", "secretKeyRef")):
        if reference := source.get(key):
            namespace = pod["metadata"]["namespace"]
            data = _data(store, resource, namespace, reference)
            if reference["key"] not in data and not reference.get("optional"):
                where = f"{KINDS[resource].kind} {namespace}/{reference['name']}"
                raise ConfigError(f"couldn't find key {reference['key']} in {where}")
            return data.get(reference["key"])
    raise ConfigError(f"this double knows no source of a variable like {dict(source)}")


def _field(pod: dict[str, Any], path: str) -> str:
    if found := _SUBSCRIPT.fullmatch(path):
        return (pod["metadata"].get(found["where"]) or {}).get(found["key"], "")
    value: Any = pod
    for name in path.split("."):
        value = (value or {}).get(name)
    return str(value or "")


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """$(NAME) of a variable named before; an unknown one stays as it is written."""

    def replaced(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else known.get(found["name"], found[0])

    return _REFERENCE.sub(replaced, text)


def command_line(container: Mapping[str, Any], folder: PodFolder, known: Mapping[str, str]) -> list[str]:
    """command and args, with this machine's paths; `python` is the one that runs us."""
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    here = [folder.here(_expanded(word, known), container) for word in words]
    return [sys.executable, *here[1:]] if here[:1] == ["python"] else here
