"""The command line as its user meets it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from explorer import cli
from explorer.errors import BadValueError
from explorer.ui import server

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def run(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    command = ["-c", code] if code else ["-m", "explorer", *arguments]
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )


@pytest.fixture
def busy_port():
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind((server.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_every_command_with_an_example(arguments):
    answer = run(*arguments)
    assert answer.returncode == 0
    for command in cli.COMMANDS:
        assert re.search(rf"\b{command}\b", answer.stdout)
    assert "latent-explorer app" in answer.stdout


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_help_of_every_command_shows_an_example(command):
    answer = run(command, "--help")
    assert answer.returncode == 0
    assert "For example:" in answer.stdout
    assert f"  latent-explorer {command}" in answer.stdout


def test_help_waits_for_neither_torch_nor_streamlit():
    heavy = "{'torch', 'torchvision', 'streamlit', 'scipy', 'lightning_fabric'}"
    answer = run(
        code="import sys\nfrom explorer.cli import main\ntry: main(['app', '--help'])\nexcept SystemExit: pass\n"
        f"print('loaded:', sorted({heavy} & set(sys.modules)))"
    )
    assert "loaded: []" in answer.stdout


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_impossible_port_is_one_sentence_and_code_2(port):
    answer = run("app", "--no-browser", f"--port={port}")
    assert answer.returncode == 2
    assert answer.stderr.strip() == f"There is no port {port}: choose one from 1024 to 65535."


def test_unknown_command_names_the_allowed_ones():
    answer = run("apq")
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert "app" in answer.stdout + answer.stderr


def test_busy_port_gives_the_next_free_one(busy_port):
    assert busy_port < server.free_port(busy_port) < busy_port + server.TRIES


def test_only_busy_ports_is_a_mistake_that_says_what_to_do(busy_port, monkeypatch):
    monkeypatch.setattr(server, "TRIES", 1)
    with pytest.raises(BadValueError, match=r"busy: choose another with --port"):
        server.free_port(busy_port)


def test_run_opens_its_map():
    assert cli.map_path("textures-petals") == "Map?run=textures-petals"


def test_name_of_a_run_cannot_add_to_the_address():
    assert cli.map_path("a&b=c/../d#e") == "Map?run=a%26b%3Dc%2F..%2Fd%23e"


def test_server_that_dies_is_told_in_one_sentence(tmp_path, monkeypatch, capfd, busy_port):
    broken = tmp_path / "broken.py"
    broken.write_text("import streamlit as st\nimport no_such_module\napp = st.App('x.py')\n")
    monkeypatch.setattr(cli.places, "entry_script", lambda: broken)
    assert cli.main(["app", "--no-browser", "--port", str(server.free_port(busy_port))]) == 2
    assert capfd.readouterr().err.strip().splitlines()[-1].startswith("The server ended by itself")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_ends_command_and_server_without_a_traceback(number, busy_port, tmp_path):
    command = [sys.executable, "-m", "explorer", "app", "--no-browser", "--port", str(busy_port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(f"Port {busy_port} is busy; using ")
        ready = process.stdout.readline()
        port = int(re.findall(r"http://127\.0\.0\.1:(\d+)/", ready)[0])
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in process.stderr.read()
    with socket.socket() as probe:
        assert probe.connect_ex((server.HOST, port)) != 0
