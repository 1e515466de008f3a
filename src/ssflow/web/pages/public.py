"""Pages for everybody: give feedback without an account, and see how it stands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from ssflow.domain.identity import SYSTEM, Actor
from ssflow.domain.registers.feedback import FeedbackState as State
from ssflow.errors import ConflictError, InvalidInputError
from ssflow.forms.submission import FormError
from ssflow.forms.views import FormView as DrawnForm
from ssflow.services import public_feedback
from ssflow.services.form_view import FormView
from ssflow.services.public_feedback import TRAP, Answer, Upload
from ssflow.store import sign_in as sign_in_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import public
from ssflow.web.forms import TypedForm, draw_page, read_typed
from ssflow.web.i18n import CHOSEN, LANGUAGES, page_language
from ssflow.web.once import FIELD, new_key
from ssflow.web.sentences import tell
from ssflow.web.site import current_site

FREE_MESSAGES, FREE_LOOKS = 10, 5
"""How often one address may write, or ask how things stand, before it has to wait in between."""
_VISITOR, _OWN = "visitor", "feedback"
"""Where the session keeps who uploaded a file, and which feedback its sender may see."""
_UNSEEN = ("channel", TRAP)
"""Fields of the form that no visitor fills in."""

STATES = {
    State.LOGGED: lazy_gettext("Received. Somebody reads it within one working day."),
    State.TRIAGED: lazy_gettext("Received and read."),
    State.ASSIGNED: lazy_gettext("With the people who will look into it."),
    State.INVESTIGATING: lazy_gettext("Somebody is looking into it."),
    State.WAITING_CUSTOMER: lazy_gettext("We wait for an answer from you."),
    State.RESPONDED: lazy_gettext("We have replied. Tell us whether you agree."),
    State.DISPUTED: lazy_gettext("You do not agree; somebody else decides anew."),
    State.FOLLOWING_UP: lazy_gettext("We do what we promised."),
    State.CLOSED: lazy_gettext("Closed."),
    State.REDIRECTED: lazy_gettext("Passed on to where it belongs."),
    State.MERGED: lazy_gettext("Handled together with an earlier message."),
    State.INVALID: lazy_gettext("Closed: this is not something we can handle here."),
    State.WITHDRAWN: lazy_gettext("Withdrawn by you."),
    State.RECORDED: lazy_gettext("Passed on to those who earned it. Thank you."),
}
DATES = {
    "received": lazy_gettext("Received"),
    "response_due": lazy_gettext("First contact by"),
    "contacted": lazy_gettext("First contact"),
    "reply_due": lazy_gettext("Reply by"),
    "replied": lazy_gettext("Replied"),
    "ended": lazy_gettext("Closed on"),
}
_DONE = {
    Answer.ACCEPT: lazy_gettext("Thank you. We close this soon."),
    Answer.DISPUTE: lazy_gettext("Somebody who was not involved looks at it anew."),
    Answer.ADD: lazy_gettext("Thank you, we have added it."),
    Answer.WITHDRAW: lazy_gettext("Withdrawn. Nothing more happens."),
}

blueprint = Blueprint("public", __name__, url_prefix="/public/feedback")


@blueprint.before_request
def keep_language() -> None:
    """Keep the language that a link of the page names, for this visitor."""
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        session[CHOSEN] = wanted


@blueprint.get("")
@public
def show() -> ResponseReturnValue:
    """Show the form."""
    with _visitor_work(read_only=True) as work:
        return _form_page(public_feedback.feedback_form(work))


@blueprint.post("")
@public
def send() -> ResponseReturnValue:
    """Take the feedback and answer with its number; a wrong form comes back with its errors."""
    wait = _wait("feedback", FREE_MESSAGES)
    with _visitor_work() as work:
        form = public_feedback.feedback_form(work)
        typed = read_typed(work, form, with_files=not wait)
        if wait:
            told = [_please_wait(wait), *_files_again()]
            return _form_page(form, typed, problem=" ".join(told)), 429
        if typed.is_redraw:
            return _form_page(form, typed)
        try:
            typed.require_files_stored()
            number = public_feedback.give_feedback(work, typed.answers, _message_id())
        except FormError as error:
            return _form_page(form, typed, error.errors), 422
    if number is not None:
        session[_OWN] = number
    session["thanked"] = number or ""
    return redirect(url_for(".thanks"), 303)


@blueprint.post("/fields")
@public
def fields() -> ResponseReturnValue:
    """Draw the form's fields again for the answers so far; stores nothing."""
    with _visitor_work(read_only=True) as work:
        form = public_feedback.feedback_form(work)
        drawn = _for_visitors(draw_page(form, read_typed(work, form, with_files=False)))
        return render_template("tasks/_fields.html", form=drawn, redraw_url=url_for(".fields"))


@blueprint.get("/thanks")
@public
def thanks() -> ResponseReturnValue:
    """Say thank you, with the number and the way to see how it stands."""
    if "thanked" not in session:
        return redirect(url_for(".show"))
    return render_template("public/thanks.html", number=session["thanked"])


@blueprint.get("/status")
@public
def status() -> ResponseReturnValue:
    """Show how the visitor's feedback stands; ask for reference and e-mail address first."""
    asked = request.args.get("reference", "").strip().upper()
    number = session.get(_OWN)
    if number is None or (asked and asked != number):
        return _door_page(reference=asked)
    return _status_page(number)


@blueprint.post("/status")
@public
def look() -> ResponseReturnValue:
    """Open the status page to whoever knows reference and address; tells nothing to others."""
    reference, email = request.form.get("reference", ""), request.form.get("email", "")
    if wait := _wait("status", FREE_LOOKS):
        return _door_page(reference, email, problem=_please_wait(wait)), 429
    with _visitor_work(read_only=True) as work:
        number = public_feedback.find_own_feedback(work, reference, email)
    if number is None:
        problem = gettext("We know no message with this reference and this e-mail address.")
        return _door_page(reference, email, problem=problem), 422
    _forgive("status")
    session[_OWN] = number
    return redirect(url_for(".status"), 303)


@blueprint.post("/answer")
@public
def answer() -> ResponseReturnValue:
    """Accept or dispute the reply, add something, or withdraw."""
    number, text = session.get(_OWN), request.form.get("text", "")
    if number is None:
        return redirect(url_for(".status"), 303)
    if wait := _wait("answer", FREE_MESSAGES):
        return _answer_again(number, {"text": [_please_wait(wait)]}), 429
    try:
        chosen = Answer(request.form.get("answer", ""))
        with _visitor_work() as work:
            public_feedback.answer_feedback(work, number, chosen, text, _uploads())
    except ValueError:
        return _answer_again(number, {"text": [gettext("Choose what you want to do.")]}), 422
    except InvalidInputError as error:
        return _answer_again(number, _translated(error)), 422
    except ConflictError as error:
        return _answer_again(number, {"text": [tell(error.message)]}), 409
    flash(str(_DONE[chosen]), "success")
    return redirect(url_for(".status"), 303)


@blueprint.post("/leave")
@public
def leave() -> ResponseReturnValue:
    """Forget which feedback this browser may see."""
    for name in (_OWN, "thanked"):
        session.pop(name, None)
    return redirect(url_for(".status"), 303)


@contextmanager
def _visitor_work(*, read_only: bool = False) -> Iterator[UnitOfWork]:
    """Open a piece of work for this browser: its files are told from those of others."""
    if _VISITOR not in session:
        session[_VISITOR] = str(uuid4())
    visitor = Actor(user_id=UUID(session[_VISITOR]), name="public", language=page_language())
    with current_site().open_work(visitor, read_only=read_only) as work:
        work.translate = gettext
        yield work


def _wait(what: str, free: int) -> timedelta | None:
    """Count what this address does; gives the time to wait when it was too much."""
    with current_site().open_work(SYSTEM) as work:
        subjects = [_subject(what)]
        return sign_in_rows.reserve_attempt(work.session, subjects, work.now, free=free) or None


def _forgive(what: str) -> None:
    with current_site().open_work(SYSTEM) as work:
        sign_in_rows.clear_attempts(work.session, [_subject(what)])


def _subject(what: str) -> str:
    return f"{what}:{request.remote_addr or '-'}"


def _please_wait(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    told = ngettext(
        "Too many messages from here. Please wait %(num)d second.",
        "Too many messages from here. Please wait %(num)d seconds.",
        seconds,
    )
    return str(told)


def _files_again() -> list[str]:
    """Say that files which came along were not kept: a browser does not send them again."""
    came = any(one.filename for one in request.files.values())
    return [gettext("Your files were not kept; choose them again.")] if came else []


def _answer_again(number: str, errors: Mapping[str, list[str]]) -> str | Response:
    """Show the page again with what was typed, and say so of files, which cannot be."""
    files = [*errors.get("files", []), *_files_again()]
    shown = {**errors, "files": files} if files else errors
    return _status_page(number, request.form.get("text", ""), shown)


def _uploads() -> list[Upload]:
    """Read the files that came along; a field that was left empty sends one without a name."""
    return [
        Upload(one.filename, one.mimetype, one.read())
        for one in request.files.getlist("files")
        if one.filename
    ]


def _translated(error: InvalidInputError) -> dict[str, list[str]]:
    """Say what is wrong in the visitor's language, at the field it is about."""
    named = {"file": "files"}
    return {
        named.get(field, field): [tell(text) for text in texts]
        for field, texts in error.errors.items()
    }


def _message_id() -> str:
    return request.form.get(FIELD, "")[:100] or uuid4().hex


def _form_page(
    form: FormView,
    typed: TypedForm | None = None,
    errors: Mapping[str, list[str]] | None = None,
    problem: str | None = None,
) -> str:
    return render_template(
        "public/feedback.html",
        form=_for_visitors(draw_page(form, typed, errors)),
        problem=problem,
        trap=TRAP,
        idempotency_key=request.form.get(FIELD) or new_key(),
    )


def _for_visitors(form: DrawnForm) -> DrawnForm:
    """Leave out what no visitor fills in."""
    seen = tuple(view for view in form.components if getattr(view, "name", "") not in _UNSEEN)
    return replace(form, components=seen)


def _door_page(reference: str = "", email: str = "", problem: str | None = None) -> str:
    return render_template(
        "public/door.html", reference=reference[:40], email=email[:320], problem=problem
    )


def _status_page(
    number: str, text: str = "", errors: Mapping[str, list[str]] | None = None
) -> str | Response:
    with _visitor_work(read_only=True) as work:
        found = public_feedback.read_status(work, number)
    return render_template(
        "public/status.html",
        found=found,
        state=STATES[found.state],
        dates=[(DATES[name], at) for name, at in found.dates.items() if at],
        text=text,
        errors=errors or {},
    )
