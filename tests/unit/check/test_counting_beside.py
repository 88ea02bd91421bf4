"""Surroundings of a name that show its provider."""

import pytest

from catalog.check.scan.vendors import LONGEST, of_key, of_path
from tests.unit.check.test_counting import judged

CHAT = 'client.chat.completions.create(model="llama3")\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'MODELS = {"groq": "qwen3", "ollama": ["llama3"], "infomaniak": "mixtral"}'),
        ("a.py", 'models = {P.GROQ: "qwen3", 5: 6, **x, P.INFOMANIAK: "mixtral"}'),
        ("a.py", 'models = {"groq": {"name": "qwen3"}, "infomaniak": {"name": "mixtral"}}'),
        ("a.ts", "const MODELS = { groq: 'qwen3', ollama: ['llama3'], infomaniak: 'mixtral' };"),
        ("a.ts", "const models = { [P.Groq]: 'qwen3', [P.Infomaniak]: 'mixtral' };"),
        ("a.go", 'var models = map[string]string{"groq": "qwen3", "infomaniak": "mixtral"}'),
        ("a.json", '{"models": {"groq": "qwen3", "infomaniak": "mixtral"}}'),
        ("a.php", "$models = ['groq' => 'qwen3', 'infomaniak' => 'mixtral'];"),
        ("a.rb", 'MODELS = { groq: "qwen3", infomaniak: "mixtral" }'),
        ("a.toml", '[models]\ngroq = "qwen3"\ninfomaniak = "mixtral"\n'),
        ("a.yaml", "models:\n  groq: qwen3\n  ollama: [llama3]\n  infomaniak: mixtral\n"),
        ("a.yaml", "models:\n  groq: {name: qwen3}\n  infomaniak: {name: mixtral}\n"),
    ],
)
def test_the_key_of_a_mapping_names_the_provider(path: str, text: str) -> None:
    """In a mapping from providers to models, each model belongs to its key."""
    assert judged(path, text)[0] == ["mixtral"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'llm = init_chat_model("llama3", model_provider="ollama")'),
        ("a.py", 'model = load("llama3", base_url="https://api.groq.com/v1")'),
        ("a.py", f'client = OpenAI(base_url=os.environ["OLLAMA_URL"])\n{CHAT}'),
        ("a.py", f'client = OpenAI(api_key=os.getenv("GROQ_API_KEY"), base_url=x)\n{CHAT}'),
        ("a.py", 'llm = Chat(model="llama3", openai_api_key=settings.groq_api_key)'),
        ("a.py", 'CONFIG = {"model": {"name": "qwen3", "provider": "groq"}}'),
        ("a.yaml", "model:\n  id: qwen3\n  provider: groq\n"),
        ("a.ts", "chat({ apiKey: process.env.GROQ_API_KEY!, model: 'llama3' })"),
        ("a.ts", "chat({ apiKey: process.env['GROQ_API_KEY'], model: 'llama3' })"),
        (
            "a.ts",
            "const c = new OpenAI({ baseURL: env.OLLAMA_HOST });\nc.chat({ model: 'llama3' })",
        ),
        ("a.go", 'c := Config{BaseURL: os.Getenv("OLLAMA_HOST"), Model: "llama3"}'),
        ("a.rb", 'c = Client.new(access_token: ENV.fetch("GROQ_API_KEY"), model: "llama3")'),
        ("a.php", "$c = ['api_key' => env('GROQ_API_KEY'), 'model' => 'llama3'];"),
        ("a.tf", 'module "ollama" {\n  model = "llama3"\n}\n'),
        ("a.sh", "vllm serve openai/gpt-oss-120b\n"),
        ("a.py", 'from vllm import LLM\nLLM(model="openai/gpt-oss-120b")\n'),
        ("a.py", 'snapshot_download("openai/gpt-oss-120b")\n'),
    ],
)
def test_a_call_or_setting_names_another_provider(path: str, text: str) -> None:
    """A name beside another provider's address or key, or in a local run, is not a use."""
    uses, reasons = judged(path, text)
    assert uses == []
    assert len(reasons) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'chat(model="llama3", api_key=env["INFOMANIAK_KEY"], base_url=env["OLLAMA_URL"])'),
        (
            "a.ts",
            "a({ apiKey: env.OPENAI_API_KEY, model: 'llama3' });\nb({ apiKey: env.GROQ_KEY });",
        ),
        ("a.ts", "chat({ name: env('GROQ_X'), model: 'llama3' });"),
    ],
)
def test_a_setting_of_ours_or_elsewhere_does_not(path: str, text: str) -> None:
    """Our own key wins, and a key of another call has no effect."""
    assert judged(path, text)[0] == ["llama3"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.yaml",
            (
                "model_list:\n  - model_name: chat\n    litellm_params:\n"
                "      model: openai/qwen3\n      api_base: https://api.infomaniak.com/x\n"
            ),
        ),
        (
            "a.py",
            (
                'Router(model_list=[{"model_name": "chat", "litellm_params":'
                ' {"model": "openai/qwen3", "api_base": "https://api.infomaniak.com/x"}}])'
            ),
        ),
        (
            "a.json",
            (
                '{"model_list": [{"model_name": "chat", "litellm_params":'
                ' {"model": "openai/qwen3", "api_base": "https://api.infomaniak.com/x"}}]}'
            ),
        ),
    ],
)
def test_a_name_made_up_for_a_gateway_is_no_use(path: str, text: str) -> None:
    """The name that a gateway gives to a model is not a use, but the one in its parameters is."""
    assert judged(path, text) == (["qwen3"], [])


@pytest.mark.parametrize(
    "text",
    [
        """if provider == "groq":
    model = "qwen3"
elif self.provider == Provider.INFOMANIAK:
    chat(model="mixtral")
""",
        """match provider:
    case "ollama":
        model = "llama3"
    case Provider.INFOMANIAK:
        model = "mixtral"
    case _:
        model = unknown
""",
        'if provider == "groq":\n    model = "qwen3"\nelse:\n    model = "mixtral"\n',
        'if provider != "groq":\n    model = "mixtral"\n',
        'if theme == "groq":\n    model = "mixtral"\n',
    ],
)
def test_a_branch_for_a_provider_has_its_names(text: str) -> None:
    """Names in a Python branch for a provider belong to it, and those in other branches do not."""
    assert judged("a.py", text)[0] == ["mixtral"]


def test_a_path_that_is_too_long_names_no_provider() -> None:
    """The name of a call is read up to a maximum length, and a key by its words."""
    assert of_path("groq." + "x" * LONGEST) is None
    assert of_path("clients.groq") == "groq"
    assert of_key("@ai-sdk/groq") == "groq"
