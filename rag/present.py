"""Answers and hits as the JSON that other programs read (a contract: added to, never altered)."""

from dataclasses import asdict
from typing import Any

from index.search import Hit
from rag.events import Answer


def answer_json(answer: Answer) -> dict[str, Any]:
    """One answer; absent values are null, scores run from 0 to 1."""
    sentences = []
    for sentence in answer.sentences:
        evidence = [asdict(item) for item in sentence.evidence]
        sentences.append(
            {
                "text": sentence.text,
                "markers": list(sentence.markers),
                "support": sentence.support,
                "evidence": evidence,
            }
        )
    return {
        "question": answer.question,
        "language": answer.language,
        "answer": answer.answer,
        "abstained": answer.abstained,
        "reader": answer.reader,
        "sentences": sentences,
        "citations": [asdict(citation) for citation in answer.citations],
        "reasoning": answer.reasoning,
        "timings_ms": asdict(answer.timings_ms),
    }


def hits_json(question: str, hits: list[Hit]) -> dict[str, Any]:
    """The hits of one question, best first."""
    return {
        "question": question,
        "hits": [
            {
                "article_id": hit.article_id,
                "title": hit.title,
                "language": hit.language,
                "source": hit.source,
                "start": hit.start,
                "end": hit.end,
                "text": hit.text,
                "score": round(hit.score, 6),
                "dense_rank": hit.dense_rank,
                "lexical_rank": hit.lexical_rank,
            }
            for hit in hits
        ],
    }
