"""What every service of docker-compose.yaml keeps to, read as the file that it is: no engine is asked."""

import re
from typing import Any

import pytest
import yaml

from compose import dotenv
from compose.stack import EXAMPLE, ONCE
from pipelines.environment import REPO

FILE = REPO / "docker-compose.yaml"
STACK: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
DEFAULT = sorted(name for name, service in SERVICES.items() if "profiles" not in service)
SERVERS = sorted(set(SERVICES) - set(ONCE) - {"cli", "recovery"})
MACHINE_MIB = 8192
# A volume without a name, gone with its container.
DISK_FOR_DUMPS = {"type": "volume", "target": "/tmp"}
# Its image holds no program that could ask it.
CANNOT_BE_ASKED = {"otel-collector"}
# Official images that start as a user of their own, named in the image.
OWN_USER = {"otel-collector", "postgres-exporter", "redis-exporter"}


def each(names) -> Any:
    return pytest.mark.parametrize("name", sorted(names))


def mebibytes(size: str) -> int:
    """Of a limit such as 512m, 1g or ${NAME:-512m}."""
    number, unit = re.search(r"(\d+)([mg])}?$", size).groups()
    return int(number) * (1024 if unit == "g" else 1)


def settings_used() -> set[str]:
    return set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8")))


@each(SERVICES)
def test_a_service_can_do_no_more_than_it_must(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "pids_limit" in service and "mem_limit" in service
    assert service.get("user", "") not in ("root", "0", "0:0")


@each(SERVICES)
def test_a_services_log_cannot_fill_the_disk(name):
    assert SERVICES[name]["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


@each(SERVERS)
def test_a_server_is_asked_how_it_is_and_comes_back_when_it_dies(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert name in CANNOT_BE_ASKED or service["healthcheck"]["test"]


@each(ONCE)
def test_a_migration_ends_and_is_tried_again_a_few_times(name):
    assert SERVICES[name]["restart"] == "on-failure:3" and SERVICES[name]["healthcheck"] == {"disable": True}


@each(SERVICES)
def test_what_is_waited_for_is_waited_for_until_it_works(name):
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert condition == {"condition": wanted}, f"{name} waits for {other}"


@each(SERVICES)
def test_an_image_is_named_by_a_version(name):
    repository, _, tag = SERVICES[name]["image"].replace("${IMAGE_PREFIX:-trainyard}", "trainyard").partition(":")
    assert "${" not in repository
    if repository.startswith("trainyard/"):
        assert tag.startswith("${TRAINYARD_TAG"), "one commit for all of ours"
    else:
        assert re.search(r"\d", tag) and "latest" not in tag


@each(name for name, service in SERVICES.items() if "ports" in service)
def test_a_port_answers_this_machine_alone_unless_told(name):
    for port in SERVICES[name]["ports"]:
        assert re.fullmatch(r"\$\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{\w+_PORT:-\d+\}:\d+", port)


@each(SERVICES)
def test_no_service_reaches_the_engine_or_the_machine(name):
    service = SERVICES[name]
    assert "docker.sock" not in str(service)
    assert not {"network_mode", "pid", "ipc", "privileged", "devices"} & set(service)
    for volume in filter(lambda one: one != DISK_FOR_DUMPS, service.get("volumes", [])):
        assert not volume.startswith("/")
        assert volume.endswith(":ro") or not volume.startswith("."), f"{name} may write to the checkout: {volume}"


def test_the_databases_and_the_online_store_have_no_way_out_and_no_port():
    assert STACK["networks"]["databases"] == STACK["networks"]["online"] == {"internal": True}
    assert not any("ports" in SERVICES[name] for name in ("postgres", "redis"))


def test_the_default_stack_fits_into_8_gb():
    servers = {name: mebibytes(SERVICES[name]["mem_limit"]) for name in DEFAULT if name not in ONCE}
    assert sum(servers.values()) <= MACHINE_MIB, servers


def test_the_file_holds_no_secret():
    for name, service in SERVICES.items():
        for setting, value in service.get("environment", {}).items():
            if dotenv.is_secret(setting) and setting.removeprefix("S3_") not in ("ADMIN_KEY", "STEPS_KEY"):
                known = {"", "admin", "steps", "reader", "mlflow", "recovery"}
                assert value in known or re.fullmatch(r"\$\{\w+(:\?[^}]+)?\}", value), f"{name}: {setting}"


def test_the_example_names_every_setting_and_no_other():
    names = set(dotenv.read(EXAMPLE))
    # Of the tests and of those who keep images elsewhere.
    asked = settings_used() - {"IMAGE_PREFIX", "POSTGRES_TAG", "REDIS_TAG", "COMPOSE_PROJECT_NAME"}
    assert asked - names == set(), "say them in .env.example"
    assert names - asked == {"COMPOSE_PROFILES"}, "nobody reads them"


def test_a_secret_that_is_missing_is_said_instead_of_taken_as_empty():
    text = FILE.read_text(encoding="utf-8")
    for name in filter(dotenv.is_secret, dotenv.read(EXAMPLE)):
        assert f"${{{name}:?" in text, f"{name} is empty where .env lacks it"


def test_every_password_has_one_reader_and_its_server():
    """The key of the steps, say, is known to the store, to the steps and to nobody else."""
    holders: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for value in service.get("environment", {}).values():
            for setting in filter(dotenv.is_secret, re.findall(r"\$\{(\w+)", str(value))):
                holders.setdefault(setting, set()).add(name)
    steps = {"airflow-scheduler", "cli"}
    assert holders["S3_STEPS_SECRET"] == {"object-store", *steps, "migrate-feast"}
    assert holders["MLFLOW_STEPS_PASSWORD"] >= {"migrate-mlflow", *steps}
    assert holders["POSTGRES_PASSWORD"] == {"postgres", "databases"}
    assert holders["MLFLOW_DB_PASSWORD"] == {"databases", "migrate-mlflow", "mlflow", "recovery"}
    assert holders["S3_RECOVERY_SECRET"] == {"object-store", "recovery"}
    assert holders["S3_ADMIN_SECRET"] == {"object-store", "buckets"}
    assert not holders["AIRFLOW_DB_PASSWORD"] & {"mlflow", "feast-server", "evidently", "cli", "metrics"}


def test_the_folders_that_are_mounted_are_there():
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    mounted = {volume.split(":")[0] for volume in volumes if volume != DISK_FOR_DUMPS}
    absent = {one for one in mounted if one.startswith("./") and not (REPO / one).is_dir()}
    assert not absent


def test_airflow_tells_the_collector_what_the_collector_expects():
    expected = dotenv.read(REPO / "docker" / "otel" / "airflow.env")
    told = STACK["x-airflow-environment"]
    differing = {name for name, value in expected.items() if told.get(name) != value}
    assert differing == {"AIRFLOW__METRICS__OTEL_ON"}, "that one is AIRFLOW_OTEL of .env"


def test_prometheus_scrapes_services_that_are_there():
    jobs = yaml.safe_load((REPO / "docker" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in jobs for config in job["static_configs"] for target in config["targets"]}
    names = {target.split(":")[0] for target in targets} - {"localhost"}
    assert names <= {name for name, service in SERVICES.items() if "telemetry" in service["networks"]}
