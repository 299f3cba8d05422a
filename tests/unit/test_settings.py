"""Settings: what is missing or malformed is named, all of it at once, with where to get it."""

from pathlib import Path

import pytest

from faxbot.settings import WHERE, Settings, SettingsProblem, load_settings

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "UCX_CLIENT_SECRET": "hunter2-secret",
}
REQUIRED = SECRETS | {
    "UCX_URL": "https://ucx.example.com",
    "UCX_CLIENT_ID": "faxbot",
    "FAXBOT_INBOUND_CHANNEL": "C0123456789",
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and no .env in the folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    """Set the required settings and *more*; None leaves one out."""

    def give(**more: str | None) -> None:
        for name, value in (REQUIRED | more).items():
            if value is not None:
                monkeypatch.setenv(name, value)

    return give


def test_the_required_settings_are_enough(given):
    """Six settings make a bot; everything else has a default."""
    given()
    settings = load_settings()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-secret"
    assert settings.ucx_url == "https://ucx.example.com"
    assert settings.socket_mode
    required = {name.upper() for name, each in Settings.model_fields.items() if each.is_required()}
    assert required == set(REQUIRED) - {"SLACK_APP_TOKEN"}


def test_the_defaults(given):
    """The database is a file in the data directory, Slack is Slack, and the site is in the US."""
    given()
    settings = load_settings()
    assert settings.database == "sqlite:///data/faxbot.db"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.plan.region == "US"
    assert settings.faxbot_admins == ()
    assert settings.modems == {}
    assert not settings.faxbot_backfill
    polls = (settings.faxbot_poll_active_seconds, settings.faxbot_poll_idle_seconds)
    assert (*polls, settings.faxbot_inbox_seconds, settings.faxbot_inbox_sweep_seconds) == (2, 15, 10, 120)


def test_all_that_is_missing_is_named_at_once():
    """One start names all missing settings, a line each, with where to get them."""
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert [line.split()[0] for line in lines] == [
        name.upper() for name in Settings.model_fields if name.upper() in REQUIRED
    ]
    assert all(f"{name} is missing. {WHERE[name]}" in lines for name in REQUIRED)


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_required_setting_is_named(given, name: str):
    """A line of .env that was left empty counts as not set."""
    given(**{name: ""})
    with pytest.raises(SettingsProblem, match=f"^{name} is (missing|not right: .*)[.] {WHERE[name][:20]}"):
        load_settings()


@pytest.mark.parametrize("name", sorted({name.upper() for name in Settings.model_fields} - set(REQUIRED)))
def test_an_empty_setting_has_its_default(given, name: str):
    """A line of .env.example from which only the # and the value were taken changes nothing."""
    given(**{name: ""})
    assert getattr(load_settings(), name.lower()) == Settings.model_fields[name.lower()].default


def test_a_file_that_is_no_utf8(given):
    """Saved by an editor with an encoding of its own, .env is what is named, and none of its settings."""
    given()
    Path(".env").write_bytes(b"# caf\xe9\n")
    with pytest.raises(SettingsProblem, match=r"^.env is not UTF-8 text"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "hunter2-secret"),
        ("SLACK_APP_TOKEN", "xoxb-1-secret"),
        ("SLACK_SIGNING_SECRET", "xoxb-1-secret-of-a-bot"),
        ("SLACK_SIGNING_SECRET", "a-secret"),
        ("SLACK_SIGNING_SECRET", "0123456789abcdef and -secret"),
        ("FAXBOT_HTTP_PORT", "0"),
        ("FAXBOT_HTTP_PORT", "65536"),
        ("FAXBOT_INBOUND_CHANNEL", "#inbound-fax"),
        ("FAXBOT_POLL_ACTIVE_SECONDS", "0.1"),
        ("FAXBOT_POLL_IDLE_SECONDS", "soon"),
        ("FAXBOT_INBOX_SECONDS", "0"),
        ("FAXBOT_INBOX_SWEEP_SECONDS", "-1"),
        ("FAXBOT_SETTLE_SECONDS", "-1"),
        ("FAXBOT_BACKFILL", "perhaps"),
        ("FAXBOT_MAX_MEGABYTES", "0"),
        ("FAXBOT_MAX_PAGES", "many"),
        ("FAXBOT_SPOOL_DAYS", "0"),
        ("FAXBOT_MODEMS", "ttyIAX2"),
        ("FAXBOT_REGION", "Texas"),
        ("FAXBOT_DIAL_PREFIX", "nine"),
    ],
)
def test_a_malformed_setting_is_named(given, name: str, value: str):
    """What cannot be meant is refused with the setting's name, and never with a secret's value."""
    given(**{name: value})
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    said = str(caught.value)
    assert name in said
    assert "-secret" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("FAXBOT_LOG_LEVEL", "loud"), ("DATABASE_URL", "nonsense")])
def test_a_setting_for_another_library_is_named_too(given, name: str, value: str):
    """What logging or SQLAlchemy would choke on is refused here."""
    given(**{name: value})
    with pytest.raises(SettingsProblem, match=f"^{name} is not right"):
        load_settings()


def test_a_signing_secret_stands_in_for_the_app_token(given):
    """HTTP mode needs no token for sockets; an empty line of .env counts as none."""
    for token in (None, ""):
        given(SLACK_APP_TOKEN=token, SLACK_SIGNING_SECRET="0123456789abcdef0123456789abcdef")
        settings = load_settings()
        assert not settings.socket_mode
        assert (settings.faxbot_http_host, settings.faxbot_http_port) == ("127.0.0.1", 3000)


def test_with_both_it_is_socket_mode(given):
    """The bot connects to Slack if it can."""
    given(SLACK_SIGNING_SECRET="0123456789abcdef0123456789abcdef")
    assert load_settings().socket_mode


def test_with_neither_one_sentence_names_both(given):
    """What is missing is the token, or the secret in its place."""
    given(SLACK_APP_TOKEN=None)
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    (line,) = str(caught.value).splitlines()
    assert line.startswith("SLACK_APP_TOKEN is missing.")
    assert "SLACK_SIGNING_SECRET" in line


def test_a_malformed_secret_is_reported_once(given):
    """With a malformed signing secret the missing app token is not reported, too."""
    given(SLACK_APP_TOKEN=None, SLACK_SIGNING_SECRET="short-secret")
    with pytest.raises(SettingsProblem, match=r"\ASLACK_SIGNING_SECRET is not right: [^\n]+\Z"):
        load_settings()


def test_a_pattern_is_shown_as_it_is(given):
    """The letters that a channel's id begins with are capitals."""
    given(FAXBOT_INBOUND_CHANNEL="#inbound-fax")
    with pytest.raises(SettingsProblem, match=r"\[CGD\]"):
        load_settings()


def test_missing_and_malformed_settings_are_reported_together(given):
    """A person corrects the file once."""
    given(UCX_URL=None, FAXBOT_MAX_PAGES="many", SLACK_APP_TOKEN="xoxb-1-secret")
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    named = {line.split()[0] for line in str(caught.value).splitlines()}
    assert named == {"UCX_URL", "FAXBOT_MAX_PAGES", "SLACK_APP_TOKEN"}


@pytest.mark.parametrize("written", ["U1,U2", "U1, U2", " U1  U2 ", "U1 ,U2,"])
def test_lists_are_split_at_commas_and_spaces(given, written: str):
    """However a list is written, its words are the same."""
    given(FAXBOT_ADMINS=written, FAXBOT_BLOCKED=written, FAXBOT_ALLOWED=written)
    settings = load_settings()
    assert settings.faxbot_admins == ("U1", "U2")
    assert settings.plan.blocked == settings.plan.allowed == ("U1", "U2")


def test_modems_are_pairs(given):
    """A modem and its line, as many as there are."""
    given(FAXBOT_MODEMS="ttyIAX2=2, ttyIAX7=1")
    assert load_settings().modems == {"ttyIAX2": "2", "ttyIAX7": "1"}


def test_polls_go_down_to_a_fifth_of_a_second(given):
    """The fastest pace is 0.2 s."""
    given(FAXBOT_POLL_ACTIVE_SECONDS="0.2", FAXBOT_INBOX_SECONDS="0.2")
    assert load_settings().faxbot_poll_active_seconds == 0.2


def test_a_file_named_dotenv_is_read_and_the_environment_wins(given, tmp_path: Path):
    """`.env` in the folder counts where the environment says nothing; what it says besides is ignored."""
    given(UCX_URL=None)
    Path(".env").write_text("UCX_URL=http://from-file\nUCX_CLIENT_ID=from-file\nSOMETHING_ELSE=1\n")
    settings = load_settings()
    assert settings.ucx_url == "http://from-file"
    assert settings.ucx_client_id == "faxbot"


def test_a_database_address_is_taken_as_written(given):
    """DATABASE_URL replaces the file in the data directory."""
    given(DATABASE_URL="sqlite:////srv/fax.db", FAXBOT_DATA_DIR="/srv/faxbot")
    assert load_settings().database == "sqlite:////srv/fax.db"


def test_a_small_region_is_a_region(given):
    """`gb` means GB."""
    given(FAXBOT_REGION="gb")
    assert load_settings().plan.region == "GB"


def test_secrets_do_not_show_in_the_settings(given):
    """Printed settings, in a log or a traceback, hold no secret."""
    given()
    shown = repr(load_settings())
    assert not any(secret in shown for secret in SECRETS.values())
