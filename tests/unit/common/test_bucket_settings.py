from pathlib import Path

import pytest
from pydantic import SecretStr

from ai2text.common.bucket_settings import load_buckets, s3_settings_of, secret_at
from ai2text.common.errors import Misconfigured
from ai2text.common.settings import S3Settings

OWN = S3Settings(endpoint="own:9000", access_key="own", secret_key=SecretStr("own"), bucket="ai2text")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "sources.toml"
    monkeypatch.setenv("AI2TEXT_SOURCES_FILE", str(file))
    return file


def test_without_a_file_no_bucket_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AI2TEXT_SOURCES_FILE", raising=False)
    assert load_buckets() == ()


def test_each_table_is_a_watched_bucket(sources: Path) -> None:
    sources.write_text(
        """
        [[bucket]]
        name = "archive"
        bucket = "recordings"
        tags = ["a", "b"]
        sidecars = []
        disposition = "move"

        [[bucket]]
        name = "calls"
        bucket = "recordings"
        prefix = "calls/"
        """
    )
    archive, calls = load_buckets()
    assert (archive.tags, archive.sidecars, archive.disposition) == (("a", "b"), (), "move")
    assert (calls.name, calls.prefix, calls.tenant, calls.sidecars) == ("calls", "calls/", "default", ("txt", "srt"))
    assert s3_settings_of(calls, OWN) == OWN.model_copy(update={"bucket": "recordings"})


def test_keys_are_read_from_where_the_file_says(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("ARCHIVE_KEY", "known")
    sources.write_text(
        f"""
        [[bucket]]
        name = "archive"
        bucket = "recordings"
        endpoint = "other:9000"
        access_key = "env:ARCHIVE_KEY"
        secret_key = "file:{tmp_path}/secret"
        """
    )
    reached = s3_settings_of(load_buckets()[0], OWN)
    assert (reached.endpoint, reached.access_key, reached.secure) == ("other:9000", "known", True)
    assert reached.secret_key.get_secret_value() == "hidden"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('name = "a"\nbucket = "xyz"\nsidecar = []', "Did you mean sidecars"),
        ('name = "a"\nbucket = "xyz"\nsecret_key = "hunter2"', "secret_key"),
        ('name = "a"\nbucket = "xyz"\nendpoint = "other:9000"', "belong together"),
        ('name = "A B"\nbucket = "xyz"', "name"),
        ('name = "a"\nbucket = "xyz"\ntenant = "No Tenant"', "tenant"),
        ('name = "a"', "bucket"),
        ('name = "a"\nbucket = "xyz"\n[[bucket]]\nname = "a"\nbucket = "abc"', "Two places have the name 'a'"),
        ("name =", "no TOML"),
    ],
)
def test_a_faulty_table_is_named_with_what_is_wrong(sources: Path, table: str, said: str) -> None:
    sources.write_text(f"[[bucket]]\n{table}\n")
    with pytest.raises(Misconfigured, match=said) as raised:
        load_buckets()
    assert "hunter2" not in str(raised.value).replace("input_value", "")


def test_a_table_with_one_bracket_and_a_missing_file_are_named(sources: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_buckets()
    sources.write_text('[bucket]\nname = "a"')
    with pytest.raises(Misconfigured, match="two brackets"):
        load_buckets()


@pytest.mark.parametrize("reference", ["env:NOT_SET_ANYWHERE", "file:/not/there"])
def test_a_secret_that_is_not_there_is_named(reference: str) -> None:
    with pytest.raises(Misconfigured, match="the option: "):
        secret_at(reference, "the option")
