"""Whatever a program sends, it is told what is wrong with it: no input ends in a 5xx."""

import base64
import json
import random
import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from ssflow.domain.identity import Actor
from ssflow.services.incidents import retry_many
from ssflow.store.database import Database
from ssflow.store.incidents import IncidentFilter
from tests.services.bundles import number_field, text_field, with_form, with_script
from tests.services.office import Office
from tests.web.api.calling import PREFIX
from tests.web.api.conftest import Connect

ODD_TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "👩‍👩‍👧‍👦",
        "שלום\u202e",
        "\u2028",
        "\x7f\x1b[2J",
    ),
    *("'", '"', "%", "%s", "%00", "_", "\\", "--", "; DROP TABLE user_task", "{{7*7}}", "=1/0"),
    *("../../etc/passwd", "None", "null", "NaN", "Infinity", "-1", "0", "1e999", "9" * 400),
    *("2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "24:00"),
    *("00000000-0000-0000-0000-000000000000", "x" * 3_000, "é" * 3_000, "<script>", "a" * 70_000),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**400, 1.5, 1e308, -0.0),
    *(float("nan"), float("inf"), float("-inf"), [], {}, [[]], [None], {"": ""}, {"a": {"b": []}}),
    *({"typename": "uuid", "value": "x"}, {"$ref": "#/"}, {"__proto__": {}}, list(range(2_000))),
    *ODD_TEXTS,
)
ODD_BODIES = (
    b"",
    b" ",
    b"{",
    b"[]",
    b"null",
    b"nul",
    b'"',
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":1,"a":2}',
    b"[" * 50_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"a":"' + b"x" * 1_000_000 + b'"}',
    b'{"variables":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b"a=1&b=%00",
    b'--x\r\nContent-Disposition: form-data; name="files"; filename="\x00.bpmn"\r\n\r\n<a\r\n--x--',
)
CONTENT_TYPES = (
    *("application/json", "application/json", "application/json", "text/plain", "", "\u00e9"),
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
    ),
)
FIELDS = (
    *("name", "amount", "variables", "business_key", "version", "reason", "payload"),
    *("correlation_key", "message_id", "files", "x", "", "typename"),
)
QUERIES = (
    *("limit", "cursor", "q", "key", "status", "view", "sort", "instance", "actor", "action"),
    *("from", "to", "kind", "business_key", "x", "customer", "state", "owner", "number", ""),
)


class Fuzz:
    """Requests that make little sense, the same ones for the same seed."""

    def __init__(self, seed: int, known: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.known = known

    def path(self, rule: str) -> str:
        """Fill the places of an address, now with what there is, now with what there is not."""
        return re.sub(r"<(?:([^:<>]+):)?([^<>]+)>", lambda m: self._place(m[1] or "", m[2]), rule)

    def _place(self, converter: str, name: str) -> str:
        if self.random.random() < 0.7:
            return self.random.choice(self.known[name])
        if converter.startswith("int"):
            return self.random.choice(["0", "1", "99999999999999999999999"])
        odd = self.random.choice(ODD_TEXTS)[:200].encode("utf-8", "surrogatepass")
        return quote(odd, safe="")

    def query(self) -> str:
        pairs = [
            (self.random.choice(QUERIES), self.random.choice(ODD_TEXTS)[:4_000])
            for _ in range(self.random.randrange(3))
        ]
        return "&".join(
            f"{name}={quote(text.encode('utf-8', 'surrogatepass'), safe='')}"
            for name, text in pairs
        )

    def body(self) -> tuple[bytes, str]:
        content_type = self.random.choice(CONTENT_TYPES)
        if self.random.random() < 0.4:
            return self.random.choice(ODD_BODIES), content_type
        names = self.random.sample(FIELDS, self.random.randrange(1, 4))
        fields = {name: self.random.choice(ODD_VALUES) for name in names}
        if self.random.random() < 0.5:
            fields = {self.random.choice(["variables", "payload"]): fields, "name": "x"}
        return json.dumps(fields).encode(), content_type

    def headers(self) -> dict[str, str]:
        keys = ["", "a", "b", "x" * 300, "%00", "\u00e9"]
        return {"Idempotency-Key": self.random.choice(keys)} if self.random.random() < 0.3 else {}


@pytest.fixture
def office(database: Database) -> Office:
    """On both databases: they differ in what they cannot keep."""
    return Office(database)


@pytest.fixture
def known(office: Office, owner: Actor) -> dict[str, list[str]]:
    """What there is: a case with a form, a case with an incident, records."""
    office.deploy(with_form(text_field("name"), number_field("amount")))
    office.deploy({"q.bpmn": with_script("y = 1 / 0")["p.bpmn"].replace(b'id="p"', b'id="q"')})
    case, broken = office.start(owner, business_key="K1"), office.start(owner, "q")
    office.complete(owner, office.task(broken, "U_first").id)
    with office.work(office.hire("admin")) as work:
        retried = retry_many(work, IncidentFilter(), "again")
    return {
        "bulk_retry_id": [str(retried.id)],
        "task_id": [str(office.task(case, "U_fill").id)],
        "instance_id": [str(case), str(broken)],
        "incident_id": [str(office.incident(broken).id)],
        "key": ["p", "q"],
        "version": ["1"],
        "kind": ["Customer", "Service", "Holiday", "Decision", "Document", "BusinessCase"],
        "reference": ["SRV-2026-0001", str(case)],
        "filename": ["x"],
    }


@pytest.mark.parametrize("seed", range(3))
def test_no_input_ends_in_a_server_error(
    app: Flask, office: Office, connect: Connect, known: dict[str, list[str]], seed: int
) -> None:
    fuzz = Fuzz(seed, known)
    caller = connect(office.hire("admin", "service_owner"))
    rules = [r for r in app.url_map.iter_rules() if r.rule.startswith(PREFIX)]
    rules.sort(key=lambda rule: rule.rule)

    for rule in rules * 6:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            raw, content_type = fuzz.body() if method != "GET" else (b"", "")
            path, query = fuzz.path(rule.rule), fuzz.query()
            answer = caller.send(
                method,
                path,
                query_string=query,
                data=raw,
                content_type=content_type,
                headers=fuzz.headers(),
            )
            told = f"{method} {path!r}?{query[:300]!r} {content_type!r} {raw[:300]!r}"
            assert answer.status_code < 500, f"{told}: {answer.get_data(as_text=True)}"
            if answer.status_code >= 400:
                assert answer.mimetype == "application/problem+json", told
                assert json.loads(answer.data)["detail"], told


@pytest.mark.parametrize("field", ["reason", "business_key", "name", "correlation_key"])
def test_odd_texts_in_single_fields_do_no_harm(
    office: Office, connect: Connect, known: dict[str, list[str]], field: str
) -> None:
    caller = connect(office.hire("admin", "service_owner"))
    path, told = {
        "reason": (f"process-instances/{known['instance_id'][0]}/suspend", {}),
        "business_key": ("process-definitions/p/instances", {}),
        "name": ("messages", {}),
        "correlation_key": ("messages", {"name": "x"}),
    }[field]

    for odd in ODD_TEXTS:
        sent = json.dumps({**told, field: odd})
        answer = caller.send("POST", path, data=sent, content_type="application/json")
        assert answer.status_code in (200, 201, 202, 404, 409, 422), f"{odd!r}: {answer.data!r}"


def test_cursors_that_somebody_made_up_are_refused(connect: Connect, office: Office) -> None:
    caller = connect(office.hire("admin"))
    lists = {
        "user-tasks": "inbox-all-due",
        "process-instances": "instances",
        "audit-events": "events",
        "jobs": "jobs",
        "incidents": "incidents",
        "deployments": "deployments",
        "registers/Customer": "records-Customer",
    }
    values: list[Any] = [
        *([], ["int", 10**30], ["int", "x"], ["str", 5], ["UUID", 5], ["UUID", "x"]),
        *(
            ["datetime", "0001-01-01T00:00:00+14:00"],
            ["datetime", 5],
            ["NoneType", 5],
            ["str", "\0"],
        ),
        *(["datetime", "2026-03-02T09:30:00"], ["nothing", 1], 5, None, "x", {}, ["str", "\ud800"]),
    ]

    for path, name in lists.items():
        for value in values:
            for count in (1, 2, 3):
                packed = json.dumps([name, *[value] * count]).encode()
                cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")
                answer = caller.get(path, cursor=cursor)
                assert answer.status_code in (200, 422), f"{path} {packed!r}: {answer.data!r}"
