"""What a fresh machine gets: the lock file, the image, the composed network.

No container engine is at hand where these run, so the files are checked for what they promise:
pinned and hashed packages, no root, a read-only root file system, a health check, no open host
ports, an attacker only on demand.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def requirement_blocks(lock: str) -> list[str]:
    """The lock file cut before each requirement line; continuation lines stay with theirs."""
    return [block for block in re.split(r"(?m)^(?=\S)", lock) if block.strip()]


def locked() -> str:
    return (ROOT / "requirements.lock").read_text("utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_locked_package_is_pinned_and_hashed() -> None:
    for block in requirement_blocks(locked()):
        assert PINNED.match(block), block
        assert "--hash=sha256:" in block, block


def test_lock_names_no_index() -> None:
    assert "://" not in locked()
    assert "--index" not in locked()
    assert "--find-links" not in locked()


def test_image_runs_the_versions_that_were_tested() -> None:
    blocks = set(requirement_blocks(locked()))
    shipped = requirement_blocks((ROOT / "requirements-run.lock").read_text("utf-8"))
    assert set(shipped) <= blocks, "run `make lock`"
    assert not [block for block in shipped if block.startswith(("pytest", "ruff", "mypy=="))]


def test_lock_covers_the_project() -> None:
    metadata = project()
    wanted = [
        *metadata["project"]["dependencies"],
        *metadata["project"]["optional-dependencies"]["dev"],
        *metadata["build-system"]["requires"],
    ]
    pinned = {match["name"] for match in PINNED.finditer(locked())}
    missing = [name for name in wanted if re.split(r"[=><~ ]", name)[0].lower() not in pinned]
    assert not missing, f"run `make lock`: {missing}"


def test_python_versions_agree() -> None:
    metadata = project()
    oldest = metadata["project"]["requires-python"].removeprefix(">=")
    assert metadata["tool"]["mypy"]["python_version"] == oldest
    assert metadata["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


# --- Dockerfile ----------------------------------------------------------------------------------


def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile as build stages, each a list of (INSTRUCTION, arguments)."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    instructions = [
        (line.split(maxsplit=1)[0].upper(), line.split(maxsplit=1)[1].strip())
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    ]
    found: list[list[tuple[str, str]]] = []
    for instruction in instructions:
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in stages()[-1] if instruction == name]


def test_image_is_built_in_stages_and_ships_no_compiler() -> None:
    build, image = stages()
    assert any("g++" in rest for _, rest in build)
    assert not any("apt-get" in rest for _, rest in image)
    assert any(rest.startswith("--from=build") for rest in arguments("COPY"))


def test_image_installs_what_the_lock_says() -> None:
    assert any("--require-hashes" in rest for _, rest in stages()[0])


def test_image_runs_as_a_numbered_user_with_a_health_check() -> None:
    (user,) = arguments("USER")
    uid = user.split(":")[0]
    assert uid.isdigit(), "a number, so that an orchestrator can see it is not root"
    assert int(uid) >= 1000
    (health,) = arguments("HEALTHCHECK")
    assert '"grapevine", "status"' in health
    (entry,) = arguments("ENTRYPOINT")
    assert entry.startswith("["), "exec form, so that SIGTERM reaches the daemon"


def test_image_keeps_everything_that_changes_in_one_volume() -> None:
    (volume,) = arguments("VOLUME")
    directory = volume.strip('["]')
    environment = " ".join(arguments("ENV"))
    for variable in ("GRAPEVINE_HOME", "NUMBA_CACHE_DIR"):
        assert f"{variable}={directory}/" in environment


# --- docker-compose.yml --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_one_command_starts_a_bootstrap_node_and_several_peers(compose) -> None:
    honest = [name for name, service in compose["services"].items() if "profiles" not in service]
    assert "bootstrap" in honest
    assert len(honest) >= 4


def test_the_attacker_comes_only_when_asked(compose) -> None:
    hostile = {
        name: service["profiles"]
        for name, service in compose["services"].items()
        if "profiles" in service
    }
    assert hostile == {"attacker": ["attacker"]}


def test_every_service_is_confined(compose) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["tmpfs"], f"{name} needs somewhere to put temporary files"
        assert not service.get("privileged"), name
        assert "ports" not in service, f"{name} would be reachable from outside"
        assert service["mem_limit"], name


def test_every_service_has_a_data_volume_of_its_own(compose) -> None:
    data = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service["volumes"]
        if volume.endswith(":/data")
    ]
    assert len(data) == len(set(data)) == len(compose["services"])
    assert set(data) <= set(compose["volumes"])


def test_peers_wait_until_the_bootstrap_node_is_well(compose) -> None:
    for name, service in compose["services"].items():
        if name != "bootstrap":
            assert service["depends_on"]["bootstrap"] == {"condition": "service_healthy"}, name
