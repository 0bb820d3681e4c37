"""Every word of the web chat, in Korean and in English."""

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.article import Language
from corpus.errors import RagError
from index.errors import IndexMissing, StoreError
from rag.answer import LONGEST_QUESTION
from rag.errors import QuestionError
from rag.events import Support

# One set for both interfaces: the point is that either language may be asked.
EXAMPLES = (
    "마지스트랄 스몰의 매개변수는 몇 개인가?",
    "엑사원 딥은 언제 공개됐나?",
    "How large is ASML's holding in Mistral?",
    "When did EXAONE Deep come out?",
)


@dataclass(frozen=True, slots=True)
class Strings:
    """The words of one interface; braces are filled in by `str.format`."""

    language: Language
    title: str
    intro: str
    conversation: str
    ask: str
    send: str
    stop: str
    new: str
    filters: str
    filtered_language: str
    filtered_source: str
    filtered_since: str
    since_hint: str
    everything: str
    languages: Mapping[Language, str]
    # While an answer is made, and after.
    searching: str
    reading: str
    thinking: str
    thought: str
    restarted: str
    stopped: str
    sources: str
    support: Mapping[Support, str]
    readers: Mapping[str, str]
    took: str
    copy: str
    copied: str
    # The article beside the chat.
    article: str
    article_hint: str
    article_moved: str
    article_gone: str
    # The index.
    indexed: str
    nothing_indexed: str
    shelf: str
    add_samples: str
    add_folder: str
    folder_label: str
    folder_hint: str
    folder_empty: str
    folder_missing: str
    by_command: str
    indexing: str
    synced: str
    skipped: str
    more_skipped: str
    # What can go wrong.
    no_index: str
    bad_question: str
    bad_date: str
    bad_store: str
    failed: str
    unexpected: str

    def wrong(self, error: RagError) -> str:
        """One line for an expected failure: in this language, with the details where they help."""
        if isinstance(error, IndexMissing):
            return self.no_index
        if isinstance(error, QuestionError):
            return self.bad_question
        return (self.bad_store if isinstance(error, StoreError) else self.failed).format(error)


KOREAN = Strings(
    language="ko",
    title="근거를 보여 주는 기사 문답",
    intro="기사에 대해 한국어나 영어로 물어보세요. 답의 문장마다 근거가 된 기사를 번호로 밝힙니다.",
    conversation="대화",
    ask="질문을 입력하세요",
    send="보내기",
    stop="중지",
    new="새 대화",
    filters="검색 범위",
    filtered_language="기사 언어",
    filtered_source="출처",
    filtered_since="이 날짜부터",
    since_hint="예: 2025-06-11",
    everything="모두",
    languages={"ko": "한국어", "en": "영어"},
    searching="기사를 찾는 중…",
    reading="기사를 읽는 중…",
    thinking="생각하는 중",
    thought="생각한 내용",
    restarted="앞의 답을 거두고 처음부터 다시 씁니다.",
    stopped="여기서 멈추었습니다.",
    sources="근거",
    support={"supported": "기사와 일치", "weak": "근거 약함", "unsupported": "근거 없음"},
    readers={"builtin": "내장 판독기"},
    took="{}초",
    copy="답 복사",
    copied="복사했습니다",
    article="기사",
    article_hint="답에 붙은 번호를 누르면 기사가 여기에 열리고 근거 문장이 표시됩니다.",
    article_moved="그 뒤 기사가 바뀌어 근거 문장이 없습니다. 답할 때의 문장은 이렇습니다:",
    article_gone="이 기사는 이제 색인에 없습니다. 답할 때의 문장은 이렇습니다:",
    indexed="기사 {articles}편이 색인되어 있습니다(한국어 {ko}편, 영어 {en}편).",
    nothing_indexed="아직 색인된 기사가 없습니다. 예시 기사나 기사가 든 폴더를 색인하세요.",
    shelf="기사 {}편",
    add_samples="예시 기사 색인하기",
    add_folder="폴더 색인하기",
    folder_label="기사 폴더의 경로",
    folder_hint="예: /home/me/articles",
    folder_empty="폴더의 경로를 입력하세요.",
    folder_missing="{}: 그런 폴더나 파일이 없습니다.",
    by_command="폴더는 이 프로그램이 도는 컴퓨터에서 명령 <code>rag index</code>로 색인합니다.",
    indexing="{total}편 가운데 {done}편을 읽었습니다.",
    synced="{source}: {added}편 추가, {changed}편 갱신, {removed}편 삭제, {unchanged}편 그대로.",
    skipped="읽지 못한 파일:",
    more_skipped="그 밖에 {}개",
    no_index="아직 색인된 기사가 없습니다. 위에서 예시 기사나 폴더를 먼저 색인하세요.",
    bad_question=f"읽을 수 없는 질문입니다. 글자로 {LONGEST_QUESTION:,}자 이내로 적어 주세요.",
    bad_date="날짜는 2025-06-11처럼 적어 주세요.",
    bad_store="색인을 열거나 쓸 수 없습니다. ({})",
    failed="하지 못했습니다. ({})",
    unexpected="예상하지 못한 오류가 났습니다. 자세한 내용은 프로그램을 실행한 창에 있습니다.",
)

ENGLISH = Strings(
    language="en",
    title="Answers that show their sources",
    intro="Ask about the articles in Korean or English. Each sentence of an answer cites a source.",
    conversation="Conversation",
    ask="Type a question",
    send="Send",
    stop="Stop",
    new="New chat",
    filters="Where to search",
    filtered_language="Language of the articles",
    filtered_source="Source",
    filtered_since="From this date on",
    since_hint="for example 2025-06-11",
    everything="All",
    languages={"ko": "Korean", "en": "English"},
    searching="Looking for articles…",
    reading="Reading the articles…",
    thinking="Thinking",
    thought="Thoughts",
    restarted="The answer so far is withdrawn and starts over.",
    stopped="Stopped here.",
    sources="Sources",
    support={
        "supported": "matches the article",
        "weak": "weak support",
        "unsupported": "unsupported",
    },
    readers={"builtin": "built-in reader"},
    took="{} s",
    copy="Copy answer",
    copied="Copied",
    article="Article",
    article_hint="Click a number in an answer: the article opens here, the cited sentence marked.",
    article_moved="The article has changed since, and the cited sentence is not in it. It said:",
    article_gone="This article is no longer in the index. It said:",
    indexed="{articles} articles are indexed ({ko} Korean, {en} English).",
    nothing_indexed="Nothing is indexed yet. Index the sample articles or a folder of yours.",
    shelf="Articles: {}",
    add_samples="Index the sample articles",
    add_folder="Index the folder",
    folder_label="Path of a folder with articles",
    folder_hint="for example /home/me/articles",
    folder_empty="Type the path of a folder.",
    folder_missing="{}: there is no such folder or file.",
    by_command="Folders are indexed with <code>rag index</code> on the machine that this runs on.",
    indexing="{done} of {total} articles read.",
    synced="{source}: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged.",
    skipped="Files that could not be read:",
    more_skipped="and {} more",
    no_index="Nothing is indexed yet. Index the sample articles or a folder above first.",
    bad_question=f"That is no question: write words, at most {LONGEST_QUESTION:,} characters.",
    bad_date="Write the date like 2025-06-11.",
    bad_store="The index cannot be opened or written. ({})",
    failed="That did not work. ({})",
    unexpected="Something unexpected went wrong; the window that runs this program says more.",
)

STRINGS: Mapping[Language, Strings] = {"ko": KOREAN, "en": ENGLISH}
