"""Settings of the installation: environment variables and one TOML file.

`LATENT_EXPLORER_DATA_ROOT=/data latent-explorer app` overrides one setting for one command; the
file `config.toml` in the user's configuration folder (or the file that
`LATENT_EXPLORER_CONFIG` names) keeps them.
"""

import os
from pathlib import Path

from platformdirs import user_config_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from explorer.errors import BadValueError
from explorer.fields import explain

APP = "latent-explorer"
PREFIX = "LATENT_EXPLORER_"
MOST_PIXELS = 178_956_970  # Pillow's own limit


class Settings(BaseSettings):
    """Where things live and what the installation may do."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_root: Path = Field(default_factory=lambda: user_data_path(APP) / "data", description="data sets are kept here")
    runs_root: Path = Field(default_factory=lambda: user_data_path(APP) / "runs", description="your trainings go here")
    device: str = Field("auto", description="auto, cpu, cuda or mps: where networks run")
    max_image_pixels: int = Field(
        50_000_000, ge=1, le=MOST_PIXELS, description="larger pictures of your own are skipped"
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="postgresql://user:password@host/name keeps labels there; empty: a file of data_root"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, which wins over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())


def config_file() -> Path:
    """The TOML file of the settings; it need not exist."""
    named = os.environ.get(f"{PREFIX}CONFIG")
    return Path(named) if named else user_config_path(APP) / "config.toml"


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        BadValueError: a setting that does not exist, has a wrong value, or a file that is not TOML.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise BadValueError(f"Settings: {explain(error, list(Settings.model_fields))} See {config_file()}.") from None
    except ValueError as error:
        raise BadValueError(f"{config_file()} is not valid TOML ({error}). Correct or remove it.") from None
