"""What a fresh machine gets: the lock file, the image, the composed network.

No container engine is at hand where these run, so the files are checked for what they promise:
pinned and hashed packages, no root, a read-only root file system, a health check, no open host
ports, an attacker only on demand.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import yaml

from node.cli.main import MODULES
from node.config import load_config
from node.paths import data_paths
from node.query.client import QueryClient
from node.query.schema import QueryError
from sim.scenario.reading import shipped, shipped_sweeps

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
    extras = metadata["project"]["optional-dependencies"]
    own = "grapevine-node[sim]"
    assert own in extras["dev"], "who changes Grapevine runs its sweeps and reports, too"
    wanted = [
        *metadata["project"]["dependencies"],
        *(name for name in (*extras["dev"], *extras["sim"]) if name != own),
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


def test_image_sets_nothing_that_is_no_setting(compose) -> None:
    given = dict(pair.split("=", 1) for rest in arguments("ENV") for pair in rest.split())
    assert load_config(environ=given).network.listen == ("/ip4/0.0.0.0/tcp/4001",)
    for service in compose["services"].values():
        load_config(environ=service.get("environment", {}))


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


def test_services_tell_the_start_script_what_it_reads(compose) -> None:
    script = (ROOT / "docker" / "start").read_text("utf-8")
    for name, service in compose["services"].items():
        for variable in service["environment"]:
            assert f"${{{variable}:-}}" in script, f"{name}: nobody reads {variable}"
    environment = {name: service["environment"] for name, service in compose["services"].items()}
    place = environment["bootstrap"]["MEETING"]
    assert all(e["MEET"] == place for name, e in environment.items() if name != "bootstrap")
    assert [name for name, e in environment.items() if "SYBILS" in e] == ["attacker"]
    for service in compose["services"].values():
        assert any(volume.split(":")[1] == str(Path(place).parent) for volume in service["volumes"])


def test_commands_named_in_the_files_exist() -> None:
    named = [
        name
        for file in ("Dockerfile", "docker-compose.yml", "docker/start")
        for name in re.findall(
            r"grapevine\"?,? \"?([a-z]+)\b", (ROOT / file).read_text("utf-8").replace(" # ", "#")
        )
    ]
    assert {"init", "daemon", "status", "id", "import", "trust", "share", "recommend"} <= set(named)
    assert set(named) <= MODULES.keys()


def test_the_start_script_is_one() -> None:
    script = ROOT / "docker" / "start"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True, timeout=10)


@pytest.mark.slow
def test_containers_without_containers(tmp_path: Path) -> None:
    """The start script, as the compose file calls it: they meet, and the attacker is one."""
    with ExitStack() as ends:

        def start(name: str, **given: str) -> Path:
            root = tmp_path / name
            settings = {"LISTEN": "/ip4/127.0.0.1/tcp/0", "MDNS": "no", "KADEMLIA": "no"}
            environment = environment_for(root) | given
            environment |= {f"GRAPEVINE_NETWORK_{k}": v for k, v in settings.items()}
            log = ends.enter_context((tmp_path / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [ROOT / "docker" / "start"], env=environment, stdout=log, stderr=log
            )
            ends.callback(process.wait, 30)
            ends.callback(process.terminate)
            return root

        place = str(tmp_path / "address")
        Path(place).write_text("/ip4/127.0.0.1/tcp/1/p2p/stale")
        bootstrap = start("bootstrap", MEETING=place)
        wait_for(lambda: "/tcp/1/" not in Path(place).read_text())
        alice = start("alice", MEET=place)
        attacker = start("attacker", MEET=place, SYBILS="3")
        for root in (alice, attacker):
            wait_for(lambda root=root: asked(root, "peers")["links"])
        wait_for(lambda: asked(bootstrap, "status")["peers"] >= 2)
        wait_for(lambda: asked(attacker, "share_get", person="sybil3")["shared"] == 2)
        people = {person["name"]: person for person in asked(attacker, "people")["people"]}
        assert people.keys() == {"me", "sybil1", "sybil2", "sybil3"}
        assert all(p["items"] == p["vouches"] == 1 for n, p in people.items() if n != "me")
        policy = asked(attacker, "share_get", person="sybil1")
        assert policy["taste"]
        assert policy["vouches"]


def environment_for(root: Path) -> dict[str, str]:
    ours = {name: v for name, v in os.environ.items() if not name.startswith("GRAPEVINE_")}
    scripts = Path(sys.executable).parent
    return ours | {"GRAPEVINE_HOME": str(root), "PATH": f"{scripts}:{os.environ['PATH']}"}


def asked(root: Path, query: str, **params: Any) -> dict[str, Any]:
    with QueryClient(data_paths(root, environ={}).socket, timeout_s=60) as client:
        return client.ask(query, **params).data


def wait_for(condition: Callable[[], object], looks: int = 1200) -> None:
    """Look ten times a second; what is not there yet is looked for again."""
    for _ in range(looks):
        with suppress(QueryError, FileNotFoundError):
            if condition():
                return
        sleep(0.1)
    raise AssertionError("it does not come about")


# --- the wheel -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", target],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (found,) = target.iterdir()
    return found


@pytest.mark.slow
def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"node/store/schema.sql", "protocol/SPEC.md", "node/shell/child/__main__.py"} <= set(
        names
    )
    scenarios = {f"sim/scenario/shipped/{path.name}" for path in shipped().values()}
    scenarios |= {f"sim/scenario/sweeps/{path.name}" for path in shipped_sweeps().values()}
    assert len(scenarios) > 10
    assert scenarios <= set(names)
    sources = [
        path.relative_to(ROOT).as_posix()
        for top in ("node", "protocol", "ranking", "sim", "trust")
        for path in (ROOT / top).rglob("*.py")
    ]
    assert set(sources) <= set(names)
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"node", "protocol", "ranking", "sim", "trust"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_the_installed_command_runs(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own; the packages that it needs are lent by this one."""
    fresh = tmp_path / "venv"
    venv.create(fresh, with_pip=False)
    python = fresh / "bin" / "python"
    pip = ["-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run([sys.executable, *pip], check=True, timeout=120)
    lent = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout.strip()
    # Dependencies only: the project itself is found by a hook that .pth files alone would start.
    Path(lent, "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run(
        [fresh / "bin" / "grapevine", "--version"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment_for(tmp_path / "home"),
        timeout=60,
    )
    assert done.stdout == f"grapevine {project()['project']['version']}\n"
    where = subprocess.run(
        [python, "-c", "import node; print(node.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert where.stdout.startswith(str(fresh)), "the wheel's, not this checkout's"
