"""The dashboard starts alike from a checkout, an editable install and a wheel, in any folder."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[1]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
PAGES = [file.stem.split("_", 1)[1].replace("_", " ") for file in sorted((ROOT / "pages").glob("[0-9]*_*.py"))]
CLEAN = {key: value for key, value in os.environ.items() if key != "PYTHONPATH" and not key.startswith("STREAMLIT_")}
CARRIED = ("explorer", "pages", "models", ".streamlit")

# One worker builds and installs once for all tests of this file.
pytestmark = pytest.mark.xdist_group("packaging")


@dataclass(frozen=True)
class Installation:
    """A way to have the product: how its command is called, and where it was installed."""

    kind: str
    command: list[str]
    environment: dict[str, str]
    site: Path | None


def quietly(*command: str | Path) -> None:
    answer = subprocess.run([str(word) for word in command], cwd=ROOT, env=CLEAN, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stdout.decode() + answer.stderr.decode()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    quietly(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    return next(folder.glob("*.whl"))


def install(kind: str, folder: Path, *what: str) -> Installation:
    """Install into an environment of its own that borrows every dependency from this one."""
    venv.create(folder, symlinks=True)
    site = next((folder / "lib").glob("python3.*")) / "site-packages"
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "bin" / "python"
    flags = ("--offline", "--no-deps", "--no-build-isolation", "--python", str(python))
    quietly(sys.executable, "-m", "uv", "pip", "install", *flags, *what)
    return Installation(kind, [str(folder / "bin" / "latent-explorer")], CLEAN, site)


@pytest.fixture(scope="session", params=["checkout", "editable", "wheel"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    if request.param == "checkout":
        return Installation("checkout", [sys.executable, "-m", "explorer"], CLEAN | {"PYTHONPATH": str(ROOT)}, None)
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "editable":
        return install("editable", folder, "--editable", str(ROOT))
    return install("wheel", folder, str(request.getfixturevalue("wheel")))


@pytest.fixture(scope="session")
def address(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running dashboard, started from a folder that has nothing to do with it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "streamlit.py").write_text("raise SystemExit('a file of this folder was taken for a library')")
    with socket.socket() as probe:  # tests beside this one start servers too: each begins at a port of its own
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [*installation.command, "app", "--no-browser", "--port", port]
    with subprocess.Popen(
        command,
        cwd=elsewhere,
        env=installation.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(found[0] for line in lines if (found := re.findall(r"http://\S+", line)))
        process.terminate()


def look(chromium: str, address: str, scheme: str) -> dict[str, object]:
    """What a browser shows of a page."""
    from playwright.sync_api import sync_playwright

    strangers: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
        page.on("request", lambda request: strangers.append(request.url) if is_foreign(request.url) else None)
        page.goto(address)
        links = page.get_by_test_id("stSidebarNavLink")
        links.nth(len(PAGES) - 1).wait_for(timeout=30_000)
        background = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
        titles = [text.splitlines()[-1] for text in links.all_inner_texts()]
        browser.close()
    return {"background": background, "pages": titles, "strangers": strangers}


def is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_page_answers_on_this_machine_alone(address: str) -> None:
    assert urlopen(address, timeout=60).status == 200
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", port)) != 0


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_shows_theme_and_pages_and_asks_no_other_machine(address: str, chromium_path: str, scheme: str) -> None:
    # In a thread: the tests of the pages hold a Playwright of their own, and a thread can have only one.
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(look, chromium_path, address, scheme).result()
    assert seen == {"background": rgb(THEME[scheme]["backgroundColor"]), "pages": PAGES, "strangers": []}


def test_only_the_wheel_carries_copies(installation: Installation) -> None:
    package = (installation.site or ROOT) / "explorer"
    assert (package / "pages").is_dir() == (installation.kind == "wheel")
    assert package.is_dir() == (installation.kind != "editable")


def test_wheel_holds_every_page_model_and_setting(wheel: Path) -> None:
    files = [file for folder in CARRIED for file in (ROOT / folder).rglob("*") if file.is_file()]
    names = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
    wanted = {name if name.startswith("explorer/") else f"explorer/{name}" for name in names}
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())
