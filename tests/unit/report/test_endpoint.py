import pytest

from catalog.providers.described.description import read, shipped
from catalog.report.endpoint import endpoint


@pytest.mark.parametrize(
    ("listed", "chat", "expected"),
    [
        (
            "https://api.example/v1/models",
            "chat/completions",
            (
                "## API Endpoint\n\n"
                "- **Base URL:** `https://api.example/v1`\n"
                "- **Chat completions:** `POST https://api.example/v1/chat/completions`\n"
                "- **Models list:** `GET https://api.example/v1/models`"
            ),
        ),
        (
            "https://api.example/fleet",
            "/other/chat",
            (
                "## API Endpoint\n\n"
                "- **Base URL:** `https://api.example`\n"
                "- **Chat completions:** `POST https://api.example/other/chat`\n"
                "- **Models list:** `GET https://api.example/fleet`"
            ),
        ),
        (
            "https://api.example/",
            None,
            (
                "## API Endpoint\n\n"
                "- **Base URL:** `https://api.example`\n"
                "- **Models list:** `GET https://api.example/`"
            ),
        ),
    ],
)
def test_the_addresses_are_complete(listed: str, chat: str | None, expected: str) -> None:
    """Each address can be copied, and unknown chat completions are left out."""
    assert endpoint(listed, chat) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("openai", "POST https://a.example/v1/chat/completions"),
        ("openrouter", "POST https://a.example/api/v1/chat/completions"),
        ("anthropic", "POST https://a.example/v1/messages"),
        ("models.dev", None),
    ],
)
def test_a_shipped_kind_knows_its_chat_completions(kind: str, expected: str | None) -> None:
    """The kinds that answer chats give the complete address of their route."""
    description = read(shipped(kind))
    text = endpoint(f"https://a.example{description.route}", description.chat)
    assert (f"`{expected}`" in text) if expected else ("POST" not in text)
