"""Chat models at a server, by LangChain. What their stream gives: see `rag.models.chat`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag.models import catalogue
from rag.models.background import pump, run
from rag.models.catalogue import Family, Sampling
from rag.models.chat import Cancel, Options, arrange, chunk, collect, last_chunk
from rag.models.complaints import NO_ANSWER, UNFINISHED, explain, is_connection_failure
from rag.models.errors import ModelError
from rag.models.heard import Heard

_ATTEMPTS = 3
_PAUSE = 0.25  # seconds before the second attempt to connect, then twice that
_SPARE = 16  # deltas beyond its budget until an answer is cut off
_UNKNOWN_CONTEXT = 4096  # what Ollama gives a model unless told otherwise, cutting prompts silently
_BYTES_PER_TOKEN = 3  # one Korean syllable; English words have more, so this never counts too few


class Served(NamedTuple):
    """A model that a server has: its name for `connect`, the server's URL."""

    name: str
    base_url: str


class RemoteChat(BaseChatModel):
    """Another LangChain chat model with the stream of `rag.models.chat`; made by `connect`.

    `inner` answers. `label` and `where` name model and server in errors. `base_url`: the server
    speaks OpenAI's protocol, or None. `silence`: seconds without a word until it is given up,
    which must be enough to load a model and to read a long prompt.
    """

    inner: BaseChatModel
    label: str
    where: str
    family: Family
    base_url: str | None = None
    options: Options = Options()
    silence: float = 300.0

    _told_context: int | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "remote"

    @property
    def context(self) -> int:
        """Tokens that prompt and output may have together, as the server or the catalogue says.

        A server is asked once; one that does not tell is taken to have 4096.
        """
        if self.base_url is None:
            return self.family.context_advised or self.family.context or 8 * _UNKNOWN_CONTEXT
        if self._told_context:
            return self._told_context
        name = self.label.removeprefix("openai:")
        for entry in run(_models(self.base_url, 1.0)):
            told = entry.get("max_model_len") or (entry.get("meta") or {}).get("n_ctx")
            if entry.get("id") == name and isinstance(told, int):
                self._told_context = told
                return told
        return _UNKNOWN_CONTEXT

    def count_tokens(self, messages: Sequence[BaseMessage], **changes: Any) -> int:
        """An estimate of a prompt's tokens that is seldom too low; the tokenizer is elsewhere."""
        return sum(8 + len(m.text.encode()) // _BYTES_PER_TOKEN for m in messages)

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, *,
        cancel: Cancel | None = None, **changes: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        options = replace(self.options, **changes)
        heard = Heard(self.family.markup)
        budget = options.thinking_tokens + options.answer_tokens + _SPARE
        end = time.monotonic() + options.time_limit

        def over() -> bool:
            return bool(cancel and cancel.is_set()) or time.monotonic() >= end

        try:
            source = pump(lambda: self._asked(messages, stop, options), over, self.silence)
            with closing(source) as deltas:
                for delta in deltas:
                    yield from (ChatGenerationChunk(message=chunk(p)) for p in heard.take(delta))
                    if heard.deltas >= budget:
                        break
        except Exception as error:  # what may come depends on the provider's library
            raise explain(error, self.label, self.where, begun=heard.deltas > 0) from error
        cancelled = bool(cancel and cancel.is_set())
        cut = heard.deltas >= budget or time.monotonic() >= end
        if self.base_url and not (heard.finish or cancelled or cut):
            raise ModelError(
                f"{self.label}: {self.where} {UNFINISHED if heard.deltas else NO_ANSWER}"
            )
        ended = "cancelled" if cancelled else "length" if cut else heard.finish
        rest = heard.end(ended or "stop")
        yield from (ChatGenerationChunk(message=chunk(piece)) for piece in rest)
        yield ChatGenerationChunk(message=last_chunk(heard.outcome()))

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **changes: Any,
    ) -> ChatResult:  # fmt: skip
        whole = collect(part.message for part in self._stream(messages, stop, **changes))
        return ChatResult(generations=[ChatGeneration(message=whole)])

    async def _asked(
        self, messages: list[BaseMessage], stop: list[str] | None, options: Options
    ) -> AsyncIterator[BaseMessageChunk]:
        """The deltas of the inner model; a connection that cannot be made is tried again."""
        thinks = self._thinks(options)
        arranged = _with_switch(arrange(messages, self.family.system), self.family, thinks)
        more = self._parameters(options, thinks) if self.base_url else {}
        for attempt in range(1, _ATTEMPTS + 1):
            begun = False
            try:
                async for delta in self.inner.astream(arranged, stop=stop, **more):
                    begun = True
                    yield delta
                return
            except Exception as error:
                if begun or attempt == _ATTEMPTS or not is_connection_failure(error):
                    raise
            await asyncio.sleep(_PAUSE * attempt)

    def _thinks(self, options: Options) -> bool:
        asked = self.family.switch.default_on if options.thinking is None else options.thinking
        return asked and self.family.reasons

    def _parameters(self, options: Options, thinks: bool) -> dict[str, Any]:
        """What an OpenAI-compatible server is asked for; those it does not know it ignores."""
        vendor = self.family.sampling if thinks else self.family.sampling_off
        sampling = options.sampling or vendor or Sampling()
        standard = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "presence_penalty": sampling.presence_penalty,
            "seed": options.seed,
        }
        extra = {
            "max_tokens": options.answer_tokens + (options.thinking_tokens if thinks else 0),
            "top_k": sampling.top_k,
            "chat_template_kwargs": self.family.switch.arguments(thinks) or None,
        }
        told = {key: value for key, value in standard.items() if value is not None}
        return told | {"extra_body": {k: v for k, v in extra.items() if v is not None}}


def _with_switch(messages: list[BaseMessage], family: Family, thinks: bool) -> list[BaseMessage]:
    """The word that switches thinking off, for servers that ignore template arguments."""
    word = family.switch.text_off
    if thinks or not word or not messages or not isinstance(messages[-1], HumanMessage):
        return messages
    return [*messages[:-1], HumanMessage(f"{messages[-1].text} {word}")]


def connect(
    name: str, base_url: str | None = None, *, api_key: str | None = None,
    options: Options | None = None, silence: float = 300.0,
) -> RemoteChat:  # fmt: skip
    """A chat model at a server or a provider; makes no request yet.

    With `base_url`, `openai:NAME` (or NAME) is a model of a server that speaks OpenAI's protocol;
    anything else is `provider:name` as LangChain's `init_chat_model` takes it. `api_key`: None
    leaves it to the provider's library, and sends none to a server given by URL. Raises ModelError
    for an unknown provider, one whose package or key is missing, or a URL that is none.
    """
    provider, _, rest = name.partition(":")
    served = rest if provider == "openai" and rest else name
    family = catalogue.find(served) or catalogue.from_template(None)
    if base_url and (provider == "openai" or ":" not in name):
        from rag.models.compatible import client

        url = _checked(base_url)
        inner: BaseChatModel = client(served, url, api_key)
        where = f"the server at {url}"
    else:
        url, where = None, f"the provider {provider}"
        inner = _provided(name, base_url, api_key)
    return RemoteChat(
        inner=inner, label=name, where=where, family=family, base_url=url,
        options=options or Options(), silence=silence,
    )  # fmt: skip


def _checked(base_url: str) -> str:
    """The URL with `/v1` if it has no path at all, as people copy it."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(
            f"{base_url}: is no address of a server; give one like http://127.0.0.1:8080"
        )
    return base_url.rstrip("/") + ("" if parts.path.strip("/") else "/v1")


def _provided(name: str, base_url: str | None, api_key: str | None) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    if ":" not in name:
        raise ModelError(f"{name}: is no model at a provider; those are written provider:name")
    given: dict[str, Any] = {k: v for k, v in (("base_url", base_url), ("api_key", api_key)) if v}
    try:
        model = init_chat_model(name, **given)
        if "max_retries" in type(model).model_fields:
            model = init_chat_model(name, max_retries=0, **given)
    except Exception as error:  # unknown provider, missing package, missing key: each its own type
        why = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{name}: cannot be used ({why}); is it provider:name, with its key?"
        ) from error
    assert isinstance(model, BaseChatModel)
    return model


def first_served(base_url: str, *, within: float = 5.0) -> str:
    """The name, for `connect`, of the first model that a server has. Raises ModelError."""
    url = _checked(base_url)
    entries = run(_models(url, within))
    if not entries:
        raise ModelError(
            f"{url}: does not say which models it has; name one with --model openai:NAME"
        )
    return f"openai:{entries[0]['id']}"


def discover(ports: Sequence[int] = (11434, 8080), *, within: float = 0.2) -> list[Served]:
    """The models of an Ollama and a llama-server running on this machine, in the order of `ports`.

    Asks loopback only and waits `within` seconds in all; whatever else listens there is passed by.
    """

    async def ask() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(_models(url, within) for url in urls))

    urls = [f"http://127.0.0.1:{port}/v1" for port in ports]
    return [
        Served(f"openai:{entry['id']}", url)
        for url, entries in zip(urls, run(ask()), strict=True)
        for entry in entries
    ]


async def _models(base_url: str, within: float) -> list[dict[str, Any]]:
    """The entries of `/v1/models`; none if the server does not answer in time as it should."""
    try:
        # Without checking certificates, because setting that up takes longer than we wait.
        async with (
            asyncio.timeout(within),
            httpx.AsyncClient(verify=base_url.startswith("https"), trust_env=False) as http,
        ):
            told = (await http.get(f"{base_url}/models")).raise_for_status().json()
    except (httpx.HTTPError, ValueError, TimeoutError):
        return []
    entries = told.get("data") if isinstance(told, dict) else None
    return [e for e in entries or () if isinstance(e, dict) and isinstance(e.get("id"), str)]
