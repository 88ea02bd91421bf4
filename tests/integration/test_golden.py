from tests.support.golden import GOLDEN, OWN, documents

DECEMBER = GOLDEN / "2025-12-23T101655Z.md"


def test_the_documents_of_the_shipped_history_are_the_golden_ones() -> None:
    """Each capture gives its golden document, and docs/models.md is the last one."""
    made = {name: text.encode() for name, text in documents()}
    assert made == {path.name: path.read_bytes() for path in GOLDEN.glob("*.md")}
    assert OWN.read_bytes() == made[max(made)]


def test_the_document_has_the_rows_of_december_2025() -> None:
    """The overview of 2025-12-23 has exactly the rows that its readers know."""
    lines = DECEMBER.read_text(encoding="utf-8").split("\n")
    head = "| Model Name | Model ID | Description | Max Tokens | Status |"
    beta, stable = (index for index, line in enumerate(lines) if line == head and index < 40)
    assert lines[beta - 2] == "### Beta Models"
    assert lines[beta + 2 : beta + 5] == [
        (
            "| Apertus-70B | `swiss-ai/Apertus-70B-Instruct-2509` | Swiss-specific model"
            " | 65,536 | Beta |"
        ),
        "| GPT-OSS-120B | `openai/gpt-oss-120b` | OpenAI open source model | 131,072 | Beta |",
        "",
    ]
    assert lines[stable - 2] == "### Stable Models"
    assert lines[stable + 2 : stable + 8] == [
        "| Llama 3.3 | `llama3` | Meta's open source LLM | 100,000 | Ready |",
        "| Granite 3.1 | `granite` | IBM's granite-3.1-8b | 128,000 | Ready |",
        (
            "| Mistral Small 3.2 | `mistral3` | Mistral-Small-3.2-24B-Instruct-2506"
            " | 128,000 | Ready |"
        ),
        "| Qwen3 VL | `qwen3` | Qwen/Qwen3-VL-235B-A22B-Instruct (multimodal) | 262,144 | Ready |",
        "| Gemma 3n | `gemma3n` | Gemma-3n-E4B-it | 32,000 | Ready |",
        "",
    ]
    assert "| Whisper | `whisper` | Audio transcription model | Ready |" in lines
    assert "| Flux | `flux` | Advanced image generation | Ready |" in lines
