"""Names in code that count as uses of the provider's models."""

from dataclasses import replace

import pytest

from catalog.check.counting import divide
from catalog.check.scan.scan import scan_text
from catalog.check.suggest import Suggestions
from tests.support.builders import model, snapshot
from tests.support.check_builders import day, listing, scanned, shipped, use

FOUND = Suggestions(shipped())
ABOUT = "infomaniak"


def judged(path: str, text: str, others: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """Return the counted names of a text, and reasons for the others."""
    known = frozenset(FOUND.listing.names)
    counted, uncounted = divide([scan_text(path, text, known, (ABOUT,), others)], FOUND)
    uses = [use.means or use.name for each in counted for use in each.uses]
    return uses, [f"{each.name}: {each.reason}" for each in uncounted]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'completion(model="{}")'),
        ("a.js", "chat({{ model: '{}' }})"),
        ("a.yaml", "model: {}\n"),
        ("a.toml", 'model = "{}"\n'),
        (".env", "MODEL={}\n"),
        ("a.sh", "tool --model {}\n"),
        ("a.rb", 'model = "{}"\n'),
        ("a.json", '{{"model": "{}"}}'),
    ],
)
@pytest.mark.parametrize("name", ["qwen3", "google/gemma-4-31B-it"])
@pytest.mark.parametrize(
    "prefix",
    ["", "openai/", "custom_openai/", "hosted_vllm/", "litellm_proxy/", "openai:", "infomaniak/",
     "Infomaniak:", "litellm_proxy/openai/"],
)  # fmt: skip
def test_a_routing_prefix_is_removed(path: str, text: str, name: str, prefix: str) -> None:
    """A known name after prefixes of gateways or the provider is a use in every language."""
    assert judged(path, text.format(prefix + name)) == ([name], [])


def test_a_name_that_is_listed_with_its_prefix_stays_whole() -> None:
    """The whole string is tried first, because a vendor's prefix is part of the name."""
    assert judged("a.py", 'x = "openai/gpt-oss-120b"')[0] == ["openai/gpt-oss-120b"]
    assert judged("a.py", 'x = "openai/openai/gpt-oss-120b"')[0] == ["openai/gpt-oss-120b"]


def test_a_model_has_its_name_with_and_without_models() -> None:
    """If a catalog lists models/x, code may use x, also with a routing prefix."""
    known = listing(snapshot(model("1", name="models/pro-2"), at=day("2026-05-01")))
    for name in ("pro-2", "models/pro-2", "mine/pro-2", "mine:pro-2"):
        text = f'model = "{name}"'
        file = scan_text("a.py", text, frozenset(known.names), ("mine",))
        assert [use.means for use in file.uses] == ["models/pro-2"]


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o-mini", "openai/gpt-4o", "o3-mini", "claude-3-5-sonnet-latest", "sonar", "glm-4.6",
        "mistral-small-latest", "llama-3.3-70b-versatile", "nomic-embed-text", "gemini-2.5-pro",
        "groq/qwen3-32b", "ollama:llama3", "llama3.1:8b", "llama3:latest", "qwen/qwen3:free",
        "azure/prod", "anthropic.claude-v2", "meta-llama/Llama-3.3-70B-Instruct", "x-ai/grok-4",
    ],
)  # fmt: skip
def test_names_of_others_do_not_count(name: str) -> None:
    """A name that only other providers serve is not a use, even in a file about the provider."""
    uses, reasons = judged("a.py", f'# {ABOUT}\nmodel = "{name}"\n')
    assert uses == []
    assert len(reasons) == 1


def test_a_name_of_another_catalog_does_not_count() -> None:
    """A name that another provider's stored catalog lists is not a use."""
    known = listing(snapshot(model("1", name="argo-1"), at=day("2026-05-01")))
    known = replace(known, others={"argo-2": "mars"})
    file = scan_text("a.py", '# ours\nmodel = "argo-2"', frozenset(known.names), ("ours",))
    _, (uncounted,) = divide([file], Suggestions(known))
    assert uncounted.reason == "mars's catalog has this name"


def test_a_family_that_the_provider_has_is_its_own() -> None:
    """If the provider lists a name of a family, an unknown name of that family is reported."""
    known = listing(snapshot(model("1", name="glm-4.6"), at=day("2026-05-01")))
    for name, count in (("glm-9-new-thing", 1), ("sonar-pro", 0)):
        file = scan_text("a.py", f'# ours\nmodel = "{name}"', frozenset(known.names), ("ours",))
        ((counted,), _) = divide([file], Suggestions(known))
        assert len(counted.uses) == count


def test_another_configured_provider_is_named_by_its_prefix() -> None:
    """A prefix or key of another configured provider assigns the name to that provider."""
    for text in ('model = "router/qwen3"', 'f(provider="router", model="qwen3")'):
        assert judged("a.py", f"# {ABOUT}\n{text}", ("router",))[0] == []


BESIDE = [
    ("a.py", 'OpenAI(base_url="https://api.groq.com/openai/v1").chat(model="qwen3")'),
    ("a.py", 'c = OpenAI(base_url="https://api.groq.com")\nc.chat.create(model="qwen3")'),
    ("a.py", 'self.c = OpenAI("https://api.groq.com")\nself.c.chat.create(model="qwen3")'),
    ("a.py", 'c: X = await Groq()\nc.chat.create(model="new-name")'),
    ("a.py", 'with Groq() as c, x:\n    c.chat.create(model="qwen3")'),
    ("a.py", 'completion(model="mixtral", api_base="https://api.groq.com/openai/v1")'),
    ("a.py", 'x = {"provider": "mistral", "model": "mixtral"}'),
    ("a.py", 'x = dict(model_provider="perplexity", model="new-name")'),
    ("a.py", 'x = {"groq": {"models": ["llama3", {"id": "qwen3"}]}, "x": f(model=None)}'),
    ("a.py", 'ChatGroq(model="mixtral")'),
    ("a.py", 'ollama.chat(model="llama3")'),
    ("a.py", 'Mistral(api_key=k).chat.complete(model="new-name")'),
    ("a.py", 'GROQ_MODEL = "llama3"'),
    ("a.py", 'PROVIDER = "groq"\nMODEL = "llama3"'),
    ("a.py", 'class GroqSettings:\n    model: str = "llama3"'),
    ("a.py", 'def ask_groq(model="llama3"): ...'),
    ("a.js", 'generateText({ model: groq("llama3") })'),
    ("a.js", 'const c = new OpenAI({ baseURL: "https://api.groq.com" });\nc.x({ model: "qwen3" })'),
    ("a.js", 'x = { model: "mixtral", provider: "mistral" }'),
    ("a.js", 'x = { model: "llama3", options: { baseURL: "https://api.groq.com/openai/v1" } }'),
    ("a.js", 'x = { provider: "groq", inner: { deep: [{ model: "llama3" }] } }'),
    ("a.json", '{"provider": {"groq": {"models": {"llama3": {}}}}}'),
    ("a.json", '{"npm": "@ai-sdk/x-ai", "models": {"llama3": {}}}'),
    ("a.yaml", "provider: mistral\nmodel: mixtral\n"),
    ("a.yaml", "groq:\n  models:\n    - llama3\n    - new-name\n"),
    ("a.yaml", "- name: groq\n  model: qwen3\n"),
    ("a.yaml", "- model_name: mixtral\n  litellm_params: {model: groq/mixtral-8x7b}\n"),
    ("a.toml", 'model = "new-name"\nmodel_provider = "perplexity"\n'),
    ("a.toml", '[providers.groq]\nmodel = "llama3"\n'),
    (".env", "LLM_PROVIDER=groq\nLLM_MODEL=llama3\n"),
    (".env", "OPENAI_BASE_URL=https://api.groq.com/openai/v1\nOPENAI_MODEL=llama3\n"),
    ("a.ini", "[groq]\nmodel = llama3\n"),
    ("a.sh", "ollama run --model llama3\n"),
    ("a.sh", 'curl https://api.groq.com/v1 -d \'{"model": "llama3"}\'\n'),
    ("a.php", '$x = C::make()->withBaseUri("https://api.groq.com")->chat(["model" => "llama3"]);'),
    ("a.rb", 'x = { provider: "mistral", model: "mixtral" }'),
    ("a.go", 'c := Config{BaseURL: "https://api.groq.com/openai/v1", Model: "llama3"}'),
    ("a.java", 'OllamaChatModel.builder().modelName("llama3").build();'),
    ("a.kt", 'val m = Config(baseUrl = "http://localhost:11434/v1", model = "llama3")'),
    ("a.cs", 'new Options { Endpoint = "https://x.openai.azure.com", Model = "llama3" };'),
    ("a.rs", 'Config { base_url: "https://api.groq.com", model: "llama3" }'),
]


@pytest.mark.parametrize(("path", "text"), BESIDE)
def test_another_provider_beside_a_name_takes_it(path: str, text: str) -> None:
    """A name beside another provider's address, key or client is not a use of ours."""
    mark = {".js": "//", ".go": "//", "java": "//", ".kt": "//", ".cs": "//", ".rs": "//"}
    before = mark.get(path[-4:], mark.get(path[1:], "#")) if path != "a.json" else "//"
    assert judged(path, f"{before} {ABOUT}\n{text}")[0] == []


@pytest.mark.parametrize(
    "text",
    [
        'from groq import Groq\nmodel = "llama3"',
        'import ollama\nmodel = "llama3"',
        'from langchain_mistralai import ChatX\nmodel = "llama3"',
        'from x import ChatGroq\nmodel = "llama3"',
        'GROQ_URL = "https://api.groq.com/openai/v1"\nmodel = "llama3"',
    ],
)
def test_a_file_that_calls_another_provider(text: str) -> None:
    """In a file that only calls another provider, a name belongs to that provider."""
    assert judged("a.py", text)[0] == []
    assert judged("a.py", f"{text}  # {ABOUT}")[0] == ["llama3"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'X = {"groq": {"model": "qwen3"}, "infomaniak": {"model": "llama3"}}'),
        (
            "a.py",
            """a = OpenAI(base_url="https://api.groq.com")
b = OpenAI(base_url="https://api.infomaniak.com/2/ai/1/openai/v1")
b.chat.create(model="llama3")
a.chat.create(model="qwen3")""",
        ),
        ("a.py", 'completion(model="llama3", provider="groq", url="https://api.infomaniak.com")'),
        ("a.js", 'x = { groq: { model: "qwen3" }, infomaniak: { model: "llama3" } }'),
        ("a.yaml", "groq:\n  model: qwen3\ninfomaniak:\n  model: llama3\n"),
        (".env", "GROQ_BASE_URL=https://api.groq.com\nINFOMANIAK_MODEL=llama3\nGROQ_MODEL=qwen3\n"),
        ("a.toml", '[groq]\nmodel = "qwen3"\n[infomaniak]\nmodel = "llama3"\n'),
    ],
)
def test_two_providers_have_their_own_names(path: str, text: str) -> None:
    """In a file with two providers, each name belongs to the provider beside it."""
    assert judged(path, text)[0] == ["llama3"]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('model = "flux"', False),
        ('x = {"brand": "Fender", "model": "granite", "price": 3}', False),
        ('# infomaniak\nx = {"sku": 3, "model": "granite"}', False),
        ('import openai\nbrand = "x"\nmodel = "granite"', False),
        ('Car(make="Kia", model="reasoning")', False),
        ('# infomaniak\nmodel = "granite"', True),
        ('import openai\nmodel = "granite"', True),
        ('AI_MODEL = "granite"', True),
        ('client.audio.transcriptions.create(model="whisper", file=f)', True),
        ('x = {"model": "granite", "price": 3, "max_tokens": 5}', True),
        ('x(model="granite", price_per_token=1, messages=[])', True),
        ('x = f(model="whisper", url="https://api.infomaniak.com")', True),
        ('# infomaniak\nx = {"brand": "Toyota", "model": "corolla"}', False),
        ('model = "mixtral"', True),
    ],
)
def test_a_common_word_counts_beside_models(text: str, counts: bool) -> None:
    """A word such as granite counts only if the file mentions models, and not beside goods."""
    uses, reasons = judged("a.py", text)
    assert (len(uses), len(reasons)) == ((1, 0) if counts else (0, 1))


def test_a_common_word_counts_beside_a_known_name() -> None:
    """A common word counts if the file has another name of the provider."""
    assert judged("a.py", 'MODELS = ["llama3", "whisper"]')[0] == ["llama3", "whisper"]


@pytest.mark.parametrize(
    ("name", "about", "project", "counts"),
    [
        ("Qwen/Qwen3-Embeding-8B", False, False, True),
        ("openai/Qwen/Qwen3-Embeding-8B", False, False, True),
        ("something-new", True, True, True),
        ("something-new", False, True, False),
        ("Qwen/Qwen3-Embedding-9B", False, True, True),
        ("Qwen/Qwen3-Embedding-9B", False, False, False),
        ("default", True, True, False),
        ("your-model", True, True, False),
    ],
)
def test_an_unknown_name_counts_if_meant_for_the_provider(
    name: str,
    about: bool,
    project: bool,
    counts: bool,  # columns of the table
) -> None:
    """An unknown name counts in a file about the provider, or if it is a misspelled name."""
    text = f'{"# infomaniak" if about else ""}\nmodel = "{name}"'
    files = [scan_text("a.py", text, frozenset(FOUND.listing.names), (ABOUT,))]
    files += [scanned(use("qwen3", path="b.py"), about=True)] if project else []
    counted, _ = divide(files, FOUND)
    assert (len(counted[0].uses) == 1) is counts


def test_prose_always_counts() -> None:
    """A mention in prose counts even beside another provider."""
    text = "The model `qwen3` of groq.\n"
    assert judged("a.md", text)[0] == ["qwen3"]


def test_long_names_and_deep_groups_end_the_search() -> None:
    """A very long call name and a very distant sign have no effect, and nothing fails."""
    long = f"{'a' * 300}(model='llama3')"
    deep = f"{'groq(x(' + 'f(y=g(' * 9}model='llama3'{')' * 20}"
    assert judged("a.py", f"# {ABOUT}\n{long}")[0] == ["llama3"]
    assert judged("a.py", f"# {ABOUT}\n{deep}")[0] == ["llama3"]
    routes = f'model = "{"openai/" * 5}qwen3"'
    assert judged("a.py", f"# {ABOUT}\n{routes}")[0] == [f"{'openai/' * 5}qwen3"]
    dots = f"{'a.' * 40}chat(model='llama3')"
    assert judged("a.py", f"# {ABOUT}\n{dots}")[0] == ["llama3"]


@pytest.mark.parametrize(("path", "text"), [
    ("a.py", "x = f(api='https://api.groq.com/v1', model='qwen3')\n"),
    ("a.js", "f({ api: 'https://api.groq.com/v1', model: 'qwen3' })\n"),
    ("a.yaml", "api: https://api.groq.com/v1\nmodel: qwen3\n"),
])  # fmt: skip
def test_an_address_counts_below_a_plain_key(path: str, text: str) -> None:
    """An address of another provider counts also under a key such as `api`."""
    assert judged(path, text) == ([], ["qwen3: groq is named beside it"])


def test_each_name_of_another_family_has_the_reason() -> None:
    """Each of several names of one family is listed with the provider of the family."""
    text = f"# {ABOUT}\nmodel = 'claude-3-opus'\nmodel = 'claude-4-opus'\n"
    assert judged("a.py", text) == (
        [],
        [f"claude-{n}-opus: anthropic has names like this" for n in (3, 4)],
    )


def test_a_very_long_command_is_no_provider() -> None:
    """A program with a very long path does not hide the name that it is called with."""
    program = f"/{'groq/' * 50}tool"
    assert judged("a.sh", f"{program} --model qwen3\n") == (["qwen3"], [])


def test_broken_code_counts_what_is_complete() -> None:
    """A variable without a value and an unclosed table hide no other name."""
    assert judged("a.py", "model: str\nmodel = 'qwen3'\n")[0] == ["qwen3"]
    assert judged("a.toml", 'model = "qwen3"\n[a')[0] == ["qwen3"]
