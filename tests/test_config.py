import stat
import threading
from datetime import timedelta
from pathlib import Path

import platformdirs
import pytest

from ssflow.config import Config, read_config
from ssflow.errors import InvalidInputError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"SSFLOW_HOME": str(tmp_path / "home")}


def test_without_settings_everything_has_a_default(environ: dict[str, str]) -> None:
    config = read_config(environ)

    home = Path(environ["SSFLOW_HOME"])
    assert config.home == home
    assert config.database_url == f"sqlite:///{home}/ssflow.db"
    assert config.base_url == "http://localhost:8080"
    assert (config.trusted_proxies, config.is_https) == (0, False)
    assert (config.outside.mail_url, config.outside.mail_folder) == (None, home / "mail")
    assert (config.outside.http_allow, config.outside.http_allow_private) == ((), ())
    assert config.message_ttl == timedelta(days=7)


def test_settings_are_read_from_the_environment(environ: dict[str, str]) -> None:
    settings = {
        "SSFLOW_DATABASE_URL": "postgresql://h/d",
        "SSFLOW_BASE_URL": "https://ssflow.example.org/",
        "SSFLOW_TIMEZONE": "Europe/Stockholm",
        "SSFLOW_MAIL_URL": "smtp://mail.example.org",
        "SSFLOW_MESSAGE_TTL": "P1DT12H",
        "SSFLOW_TRUSTED_PROXIES": "2",
    }

    config = read_config(environ | settings)

    assert config.database_url == "postgresql://h/d"
    assert config.base_url == "https://ssflow.example.org"
    assert config.is_https
    assert config.timezone.key == "Europe/Stockholm"
    assert config.outside.mail_url == "smtp://mail.example.org"
    assert config.outside.mail_from == "ssflow@ssflow.example.org"
    assert config.message_ttl == timedelta(days=1, hours=12)
    assert config.trusted_proxies == 2


def test_empty_settings_count_as_missing(environ: dict[str, str]) -> None:
    empty = {f"SSFLOW_{name}": " " for name in ("BASE_URL", "TIMEZONE", "TRUSTED_PROXIES")}

    assert read_config(environ | empty) == read_config(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "ssflow.example.org"),
        ("BASE_URL", "ftp://ssflow.example.org"),
        ("BASE_URL", "https://ssflow.example.org/?a=b"),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("MAIL_URL", "mail.example.org"),
        ("MAIL_URL", "http://mail.example.org"),
        ("MAIL_URL", "smtp://mail.example.org:0"),
        ("MAIL_URL", "smtp://mail.example.org?timeout=0"),
        ("MAIL_URL", "smtp://mail.example.org?starttls=no"),
        ("MAIL_FROM", "Us <us@example.org>"),
        ("HTTP_ALLOW", "https://api.example.org/"),
        ("HTTP_ALLOW", "user@api.example.org"),
        ("HTTP_ALLOW", "*"),
        ("HTTP_ALLOW_PRIVATE", "intranet"),
        ("HTTP_ALLOW_PRIVATE", "10.0.0.1/8"),
        *(
            ("MESSAGE_TTL", text)
            for text in ("7", "P", "PT", "P7DT", "PT0M", "P91D", "P1M", "wd(3)")
        ),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "²"),
        ("TRUSTED_PROXIES", "many"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    environ: dict[str, str], name: str, value: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_config({**environ, f"SSFLOW_{name}": value})

    assert list(refused.value.errors) == [f"SSFLOW_{name}"]


def test_the_home_folder_is_made_for_its_owner_only(environ: dict[str, str]) -> None:
    config = read_config(environ)

    assert stat.S_IMODE(config.home.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InvalidInputError) as refused:
        read_config({"SSFLOW_HOME": str(tmp_path / "file" / "home")})

    assert list(refused.value.errors) == ["SSFLOW_HOME"]


def test_without_a_home_the_users_data_folder_is_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    config = read_config({})

    assert config.home == platformdirs.user_data_path("ssflow", appauthor=False)
    assert config.home.is_dir()


def test_the_secret_key_is_made_once_and_only_its_owner_may_read_it(
    environ: dict[str, str],
) -> None:
    first, second = read_config(environ), read_config(environ)

    file = first.home / "secret.key"
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in first.home.iterdir()] == ["secret.key"]


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    keys = {read_config({"SSFLOW_HOME": str(tmp_path / name)}).secret_key for name in ("a", "b")}

    assert len(keys) == 2


def test_processes_that_start_together_agree_on_one_key(environ: dict[str, str]) -> None:
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(read_config(environ).secret_key))
        for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == len(threads)
    assert len(set(keys)) == 1


def test_a_damaged_key_is_refused_instead_of_used(environ: dict[str, str]) -> None:
    home = Path(environ["SSFLOW_HOME"])
    home.mkdir()
    (home / "secret.key").write_text("short")

    with pytest.raises(InvalidInputError, match="does not hold a key"):
        read_config(environ)


def test_secrets_are_not_shown(environ: dict[str, str]) -> None:
    secrets = {
        "SSFLOW_DATABASE_URL": "postgresql://u:hunter2@h/d",
        "SSFLOW_MAIL_URL": "smtp://u:hunter2@h",
    }

    config = read_config(environ | secrets)

    assert isinstance(config, Config)
    assert "hunter2" not in repr(config)
    assert config.secret_key not in repr(config)


def test_what_may_leave_is_read_from_lists(environ: dict[str, str]) -> None:
    settings = {
        "SSFLOW_MAIL_FROM": "processes@example.org",
        "SSFLOW_HTTP_ALLOW": "API.example.org, *.intra.example.org:8443,",
        "SSFLOW_HTTP_ALLOW_PRIVATE": "10.1.0.0/16, fd00::/8, 127.0.0.1",
    }

    outside = read_config(environ | settings).outside

    assert outside.mail_from == "processes@example.org"
    assert outside.http_allow == ("api.example.org", "*.intra.example.org:8443")
    private = [str(network) for network in outside.http_allow_private]
    assert private == ["10.1.0.0/16", "fd00::/8", "127.0.0.1/32"]


def test_secrets_are_read_by_name_and_never_shown(environ: dict[str, str]) -> None:
    settings = {"SSFLOW_SECRET_ERP_KEY": "s3cret", "SSFLOW_SECRET_EMPTY": ""}

    config = read_config(environ | settings | {"SSFLOW_MAIL_URL": "smtp://me:s3cret@mail"})

    assert dict(config.outside.secrets) == {"ERP_KEY": "s3cret"}
    assert "s3cret" not in repr(config)
