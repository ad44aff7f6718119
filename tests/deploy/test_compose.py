"""docker-compose.yaml: valid by the Compose Specification, closed to the outside, and set as the local stack is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from stack import ROOT
from stack.airflow import SETTINGS, Stack, shared_settings
from stack.celery_workers import KEPT_FROM_WORKERS

STEPS = {"migrate-airflow", "migrate-ledger"}
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
SERVERS = {"postgres", "redis", "proxy"}
# Of this machine only: where things are, who may log in, and how often a developer's files are looked at.
OWN = re.compile(
    r"^AIRFLOW__(CORE__(EXECUTOR|DAGS_FOLDER|PLUGINS_FOLDER|EXECUTION_API_SERVER_URL|FERNET_KEY|SIMPLE_AUTH_MANAGER_.*)"
    r"|DATABASE__SQL_ALCHEMY_CONN|API__(HOST|PORT|BASE_URL|SECRET_KEY)|API_AUTH__JWT_SECRET"
    r"|DAG_PROCESSOR__(REFRESH_INTERVAL|MIN_FILE_PROCESS_INTERVAL)|LOGGING__BASE_LOG_FOLDER)$"
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What deploy/new-keys.sh writes to .env, by variable."""
    copy = tmp_path_factory.mktemp("checkout")
    (copy / "deploy").mkdir()
    script = copy / "deploy" / "new-keys.sh"
    script.write_bytes((ROOT / "deploy" / "new-keys.sh").read_bytes())
    subprocess.run(["sh", script, "pakhus.example.dk"], check=True, capture_output=True)
    lines = [line for line in (copy / ".env").read_text().splitlines() if not line.startswith("#")]
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


@pytest.fixture(scope="module")
def compose(environment: dict[str, str]) -> Any:
    """The file as Compose reads it once it has put in the variables."""
    return interpolated(yaml.safe_load((ROOT / "docker-compose.yaml").read_text()), environment)


@pytest.fixture(scope="module")
def services(compose: Any) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def interpolated(part: Any, environment: dict[str, str]) -> Any:
    """Put in ${NAME}, ${NAME:-default} and ${NAME:?message} as Compose does; `$$` is a dollar sign."""
    if isinstance(part, dict):
        return {key: interpolated(value, environment) for key, value in part.items()}
    if isinstance(part, list):
        return [interpolated(value, environment) for value in part]
    if not isinstance(part, str):
        return part

    def value(match: re.Match[str]) -> str:
        name, operator, word = match["name"], match["operator"], match["word"]
        if match[0] == "$$" or environment.get(name):
            return environment.get(name, "$")
        assert operator == ":-", f"{name} is not set: {word}"
        return str(word)

    text = re.sub(r"\$\$|\$\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<word>[^}]*))?\}", value, part)
    return int(text) if part.startswith("${") and text.isdigit() else text


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = service.get("environment", {})
    return found


def test_is_valid_by_the_compose_specification(compose: Any) -> None:
    found = compose_spec.PyCompose.from_yaml(yaml.safe_dump(compose))
    found.validate()
    assert set(found.service_names()) == STEPS | AIRFLOW | SERVERS


def test_refuses_to_start_without_secrets() -> None:
    text = (ROOT / "docker-compose.yaml").read_text()
    for name in set(re.findall(r"\$\{(PAKHUS_\w*(?:PASSWORDS?|SECRET|KEY))\b", text)):
        assert re.search(rf"\$\{{{name}:\?[^}}]+\}}", text), f"{name} may be empty"


def test_waits_only_for_what_there_is_and_can_come_true(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            wanted = "service_completed_successfully" if other in STEPS else "service_healthy"
            assert condition == wanted, f"{name} waits for {other}"
            if condition == "service_healthy":
                assert "healthcheck" in services[other], f"{other} never says that it is healthy"


def test_brings_both_databases_up_to_date_before_anything_uses_them(services: dict[str, Any]) -> None:
    assert services["api-server"]["depends_on"].keys() >= STEPS
    for name in AIRFLOW - {"api-server"} | {"proxy"}:
        assert "api-server" in services[name]["depends_on"]
    assert services["migrate-airflow"]["command"] == ["airflow", "db", "migrate"]
    assert services["migrate-ledger"]["command"] == ["python", "-m", "pakhus", "migrate"]


@pytest.mark.parametrize("name", sorted(AIRFLOW | SERVERS))
def test_each_service_is_watched_bounded_and_started_again(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["init"] is True
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["logging"]["options"]["max-size"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_pins_each_image_by_tag(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image, _, tag = service["image"].partition(":")
        assert tag not in ("", "latest"), f"{name}: {image}"
        assert image == "pakhus" or re.match(r"\d+\.?\d*-\w+$", tag), f"{name}: {service['image']}"


def test_opens_the_proxy_to_the_outside_and_the_user_interface_to_this_host(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"proxy": ["443:443", "80:80"], "api-server": ["127.0.0.1:8080:8080"]}
    assert not any(service.get("network_mode") for service in services.values())


def test_keeps_the_proxy_away_from_all_but_the_api_server(compose: Any, services: dict[str, Any]) -> None:
    assert compose["networks"]["data"] == {"internal": True}
    reached = {name for name, service in services.items() if set(service["networks"]) & {"door"}}
    assert services["proxy"]["networks"] == ["door"]
    assert reached == {"proxy", "api-server"}
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["data"]


def test_mounts_only_what_there_is(services: dict[str, Any], compose: Any) -> None:
    volumes = compose["volumes"]
    made_by_new_keys = {"./deploy/tls", "./deploy/acme"}
    for service in services.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in volumes or source in made_by_new_keys or (ROOT / source).exists(), mount


def test_gives_no_secret_to_who_has_no_use_for_it(services: dict[str, Any], environment: dict[str, str]) -> None:
    uses = {name: json.dumps(environment_of(service)) for name, service in services.items()}

    def holders(variable: str) -> set[str]:
        return {name for name, text in uses.items() if environment[variable] in text}

    metadata = (AIRFLOW | {"migrate-airflow", "postgres"}) - {"worker"}
    assert holders("PAKHUS_AIRFLOW_DATABASE_PASSWORD") == metadata
    assert holders("PAKHUS_JWT_SECRET") == metadata - {"postgres"}
    assert holders("PAKHUS_LEDGER_DATABASE_PASSWORD") == AIRFLOW | STEPS | {"postgres"}
    assert holders("PAKHUS_POSTGRES_PASSWORD") == {"postgres"}
    assert not set(KEPT_FROM_WORKERS) & environment_of(services["worker"]).keys()
    secrets = [value for name, value in environment.items() if re.search("PASSWORD$|SECRET|KEY", name)]
    assert not any(secret in uses["proxy"] for secret in secrets)


def test_every_airflow_process_has_the_shared_settings(services: dict[str, Any]) -> None:
    assert SETTINGS == ROOT / "deploy" / "airflow.env"
    for name in AIRFLOW | {"migrate-airflow"}:
        assert services[name]["env_file"] == ["deploy/airflow.env"]
        assert not environment_of(services[name]).keys() & shared_settings().keys()


def test_the_local_stack_differs_from_it_in_what_is_of_this_machine_only(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.cluster.directory.mkdir(parents=True)
    (stack.cluster.directory / "password").write_text("password")
    local = {name: value for name, value in stack.environment().items() if name.startswith("AIRFLOW__")}
    different = {name for name, value in local.items() if shared_settings().get(name) != value}
    assert {name for name in different if not OWN.match(name)} == set()
    assert shared_settings().keys() <= local.keys()


@pytest.mark.airflow
def test_airflow_knows_every_setting(services: dict[str, Any]) -> None:
    """A misspelt variable is not an error for Airflow; it does nothing."""
    from airflow.configuration import conf

    known = conf.configuration_description
    names = set(shared_settings()) | {name for service in services.values() for name in environment_of(service)}
    for name in sorted(names):
        if match := re.match(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)$", name):
            section, option = match[1].lower(), match[2].lower()
            assert option in known.get(section, {}).get("options", {}), name


def test_says_by_exit_code_who_is_healthy(tmp_path: Path) -> None:
    report = tmp_path / "health.json"
    report.write_text('{"triggerer": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}')

    def asked(*arguments: str) -> int:
        program = ROOT / "deploy" / "healthy.py"
        return subprocess.run(["python3", program, *arguments], capture_output=True, check=False).returncode

    assert asked(report.as_uri(), "triggerer") == 0
    assert asked(report.as_uri(), "triggerer", "scheduler") == 1
    assert asked(report.as_uri(), "dag_processor") == 1
    assert asked((tmp_path / "nothing").as_uri()) == 1
