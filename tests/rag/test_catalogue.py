"""The catalogue: names find their families, templates tell what they can, bad data is named."""

import pytest

from rag.models.catalogue import CatalogueError, Family, find, from_template, load, parse

FAMILIES = load().families


def family(name: str) -> Family:
    return next(f for f in FAMILIES if f.name == name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen/Qwen3-0.6B", "qwen3"),
        ("Qwen/Qwen3-0.6B-GGUF", "qwen3"),
        ("qwen3:0.6b", "qwen3"),
        ("qwen3", "qwen3"),
        ("hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "qwen3"),
        ("/models/Qwen3-1.7B/", "qwen3"),
        (r"C:\모델\Qwen3-4B-Q8_0.gguf", "qwen3"),
        ("/c/hub/models--Qwen--Qwen3-0.6B/snapshots/c1899de289a04d12100db370", "qwen3"),
        ("Qwen/Qwen3-4B-Thinking-2507-FP8", "qwen3-thinking-2507"),
        ("qwen3:30b-a3b-thinking-2507-q4_K_M", "qwen3-thinking-2507"),
        ("Qwen/Qwen3-4B-Instruct-2507", "qwen3-instruct-2507"),
        ("Qwen/Qwen3.5-9B", "qwen3.5"),
        ("LGAI-EXAONE/EXAONE-Deep-7.8B-AWQ", "exaone-deep"),
        ("exaone-deep:7.8b", "exaone-deep"),
        ("LGAI-EXAONE/EXAONE-4.0-1.2B-GGUF", "exaone-4.0"),
        ("EXAONE-4.0.1-32B", "exaone-4.0"),
        ("LGAI-EXAONE/EXAONE-4.5-33B", "exaone-4.5"),
        ("LGAI-EXAONE/K-EXAONE-236B-A23B-FP8", "k-exaone"),
        ("deepseek-r1:14b", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1-0528"),
        ("bartowski/deepseek-ai_DeepSeek-R1-0528-Qwen3-8B-GGUF", "deepseek-r1-0528"),
        ("magistral:24b", "magistral-2506"),
        ("mistralai/Magistral-Small-2506_gguf", "magistral-2506"),
        ("mistralai/Magistral-Small-2509-GGUF", "magistral-2507"),
        ("XiaomiMiMo/MiMo-7B-RL-0530", "mimo-7b-rl"),
        ("upstage/Solar-Open-100B", "solar-open"),
        ("skt/A.X-4.0-Light", "ax-4.0"),
        ("naver-hyperclovax/HyperCLOVAX-SEED-Think-14B", "hyperclovax-seed-think-14b"),
        ("naver-hyperclovax/HyperCLOVAX-SEED-Think-32B", "hyperclovax-seed-think-32b"),
        ("kakaocorp/kanana-2-30b-a3b-thinking-2601", "kanana-2-thinking"),
        ("baidu/ERNIE-4.5-21B-A3B-Thinking", "ernie-4.5-thinking"),
        ("gpt-oss:20b", "gpt-oss"),
        ("unsloth/gpt-oss-120b-BF16", "gpt-oss"),
    ],
)  # fmt: skip
def test_a_name_finds_its_family(name, expected):
    found = find(name)
    assert found is not None and found.name == expected
    assert find(name.upper()) == find(name.lower()) == found


@pytest.mark.parametrize(
    "name",
    ["", "/", "meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-Embedding-0.6B", "Qwen2.5-7B",
     "LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct", "kakaocorp/kanana-2-30b-a3b-instruct",
     "/home/qwen3-8b-trials/models/final"],
)  # fmt: skip
def test_other_models_have_no_family(name):
    assert find(name) is None


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_each_family_is_found_by_pattern_too(family):
    """Derived names must lead to the same family as the exact ids do."""
    for checkpoint in family.checkpoints:
        assert find(checkpoint.id) == family
        assert find(f"someone/{checkpoint.id.split('/')[1]}-GGUF") == family


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_each_entry_makes_sense(family):
    assert family.source and family.checkpoints
    assert (family.opener == "never") is not family.reasons
    assert family.reasons is bool(family.markup.closing)
    assert (family.system == "vendor") is (family.system_file is not None)
    markup = family.markup
    for marker in (*markup.openers, *markup.closers, *markup.fillers, *markup.ends):
        assert marker == marker.lstrip(), "the splitter skips white space before a marker"


def test_names_and_ids_are_unique():
    names = [f.name for f in FAMILIES]
    ids = [c.id.casefold() for f in FAMILIES for c in f.checkpoints]
    patterns = [p for f in FAMILIES for p in f.names]
    for values in (names, ids, patterns):
        assert len(values) == len(set(values))
    assert patterns == [p.casefold() for p in patterns]


def test_facts_that_others_rely_on():
    assert family("exaone-deep").non_commercial
    assert family("exaone-deep").system == "none"
    assert family("exaone-4.0").switch.default_on is False
    assert family("hyperclovax-seed-think-14b").never_stop == ("<|im_end|>",)
    assert family("qwen3").switch.arguments(False) == {"enable_thinking": False}
    assert family("hyperclovax-seed-think-14b").switch.arguments(True) == {"force_reasoning": True}
    assert family("deepseek-r1").switch.arguments(False) == {}
    assert family("qwen3").sampling.top_k == 20
    assert [f.name for f in FAMILIES if f.keep_special_tokens] == [
        "magistral-2507", "gpt-oss", "solar-open", "hyperclovax-seed-think-14b",
    ]  # fmt: skip


def test_memory_and_context_of_a_checkpoint():
    small = family("exaone-4.0").checkpoint("exaone-4.0-1.2b")
    assert small is not None
    assert (small.bytes, small.context) == (2_400_000_000, 65536)
    assert family("qwen3").checkpoint("qwen3:0.6b") is family("qwen3").checkpoints[0]
    assert family("deepseek-r1").checkpoint("deepseek-r1:14b") is None


# --- templates (written in the manner of the vendors') -----------------------------------------

CHATML = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content }}{% endfor %}"
SPLIT = "{% set content = content.split('</think>')[-1] %}"
HYBRID = CHATML + SPLIT + (
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)  # fmt: skip
PREFILLED = (
    CHATML + SPLIT + "{% if add_generation_prompt %}{{'<|Assistant|><think>\\n'}}{% endif %}"
)
EITHER = CHATML + SPLIT + (
    "{% if add_generation_prompt %}{% if thinking %}{{ '<think>\\n' }}{% else %}"
    "{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}"
)  # fmt: skip
THOUGHT = "{% if add_generation_prompt %}{{ '[|assistant|]<thought>\\n' }}{% endif %}</thought>"
HARMONY = (
    "{{ 'Reasoning: ' + reasoning_effort }}{% if message.thinking %}"
    "{{ '<|start|>assistant<|channel|>analysis<|message|>' + message.thinking }}{% endif %}"
    "{{ '<|start|>assistant<|channel|>final<|message|>' }}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "like", "opener", "off"),
    [
        (HYBRID, "qwen3", "generated", {"enable_thinking": False}),
        (PREFILLED, "qwen3", "prompt", {}),
        (EITHER, "qwen3", "prompt", {"thinking": False}),
        (THOUGHT, "exaone-deep", "prompt", {}),
        (HARMONY, "gpt-oss", "generated", {"reasoning_effort": "low"}),
        ("{{ '[THINK]' + m.thinking + '[/THINK]' }}", "magistral-2507", "generated", {}),
        (CHATML + "{% if skip_reasoning %}{% endif %}{% if force_reasoning %}{% endif %}", "qwen3",
         "generated", {"skip_reasoning": True}),
        (HYBRID + "{{ '<response>' }}", "ernie-4.5-thinking", "generated",
         {"enable_thinking": False}),
        (CHATML, "qwen3", "generated", {}),
        ("", "qwen3", "generated", {}),
        (None, "qwen3", "generated", {}),
    ],
)  # fmt: skip
def test_what_a_template_shows(template, like, opener, off):
    found = from_template(template)
    assert found.markup == family(like).markup
    assert found.opener == opener
    assert found.switch.arguments(False) == off
    assert found.switch.text_off is None


def test_an_argument_is_a_variable_and_not_a_word():
    talk = "{# thinking #}{{ 'thinking' }}{{ message.thinking }} enable_thinking"
    assert from_template(talk).switch.off == ()


# --- bad data ----------------------------------------------------------------------------------

GOOD = """
[markup.think]
openers = ["<think>"]
closers = ["</think>"]
[[family]]
name = "one"
source = "a card"
markup = "think"
opener = "prompt"
checkpoints = [{ id = "a/b", billions = 2 }]
"""


def test_the_smallest_catalogue():
    found = parse(GOOD).find("A/B")
    assert found is not None
    assert found.checkpoints[0].bytes == 4_000_000_000
    assert found.context is None and found.non_commercial is None
    assert found.sampling.temperature is None and found.languages == ()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (GOOD + "colour = 1", ["'one'", "'colour'"]),
        (GOOD + "context = '32k'", ["'one'", "context", "'32k'"]),
        (GOOD + "context = true", ["context", "True"]),
        (GOOD + "languages = 'ko'", ["languages", "'ko'"]),
        (GOOD + "languages = [1]", ["languages", "1"]),
        (GOOD + "system = 'loud'", ["system", "'loud'"]),
        (GOOD + "non_commercial = 'no'", ["non_commercial", "'no'"]),
        (GOOD + "sampling = { heat = 1 }", ["'one'", "sampling", "'heat'"]),
        (GOOD + "sampling = { top_k = 1.5 }", ["top_k", "1.5"]),
        (GOOD + "switch = { on = { thinking = [1] } }", ["switch", "on"]),
        (GOOD + "notes = ''", ["notes", "''"]),
        (GOOD.replace("billions = 2", "billions = '2B'"), ["checkpoints", "billions", "'2B'"]),
        (GOOD.replace(", billions = 2", ""), ["checkpoints", "'billions'", "missing"]),
        (GOOD.replace('source = "a card"', ""), ["'one'", "'source'", "missing"]),
        (GOOD.replace('name = "one"', ""), ["family 1", "'name'", "missing"]),
        (GOOD.replace('markup = "think"', 'markup = "thin"'), ["'one'", "'markup'", "think"]),
        (GOOD.replace('["<think>"]', '[""]'), ["markup 'think'", "openers", "''"]),
        (GOOD.replace("closers", "closes"), ["markup 'think'", "'closes'"]),
        ("family = 1\n[markup.x]", ["family", "1"]),
        ("markup = 1", ["markup", "1"]),
        ("", ["'markup'", "missing"]),
        (GOOD + "[extra]", ["'extra'"]),
        ("not toml", ["not TOML"]),
    ],
)
def test_bad_data_is_named(bad, words):
    with pytest.raises(CatalogueError) as error:
        parse(bad, "models.toml")
    message = str(error.value)
    assert message.startswith("models.toml") and "\n" not in message
    assert all(word in message for word in words), message
