"""The one file of settings: defaults, checks, and errors that name the nearest known key."""

from pathlib import Path

import pytest

from rag import settings
from rag.errors import SettingsError
from rag.settings import Settings


def load(folder: Path, text: str | bytes) -> Settings:
    path = folder / "rag.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return settings.load(folder)


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    found = settings.load(tmp_path)
    assert found == Settings()
    assert (found.encoder, found.k, found.citations.strict) == ("bundled", 8, False)
    assert load(tmp_path, "") == Settings()


def test_what_is_set_is_read_and_the_rest_stays(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        'k = 12\nmodel = "모델"\n[citations]\nstrict = true\n'
        '[generation]\ntimeout = 30\nallow_remote_code = ["a/b"]\n',
    )
    assert (found.k, found.model, found.citations.strict) == (12, "모델", True)
    assert found.generation.timeout == 30.0
    assert found.generation.allow_remote_code == ("a/b",)
    assert found.encoder == Settings().encoder
    assert found.generation.answer_budget == Settings().generation.answer_budget


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbfk = 9\n").k == 9


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('encodr = "bundled"', "did you mean encoder"),
        ("[citation]\nstrict = true", "did you mean citations"),
        ("[citations]\nstric = true", r"did you mean citations\.strict"),
        ("[generation]\nbudget_answer = 1", r"generation\.budget_answer"),
        ("zzz = 1", "known are encoder, "),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named) as raised:
        load(tmp_path, text)
    assert "rag.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_value_that_is_none_of_the_known_ones_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='quantise must be one of "", "int8", "int4", not "4"'):
        load(tmp_path, '[generation]\nquantise = "4"')
    assert load(tmp_path, '[generation]\nquantise = "int4"').generation.quantise == "int4"


@pytest.mark.parametrize(
    "text",
    ['k = "8"', "k = 8.5", "k = true", "encoder = 3", "citations = true", "[citations]\nstrict = 1",
     '[generation]\ntimeout = "long"', "[generation]\nseed = false", "k = [8]",
     '[generation]\nallow_remote_code = "a/b"', "[model]\nname = 'x'"],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"rag\.toml: \S+ must be .*, not "):
        load(tmp_path, text)


@pytest.mark.parametrize("k", [0, -1, 101])
def test_k_has_limits(tmp_path: Path, k: int) -> None:
    with pytest.raises(SettingsError, match=f"k is {k}; it must be from 1 to 100"):
        load(tmp_path, f"k = {k}")


@pytest.mark.parametrize(
    "text", ["k = ", "[citations", "k = 8\nk = 9", b"\xff\xfe\x00", "k = 8 # 한글".encode("cp949")]
)
def test_what_is_not_toml_is_one_clear_line(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(SettingsError, match=r"rag\.toml: cannot be read as TOML") as raised:
        load(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_a_folder_in_place_of_the_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "rag.toml").mkdir()
    with pytest.raises(SettingsError, match=r"rag\.toml"):
        settings.load(tmp_path)


def test_the_home_is_the_option_else_the_variable_else_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "named"))
    assert settings.home(tmp_path / "given") == tmp_path / "given"
    assert settings.home() == tmp_path / "named"
    monkeypatch.chdir(tmp_path)
    assert settings.home(Path("here")) == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.home(Path("~/mine")) == tmp_path / "mine"
    monkeypatch.setenv("RAG_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert settings.home().name == "bilingual-rag"
    assert settings.home().is_absolute()
