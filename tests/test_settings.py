from pathlib import Path

import pytest
from pydantic import ValidationError

from explorer.errors import BadValueError
from explorer.settings import config_file, load_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of an installation without any setting in the environment."""
    for name in ("DATA_ROOT", "RUNS_ROOT", "DEVICE"):
        monkeypatch.delenv(f"LATENT_EXPLORER_{name}", raising=False)
    path = tmp_path / "config.toml"
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(path))
    return path


def test_missing_file_gives_the_defaults(file):
    assert not file.exists()
    settings = load_settings()
    assert settings.device == "auto"
    assert settings.data_root.name == "data"
    assert settings.runs_root.name == "runs"
    assert settings.data_root.parent == settings.runs_root.parent


def test_file_sets_what_it_names_and_leaves_the_rest(file):
    file.write_text('device = "cpu"\ndata_root = "/data"\n')
    settings = load_settings()
    assert (settings.device, settings.data_root) == ("cpu", Path("/data"))
    assert settings.runs_root.name == "runs"


def test_environment_beats_file(file, monkeypatch):
    file.write_text('device = "cpu"\ndata_root = "/from-file"\n')
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", "/from-environment")
    settings = load_settings()
    assert settings.data_root == Path("/from-environment")
    assert settings.device == "cpu"


def test_file_lies_in_the_users_configuration_folder_unless_named(file, monkeypatch):
    assert config_file() == file
    monkeypatch.delenv("LATENT_EXPLORER_CONFIG")
    assert config_file().parts[-2:] == ("latent-explorer", "config.toml")


@pytest.mark.parametrize("text", ["device = ", "[[[", "device cpu", 'device = "a"\ndevice = "b"'])
def test_broken_toml_is_one_sentence_that_names_the_file(file, text):
    file.write_text(text)
    with pytest.raises(BadValueError) as caught:
        load_settings()
    message = str(caught.value)
    assert str(file) in message
    assert "not valid TOML" in message
    assert "\n" not in message


def test_file_that_is_no_text_is_one_sentence(file):
    file.write_bytes(b"\xff\xfe\x00device")
    with pytest.raises(BadValueError, match="not valid TOML"):
        load_settings()


def test_unknown_setting_lists_the_allowed_ones_and_names_the_file(file):
    file.write_text('devise = "cpu"\n')
    with pytest.raises(BadValueError) as caught:
        load_settings()
    assert "'devise'. Choose from: data_root, runs_root, device" in str(caught.value)
    assert str(file) in str(caught.value)


def test_wrong_type_names_the_setting(file):
    file.write_text("data_root = 7\n")
    with pytest.raises(BadValueError, match="data_root = '7'"):
        load_settings()


def test_settings_are_frozen(file):
    file.write_text('device = "cpu"\n')
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.device = "cuda"
