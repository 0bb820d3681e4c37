"""LangChain's OpenAI client for other servers of that protocol: vLLM, llama-server, Ollama."""

from typing import Any
from urllib.parse import urlsplit

import httpx
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI

from rag.models.chat import REASONING

_CONNECTING = 10.0  # seconds
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CompatibleChat(ChatOpenAI):
    """Keeps the reasoning of a delta, which ChatOpenAI drops.

    vLLM calls the field `reasoning`, and before `reasoning_content`, as llama-server does.
    """

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: Any
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        choices = chunk.get("choices")
        if made is not None and choices:
            delta = choices[0].get("delta") or {}
            reasoning = delta.get("reasoning_content") or delta.get("reasoning")
            if isinstance(reasoning, str):
                made.message.additional_kwargs[REASONING] = reasoning
        return made


def is_loopback(url: str) -> bool:
    """Whether an address is this machine, so that no proxy may stand between."""
    return urlsplit(url).hostname in _LOOPBACK


def client(model: str, base_url: str, api_key: str | None) -> CompatibleChat:
    """A client for one model of a server; makes no request. `base_url` ends with `/v1`.

    The environment's OpenAI key is never sent to a server that is not OpenAI's.
    """
    waiting = httpx.Timeout(None, connect=_CONNECTING)
    return CompatibleChat(
        model=model,
        base_url=base_url,
        api_key=api_key or "none",  # type: ignore[arg-type]
        max_retries=0,
        timeout=waiting,
        stream_usage=True,
        stream_chunk_timeout=None,
        use_responses_api=False,
        http_async_client=httpx.AsyncClient(timeout=waiting, trust_env=not is_loopback(base_url)),
    )
