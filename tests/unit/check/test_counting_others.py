"""Names of other providers, and public names, in files about any provider."""

import pytest

from tests.unit.check.test_counting import ABOUT, judged


@pytest.mark.parametrize(
    "name",
    [
        "phi-4", "hermes-4-70b", "nova-pro-v1", "llama-3.1-8b-instruct", "mixtral-8x22b-instruct",
        "nemotron-nano", "granite-4.0-h-micro", "palmyra-x5", "amazon/nova-pro-v1",
        "some-lab/some-model-7b", "qwen/qwen3.6-plus", "mistralai/mistral-large-2407",
        "google/gemini-9", "some-new-versatile", "qwen/qwen3:free", "openai/gpt-oss-120b:free",
        "gemma-4-31b-it:free",
    ],
)  # fmt: skip
def test_in_a_file_about_the_provider(name: str) -> None:
    """Another provider's family, organization, spelling or tag shows that a name is not ours."""
    uses, reasons = judged("a.py", f'# {ABOUT}\nmodel = "{name}"\n')
    assert uses == []
    assert len(reasons) == 1


@pytest.mark.parametrize(
    "name",
    [
        "google/gemma-4-31b-it", "gemma-4-31b-it", "gpt-oss-120b", "moonshotai/kimi-k2.6",
        "qwen3-vl-235b-a22b-instruct", "Qwen/Qwen3-VL-235B-A22B-Thinking",
    ],
)  # fmt: skip
def test_a_public_name_counts_only_where_the_provider_is_meant(name: str) -> None:
    """The public name of a known model counts as misspelled only in a file about the provider."""
    assert judged("a.py", f'model = "{name}"\n')[0] == []
    assert judged("a.py", f'# {ABOUT}\nmodel = "{name}"\n')[0] == [name]


@pytest.mark.parametrize("name", ["mixtrl", "Mixtral", "openai/gpt-os-120b"])
def test_a_misspelled_name_counts_anywhere(name: str) -> None:
    """A misspelled name of the provider is a use in any file."""
    assert judged("a.py", f'model = "{name}"\n')[0] == [name]


def test_an_organization_of_ours_counts_beside_our_address() -> None:
    """An unknown name of an unknown organization counts in a call of the provider."""
    text = 'chat(model="some-lab/some-model", base_url="https://api.infomaniak.com")\n'
    assert judged("a.py", text)[0] == ["some-lab/some-model"]
