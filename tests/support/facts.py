"""Hypothesis strategies for messages and query results, with arbitrary text, numbers and times in them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from faxbot.fax import errors
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.record import Record
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import (
    FaxCard,
    FaxConfirmation,
    FaxSteps,
    FetchedFile,
    NumberQuestion,
    Outage,
    OutageBegan,
    OutageEnded,
    QueryFailing,
    QueryRecovered,
    ReceivedFax,
    Sentence,
    Step,
    StepKind,
)
from faxbot.services.queries import results

NOW = datetime(2026, 4, 20, 16, 2, tzinfo=UTC)

NASTY = (
    "<!channel>",
    "<@U999>",
    "<!here|x> @channel #general",
    "<!date^0^{time}|now> </fax> <#C1|general> <!subteam^S1> <tel:911|home>",
    "*bold* _it_ ~s~ `code` ```pre```",
    ":tada: http://evil.example <https://evil.example|click>",
    "javascript:alert(1) mailto:a@evil.example a@evil.example evil.example",
    "> quote\n> more",
    "&lt;!channel&gt; &amp;amp; &#60;",
    "\u202egnp.exe \u0000 \ud800 \u2028 \ufeff \x1b[31m",
    "\U0001f3f3\ufe0f\u200d\U0001f308 Z\u0351\u036b\u0343 \u0645\u0631\u062d\u0628\u0627",
    "x" * 5000,
    "&" * 5000,
    "<&> " * 1500,
    "<!date^1^{time}|x> " * 300,
    "",
    "   ",
)
texts = st.sampled_from(NASTY) | st.text(max_size=60)
counts = st.integers(0, 10**6)
maybe = st.none() | counts
moments = st.timedeltas(timedelta(days=-4000), timedelta(days=4000)).map(lambda delta: NOW + delta)
epochs = st.none() | st.floats(0, 4e9)
users = st.none() | st.sampled_from(["U1DANA", "W2"]) | texts
job_ids = st.sampled_from(["TX83", "RX34"]) | texts
files = st.lists(st.fixed_dictionaries({"id": st.just("F0123456789"), "name": texts}), max_size=10)

jobs = st.builds(
    Job,
    job_ids,
    st.sampled_from(JobState),
    state_text=texts,
    destination=texts,
    sent_pages=counts,
    total_pages=maybe,
    dials=maybe,
    max_dials=maybe,
    next_try=st.none() | moments,
    duration=maybe,
    status_text=texts | st.sampled_from(["Busy signal detected", "No answer from remote", "Dialing"]),
    time=st.none() | moments,
)
records = st.builds(
    Record,
    job_ids,
    moments,
    number=texts,
    caller_name=texts,
    station_id=texts,
    state=st.sampled_from(JobState),
    sent_pages=counts,
    total_pages=maybe,
    duration=maybe,
    status_text=texts,
)
faxes = st.builds(
    Fax,
    id=st.integers(0, 10**9),
    state=st.sampled_from(FaxState),
    outcome=st.none() | st.sampled_from(Outcome),
    user_id=users,
    number=texts,
    line_name=texts,
    files=files,
    candidates=st.lists(job_ids, max_size=8),
    fault=texts,
    job_id=st.none() | job_ids,
    answered_by=texts,
    reported_at=epochs,
    cancel_by=users,
    decided_by=users,
    deleted_by=users,
    ended_at=epochs,
)
documents = st.builds(
    KeptDocument, name=texts, content_type=st.just("application/pdf"), pages=maybe, bytes=counts, sha256=texts
)
steps = st.builds(Step, st.sampled_from(StepKind), moments, st.none() | jobs, st.none() | users, texts)
outages = st.builds(Outage, moments, st.none() | moments, st.booleans())
messages = st.one_of(
    st.builds(
        FaxCard,
        faxes,
        st.none() | jobs,
        st.none() | outages,
        st.booleans(),
        st.none() | documents,
        st.none() | moments,
    ),
    st.builds(FaxSteps, faxes, st.lists(steps, max_size=6).map(tuple)),
    st.builds(ReceivedFax, st.integers(1, 10**9), records, texts, maybe, st.booleans(), users, texts),
    st.builds(FetchedFile, job_ids, texts),
    st.builds(OutageBegan, moments, st.booleans()),
    st.builds(OutageEnded, moments, moments, counts, st.booleans()),
    st.builds(QueryFailing, texts, moments),
    st.builds(QueryRecovered, texts, moments, moments),
    st.builds(FaxConfirmation, texts, maybe, texts, texts, st.lists(texts, max_size=12).map(tuple)),
    st.builds(Sentence, texts, texts),
    st.builds(NumberQuestion, files.map(tuple), texts, texts, texts),
)
entries = st.builds(
    results.JobEntry,
    job_ids,
    st.sampled_from(Direction),
    texts,
    job=st.none() | jobs,
    record=st.none() | records,
    fax=st.none() | faxes,
    document=st.none() | documents,
    can_cancel=st.booleans(),
    can_get=st.booleans(),
    can_delete=st.booleans(),
)
some_entries = st.lists(entries, max_size=4).map(tuple)
lines = st.builds(FaxLine, texts, texts, texts, texts)
standings = st.builds(
    results.LineEntry, lines, st.none() | st.builds(LineUsage, texts, texts, st.integers(0, 99))
)
told_answers = st.one_of(
    st.builds(results.LinesResult, st.lists(standings, max_size=8).map(tuple)),
    st.builds(results.StatusResult, entries),
    st.builds(
        results.ActiveResult,
        st.sampled_from([(Direction.TX,), (Direction.RX,), (Direction.TX, Direction.RX)]),
        some_entries,
        st.lists(st.builds(FaxCard, faxes, document=st.none() | documents), max_size=5).map(tuple),
    ),
    st.builds(
        results.HistoryResult,
        st.sampled_from(Direction),
        st.integers(1, 99),
        st.integers(0, 99),
        counts,
        some_entries,
    ),
    st.builds(
        results.SubscriptionsResult,
        texts,
        st.lists(
            st.builds(results.SubscriptionEntry, st.sampled_from(Direction), texts, texts, texts), max_size=8
        ).map(tuple),
        st.booleans(),
    ),
)
faults = st.one_of(
    st.builds(errors.BadCommand, texts, st.none() | texts),
    st.builds(errors.RequestRefused, texts),
    st.builds(errors.SlackRefused, texts, texts),
    st.builds(errors.Refusal, texts),
    st.builds(errors.AnswerLost, texts),
)
