"""Words for one thing that people ask about in one word and articles tell in another, in both languages.

The table of translations is learned from sentences and knows none of one language for another: what
costs has a price, and who founded a company is its 창업자. Only nouns and verbs that ask for an
attribute stand here; a group is Korean words and English ones.
"""

from functools import lru_cache

from index.analysis import terms

_GROUPS = """
가격 값은 값이 값을 값도 요금 비용 이용료 판매가 | price cost fee fare
사업비 총사업비 공사비 건설비 예산 총투자비 | budget cost
창업자 설립자 창업 설립 창립 세운 세웠 세워진 세워졌 차린 차렸 문을~연 문을~열었 | founder cofounder founded establish co-founded
대표 최고경영자 사장 | ceo chief~executive boss
책임자 이끈 이끄는 이끌 이끌고 총괄 맡은 | lead led leader head heads headed runs director
직원 임직원 종업원 사원 인력 | employee employs staff workforce
출시 공개 발매 내놓 내놨 나온 나왔 선보 런칭 론칭 | release launch unveil coming~out came~out
크기 규모 매개변수 면적 사이즈 | size parameter
매개변수 파라미터 | parameter
매출 매출액 | revenue sales turnover
이익 영업이익 순이익 흑자 | profit earnings
적자 손실 영업손실 | loss losses deficit
투자 투자금 조달 유치 펀딩 | investment invested raised funding
병상 | beds
신장 키가 키는 | height tall
무게 중량 | weight weighs
인구 주민 | population inhabitants
개장 개관 개원 개업 개통 열었 열려 열린 열릴 문을~연 | open opened opening
건설 건립 짓는 지은 짓기 착공 | build built construction
취소 무산 | cancel cancelled called~off
연기 미뤄 미뤘 미뤄졌 늦춰 늦춰졌 늦어 늦어졌 지연 | delay postpone put~off
학습 훈련 트레이닝 | training trained
사망 숨진 숨졌 죽었 | died killed death
인수 사들 사들였 매입 | acquire bought purchase acquisition
팔린 팔렸 판매 판매량 | sold copies
채용 뽑는 뽑았 뽑기 | hire hired recruit
상업 상업용 영리 | commercial commercially
무료 공짜 | free
어린이 아이들 애들 아동 소아 | children kids child
과태료 벌금 범칙금 과징금 | fine fined penalty
연봉 임금 급여 월급 | salary wage pay
관람객 방문객 관객 다녀 | visitor attendance audience
들여 들여와 들여오 들여온 들인 들인다 도입 | introduce adopt
충전 배터리 | battery charge
이적료 | transfer~fee
원장 병원장 관장 | director
입장료 관람료 입장권 표값 | admission ticket
월세 임대료 임차료 | rent
등록금 학비 수업료 | tuition
보조금 지원금 | subsidy grant
대출 융자 | loan lend
부상 부상자 다친 다쳤 | injured hurt wounded
이전 옮긴 옮겨 옮겼 | move moved relocate
본사 사옥 | headquarters headquartered
매장 점포 가게 지점 | store shop branch outlet
기업 회사 업체 | company firm
교사 선생님 | teacher
아버지 아빠 부친 | father dad
어머니 엄마 모친 | mother mom
질환 질병 | disease illness
치료제 의약품 | drug medicine
의사 전문의 | doctor physician
경기 시합 | match game
이긴 이겼 이기 제친 제쳤 앞선 앞섰 능가 꺾은 꺾었 | beat beaten outperform surpass ahead~of edged~past
우승 정상 | won champion title
노조 노동조합 | union
파업 | strike walkout
합의 타결 | agreement deal
해고 감원 정리해고 | layoff laid~off
기부 후원 | donate donation
발견 찾아냈 찾아낸 | discover found
우천 비가 | rain
헬멧 안전모 | helmet
의무 의무화 | mandatory compulsory required
금지 금하 막은 막았 막아 막힌 막혔 막혀 차단 | ban banned prohibit block blocked
경쟁사 라이벌 | rival competitor
협력 제휴 손잡은 손잡았 손을~잡 | partner partnership team~up teamed~up
고객 손님 이용자 사용자 가입자 | customer user subscriber
허가 인허가 승인 | permit approval approved
넓이 면적 | area
시작 개시 돌입 | start begin began
종료 끝난 끝났 끝나 | end ended finish
전시 전시회 | exhibition show
우려 걱정 | worry concern fear
폰 휴대폰 핸드폰 휴대전화 스마트폰 | phone smartphone handset
앱 어플 애플리케이션 | app
슈퍼컴 슈퍼컴퓨터 | supercomputer
폭설 대설 | snow snowfall snowstorm
장애 먹통 끊긴 끊겼 중단 | outage
한달 매달 매월 월 | month monthly
감독 사령탑 코치 | coach
배상 보상 변상 물어주 | compensation compensate
오픈소스 | open~source
칩 반도체 그래픽카드 | chip gpu gpus graphics~card
챗봇 | chatbot
기업가치 몸값 밸류에이션 | valuation
시총 시가총액 | market~capitalisation market~value
컨퍼런스 콘퍼런스 학회 학술대회 | conference
순위 랭킹 | ranking rank
콘텐츠 컨텐츠 | content
문맥 맥락 컨텍스트 | context
암호명 코드명 코드네임 | codename nickname code~name
재개 다시 | resume resumed
풀린 풀렸 풀려 해제 재개 열린 열렸 | lift lifted resume resumed reopen
은퇴 물러난 물러나 사임 퇴진 | resign retire~from step~down stepped~down
"""


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    table: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for line in _GROUPS.strip().split("\n"):
        words = [tuple(terms(word.replace("~", " "))) for word in line.split() if word != "|"]
        for word in words:
            others = (other for other in words if other != word)
            table[word] = tuple(dict.fromkeys((*table.get(word, ()), *others)))
    return table


def synonyms(word: str) -> tuple[tuple[str, ...], ...]:
    """The search terms of each word of either language that says what a word does; few have any."""
    return _table().get(tuple(terms(word)), ())
