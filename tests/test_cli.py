"""The command line as its user meets it."""

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer import cli
from explorer.cli import dashboard
from explorer.data import DATASETS
from explorer.errors import BadValueError
from explorer.methods import METHODS
from explorer.training.config import TrainingConfig
from explorer.ui import server
from tests.commands import CASES, set_up, train
from tests.runs import vectors

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
    assert dashboard.map_path("textures-petals") == "Map?run=textures-petals"


def test_name_of_a_run_cannot_add_to_the_address():
    assert dashboard.map_path("a&b=c/../d#e") == "Map?run=a%26b%3Dc%2F..%2Fd%23e"


def test_server_has_one_heap(tmp_path, monkeypatch, capfd, busy_port):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, streamlit as st\nprint(os.environ['MALLOC_ARENA_MAX'])\napp = st.App('x.py')\nos._exit(1)\n"
    )
    monkeypatch.setattr(dashboard.places, "entry_script", lambda: script)
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert cli.main(["app", "--no-browser", "--port", str(server.free_port(busy_port))]) == 2
    assert capfd.readouterr().out.split()[0] == "1"


def test_server_that_dies_is_told_in_one_sentence(tmp_path, monkeypatch, capfd, busy_port):
    broken = tmp_path / "broken.py"
    broken.write_text("import streamlit as st\nimport no_such_module\napp = st.App('x.py')\n")
    monkeypatch.setattr(dashboard.places, "entry_script", lambda: broken)
    assert cli.main(["app", "--no-browser", "--port", str(server.free_port(busy_port))]) == 2
    assert capfd.readouterr().err.strip().splitlines()[-1].startswith("The server ended by itself")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_ends_command_and_server_without_a_traceback(number, busy_port, tmp_path):
    command = [sys.executable, "-m", "explorer", "app", "--no-browser", "--port", str(busy_port)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
        # Where the tests run in the background of a shell, interrupts are ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it starts no thread
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(f"Port {busy_port} is busy; using ")
        ready = process.stdout.readline()
        port = int(re.findall(r"http://127\.0\.0\.1:(\d+)/", ready)[0])
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in process.stderr.read()
    with socket.socket() as probe:
        assert probe.connect_ex((server.HOST, port)) != 0


@pytest.fixture
def vectors_imported(tmp_path, monkeypatch):
    """An installation of its own, with vectors to train on; gives its home."""
    home = set_up(tmp_path, monkeypatch)
    CASES["vectors"].prepare(home)
    return home


@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize("method", METHODS)
def test_help_of_a_training_names_every_setting_of_method_data_set_and_training(method, data, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", method, data, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    settings = [*METHODS[method].config.model_fields, *TrainingConfig.model_fields]
    flags = {f"--{name.replace('_', '-')}" for name in settings} - {"--augmentation"}
    flags |= {f"--data.{name.replace('_', '-')}" for name in DATASETS[data].config.model_fields}
    assert flags <= set(re.findall(r"--[a-z.-]+", told))


@pytest.mark.usefixtures("vectors_imported")
def test_ctrl_c_says_how_to_go_on_and_going_on_ends_the_training(monkeypatch, capsys):
    ae, steps = METHODS["ae"], []

    def loss(network, batch, config):
        steps.append(None)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return ae.loss(network, batch, config)

    with monkeypatch.context() as patch:
        patch.setitem(METHODS, "ae", replace(ae, loss=loss))
        assert train("ae", "arrays", "cut", "--data.name", "vectors", "--epochs", "3") == 130
    assert "Go on: latent-explorer train --resume cut" in capsys.readouterr().err
    assert cli.main(["train", "--resume", "cut"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told if line.startswith("Epoch")] == ["Epoch 2", "Epoch 3"]
    assert cli.main(["train", "--resume", "cut"]) == 2
    assert capsys.readouterr().err.startswith("cut is finished, so it cannot go on.")


@pytest.mark.usefixtures("vectors_imported")
def test_training_ends_with_a_table_of_numbers_and_the_next_command(capsys):
    assert train("structuring", "arrays", "try", "--data.name", "vectors") == 0
    told = capsys.readouterr().out.splitlines()
    lines = told[next(i for i, line in enumerate(told) if line.startswith("train_")) :]
    assert lines[-1] == "See it: latent-explorer app try"
    assert all(re.fullmatch(r"(train|test)_[a-z_]+ +\d+\.\d{4}", line) for line in lines[:-1])
    assert len({line.index(line.split()[1]) for line in lines[:-1]}) == 1  # the numbers stand in one column
    assert len(lines) > 8


def test_training_without_a_terminal_says_nothing_on_stderr(vectors_imported):
    np.save(vectors_imported / "plain.npy", vectors().items)
    assert cli.main(["data", "import", str(vectors_imported / "plain.npy"), "--name", "plain"]) == 0
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "explorer",
            "train",
            "vae",
            "arrays",
            "--data.name",
            "plain",
            "--name",
            "a",
            "--epochs=1",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "test_reconstruction_rmse" in answer.stdout
