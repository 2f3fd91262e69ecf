"""A real Airflow with a model's story in its store, and a real browser that is logged in as one of its users.

`make test-ui` runs these; they need `chromium` on the machine.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.home import Home, read_env_file
from embedded.settings import free_ports
from embedded.stack import Running
from pipelines.airflow_session import Session
from pipelines.environment import REPO

sync_api = pytest.importorskip("playwright.sync_api")

ROOMS = ("dags", "embedded", "feature_repo", "pipelines", "plugins", "recovery")
USERS = {"vic": "viewer", "uma": "user", "olga": "op"}
HOSTILE = """<img src=x onerror=\\"document.title='a description ran'\\"> Will this flight arrive late?"""
APPROVAL = '\n[approval]\nrequired = true\ntimeout = "P1D"\noverride = true\n'
CHROMIUM = Path("/usr/bin/chromium")
SHOTS = "TRAINYARD_SCREENSHOTS"


@dataclass(frozen=True)
class Yard:
    """The running stack and its users' sessions over REST."""

    running: Running
    admin: Session

    def address(self, path: str) -> str:
        return f"{self.running.airflow_url}/{path.lstrip('/')}"


def declare(folder: Path) -> None:
    """The product's code in a folder, with one small model that asks a person."""
    for room in ROOMS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPO / room, folder / room, ignore=ignored)
    shutil.copy(Path(__file__).parent / "fill.py", folder)
    models = folder / "pipelines" / "models"
    told = (models / "flight_delay.toml").read_text()
    for shipped in models.glob("*.toml"):
        shipped.unlink()
    told = told.replace("max_rounds = 300", "max_rounds = 20").replace(
        '["majority", "logistic_regression"]', '["majority"]'
    )
    told = re.sub(
        r"(?ms)^\[\[gates\]\].*?(?=^\[monitoring\])",
        '[[gates]]\nkind = "floor"\nmetric = "auc"\nat_least = 0.5\n\n',
        told,
    )
    told = re.sub(r"(?m)^description = .*$", lambda _: f'description = "{HOSTILE}"', told, count=1)
    (models / "flight_delay.toml").write_text(told + APPROVAL)


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    code, home = tmp_path_factory.mktemp("code"), Home(tmp_path_factory.mktemp("home"))
    declare(code)
    airflow, mlflow = free_ports(2)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRAINYARD_", "MLFLOW_"))}
    users = ",".join(f"{name}:{role}" for name, role in USERS.items())
    environment = kept | {"TRAINYARD_HOME": str(home.root), "TRAINYARD_USERS": users}
    environment |= {"AIRFLOW_PORT": str(airflow), "MLFLOW_PORT": str(mlflow)}
    try:
        subprocess.run([sys.executable, "-m", "embedded", "up"], cwd=code, env=environment, check=True)
        subprocess.run([sys.executable, "fill.py"], cwd=code, env=environment, check=True)
        running = Running(home, read_env_file(home))
        admin = Session(running.airflow_url, "admin", running.password)
        for family in ("train", "rollback"):
            admin.checked("PATCH", f"/dags/flight_delay__{family}", json={"is_paused": False})
        yield Yard(running, admin)
    finally:
        subprocess.run([sys.executable, "-m", "embedded", "down"], cwd=code, env=environment, check=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this machine: apt-get install chromium")
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        shown = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield shown
        shown.close()


@pytest.fixture
def page_of(yard: Yard, browser: sync_api.Browser) -> Iterator[Callable[..., sync_api.Page]]:
    """A page in which a user is logged in; what its console calls an error fails the test."""
    contexts, errors = [], []

    def opened(user: str = "admin", theme: str = "light", width: int = 1280) -> sync_api.Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        told = {"username": user, "password": yard.running.password_of(user)}
        token = context.request.post(yard.address("auth/token"), data=told).json()["access_token"]
        context.add_cookies([{"name": "_token", "value": token, "url": yard.running.airflow_url}])
        page = context.new_page()
        # A page of the store has no storage to write to.
        page.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch {{}}")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if _is_wrong(said) else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def _is_wrong(said: sync_api.ConsoleMessage) -> bool:
    """A refusal that a test asked for is told by the browser too."""
    return said.type == "error" and "the server responded with a status of 4" not in said.text


@pytest.fixture
def shot() -> Callable[[sync_api.Page, str], None]:
    """Keeps a picture of the page in the folder that TRAINYARD_SCREENSHOTS names."""

    def taken(page: sync_api.Page, name: str) -> None:
        if folder := os.environ.get(SHOTS):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    return taken
