import pytest

from catalog.check.scan.places import is_flag, limit, owner, place

SURE = [
    "model", "MODEL", "model_id", "modelId", "model-name", "DEFAULT_MODEL", "defaultModel",
    "chat_model", "embeddingModel", "OPENAI_MODEL", "spring.ai.model", "modelSlug", "LLMModel",
]  # fmt: skip
SEVERAL = ["models", "MODELS", "allowed_models", "modelIds", "model_names", "model_list"]
MAYBE = ["llm", "DEFAULT_LLM", "MODEL_FAST", "model_for_chat", "llm_name"]
NEVER = [
    "", "remodel", "modeled", "modeling", "data_model", "AUTH_USER_MODEL", "view_models",
    "model_type", "modelPath", "model_config_dict", "AWS::ApiGateway::Model", "the model", "style",
]  # fmt: skip


@pytest.mark.parametrize("name", SURE)
def test_one(name: str) -> None:
    """Any string in such a place is the name of one model."""
    assert place(name) == (False, True)


@pytest.mark.parametrize("name", SEVERAL)
def test_several(name: str) -> None:
    """Such a place takes several models."""
    assert place(name) == (True, True)


@pytest.mark.parametrize("name", MAYBE)
def test_maybe(name: str) -> None:
    """Such a place may contain a model's name or something else."""
    found = place(name)
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize("name", NEVER)
def test_never(name: str) -> None:
    """A word that contains `model` or describes one is not a place of a name."""
    assert place(name) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("MODEL", True), ("--model", True), ("-model", True), ("---model", False), ("a model", False)],
)
def test_flags(text: str, is_one: bool) -> None:
    """The name of a setting or an option is distinguished from other strings."""
    assert is_flag(text) is is_one


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("max_tokens", set()),
        ("maxOutputTokens", set()),
        ("context", set()),
        ("model_context_window", set()),
        ("max_model_len", set()),
        ("CHAT_MAX_TOKENS", {"chat"}),
        ("openai_context_length", {"openai"}),
        ("max_len", None),
        ("limit", None),
        ("tokens", None),
        ("max_retries", None),
        ("", None),
    ],
)
def test_limits(name: str, of: set[str] | None) -> None:
    """A limit in tokens is distinguished from other numbers, and has the words of its owner."""
    assert limit(name) == of


def test_owners() -> None:
    """The owner of a place is the words of its name without `model` and the like."""
    assert owner("EMBEDDING_MODEL_NAME") == {"embedding"}
    assert owner("model") == set()
