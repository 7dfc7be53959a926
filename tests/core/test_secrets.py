"""Texts without passwords, keys and tokens."""

import io
import logging
from typing import Any

import pytest

from paraisite.core.secrets import DiscreetFormatter, DiscreetStream, find_secrets, hide_secrets, names_secret


def test_secrets_are_found_by_name_and_in_addresses() -> None:
    environment = {
        "MP_API_KEY": "kk11kk11",
        "MLFLOW_TRACKING_PASSWORD": "tr0ub4dor",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
        "HTTPS_PROXY": "http://maria:pr0xy%40word@proxy:3128",
        "UV_INDEX_URL": "https://t0ken123@index/simple",
        "AZURE_STORAGE": "https://store/?token=qu3ry-token&x=1",
        "TOKENIZERS_PARALLELISM": "false",
        "EMPTY_PASSWORD": "",
        "HOME": "/home/maria",
    }
    assert find_secrets(environment) == {
        "kk11kk11",
        "tr0ub4dor",
        "wJalrXUtnFEMI/K7MDENG",
        "pr0xy%40word",
        "pr0xy@word",
        "t0ken123",
        "qu3ry-token",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mlflow ui --backend-store-uri postgresql://u:p%2Fw@host/db", "mlflow ui --backend-store-uri postgresql://***@host/db"),
        ("in postgresql://u:p/w?o#r@host/db", "in postgresql://***@host/db"),
        ("see http://host:5000/a@b and mailto", "see http://host:5000/a@b and mailto"),
        ("see https://host/a@b and mailto", "see https://host/a@b and mailto"),
        ("https://host/?api_key=abcdef&n=3", "https://host/?api_key=***&n=3"),
        ("https://host/?access_token=abcdef&sslpassword=g;Pwd=h&sig=i%2Fj", "https://host/?access_token=***&sslpassword=***;Pwd=***&sig=***%2Fj"),
        ("mssql+pyodbc:///?odbc_connect=UID%3Du%3BPWD%3Dabc%3B", "mssql+pyodbc:///?odbc_connect=UID%3Du%3BPWD%3D***%3B"),
        ("joe:n0-scheme-1@host:5000", "joe:***@host:5000"),
        ("in tr0ub4dor out", "in *** out"),
        ("Bearer%20tr0ub4dor", "Bearer%20***"),
        (repr("line\ntr0ub4dor"), r"'line\n***'"),
        ("the word platform, platforms", "the word ***, platforms"),
        ("as pässwörd or p%C3%A4ssw%C3%B6rd", "as *** or ***"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("GPTG15@champion, 7.19 W/m/K", "GPTG15@champion, 7.19 W/m/K"),
    ],
)  # fmt: skip
def test_texts_lose_secrets_and_nothing_else(text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "tr0ub4dor")
    monkeypatch.setenv("OTHER_PASSWORD", "platform")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "joe:n0-scheme-1@host:5000")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%C3%A4ssw%C3%B6rd@host/db")
    assert hide_secrets(text) == expected


def test_names_of_settings_are_no_secrets() -> None:
    assert names_secret("mp_api_key")
    assert not any(names_secret(name) for name in ("epochs", "split_seeds", "monkey_count", "tokens_per_second"))


def test_logs_and_tracebacks_hold_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_API_KEY", "kk11kk11")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(DiscreetFormatter("%(message)s"))
    logger = logging.Logger("elsewhere")
    logger.addHandler(handler)
    try:
        raise ValueError("key kk11kk11 refused")
    except ValueError:
        logger.exception("at %s", "http://u:pw@host")
    assert "ValueError: key *** refused" in stream.getvalue()
    assert "at http://***@host" in stream.getvalue()


def test_a_stream_hides_what_any_package_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_API_KEY", "kk11kk11")
    stream = io.StringIO()
    discreet: Any = DiscreetStream(stream)
    print("key kk11kk11", file=discreet)
    discreet.writelines(["kk11kk11", " kk11kk11."])
    assert stream.getvalue() == "key ***\n*** ***."
    assert discreet.isatty() is False


def test_a_stream_survives_what_it_cannot_encode() -> None:
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding="ascii", write_through=True)
    discreet: Any = DiscreetStream(stream)
    print("κ of \udcff", file=discreet)
    assert content.getvalue() == b"\\u03ba of \\udcff\n"
