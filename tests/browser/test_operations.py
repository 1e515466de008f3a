"""An incident in a browser: found, mended with other data, and gone; and many at once."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from ssflow.services.instances import start_instance
from ssflow.services.user_tasks import complete_task
from ssflow.store.user_tasks import find_open_tasks_of_instance
from tests.browser.axe import require_readable
from tests.browser.conftest import OpenAs
from tests.browser.live import LiveServer, bare_server
from tests.engine.diagrams import end, flows, script, start, user
from tests.services.bundles import bundle

KEY = "browser_stuck"
_CODE = "rate = 100\nshare = rate / parts\ndone = True"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own: what is stuck here is what these tests got stuck."""
    folder = tmp_path_factory.mktemp("operations")
    with bare_server(folder, admin="admin", owner="service_owner") as server:
        yield server


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """The cookies of those who have signed in to this server."""
    return {}


@pytest.fixture(scope="module")
def get_stuck(live: LiveServer) -> Callable[[], UUID]:
    """Makes a case that is stuck at a division by zero."""
    files = bundle(
        start(),
        user("U_first", role="service_owner"),
        script("X_share", _CODE),
        user("U_last", role="service_owner"),
        end(),
        flows("start U_first X_share U_last end"),
        key=KEY,
    )
    live.deploy({name: _drawn(content) for name, content in files.items()})

    def make() -> UUID:
        owner = live.actor("owner")
        with live.here.work(owner) as work:
            case = start_instance(work, KEY, {"parts": 0, "note": "not named"}).id
        with live.here.work(owner) as work:
            [task] = find_open_tasks_of_instance(work.session, case)
            complete_task(work, task.id, {})
        return case

    return make


def _drawn(diagram: bytes) -> bytes:
    """Put the steps side by side; flows need not be drawn."""
    steps = ("start", "U_first", "X_share", "U_last", "end")
    shapes = "".join(
        f'<di:BPMNShape id="{step}_di" bpmnElement="{step}">'
        f'<dc:Bounds x="{150 * place + 20}" y="80" width="100" height="80"/></di:BPMNShape>'
        for place, step in enumerate(steps)
    )
    drawing = (
        '<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"'
        ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="D_drawn">'
        f'<di:BPMNPlane id="D_plane" bpmnElement="{KEY}">{shapes}</di:BPMNPlane></di:BPMNDiagram>'
    )
    before, after = diagram.decode().rsplit("</bpmn:definitions>", 1)
    return f"{before}{drawing}</bpmn:definitions>{after}".encode()


def test_an_incident_is_mended_with_other_data(
    open_as: OpenAs, get_stuck: Callable[[], UUID]
) -> None:
    case = get_stuck()
    page = open_as("admin")
    page.goto(f"/instances/{case}")
    page.get_by_role("link", name="See the incident").click()
    page.get_by_role("link", name="Bring it back on its way").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("X_share")
    expect(page.locator("mark")).to_have_text("share = rate / parts")
    expect(page.locator(".djs-element.mark-trouble").first).to_be_visible()
    expect(page.get_by_label("Note")).to_have_count(0)
    require_readable(page)

    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert").filter(has_text="It failed again")).to_be_visible()
    expect(page.get_by_text("2 attempts")).to_be_visible()
    page.get_by_role("textbox", name="Parts parts").fill("4")
    page.get_by_label("Why?").fill("Somebody typed a zero")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("status").filter(has_text="It worked")).to_be_visible()
    expect(page.get_by_role("link", name="U_last")).to_be_visible()
    page.goto(f"/instances/{case}?view=history")
    told = page.get_by_role("listitem").filter(has_text="Faulty step tried again").first
    expect(told).to_contain_text("Somebody typed a zero")
    expect(told).to_contain_text("4")


def test_many_incidents_are_tried_again_while_one_watches(
    open_as: OpenAs, get_stuck: Callable[[], UUID]
) -> None:
    for _ in range(3):
        get_stuck()
    page = open_as("admin")
    page.goto(f"/operations/incidents?key={KEY}")
    require_readable(page)

    page.get_by_role("link", name="Try all of these again").click()
    expect(page.get_by_text("open incidents will be tried again.")).to_be_visible()
    require_readable(page)
    page.get_by_label("Why?").fill("All at once")
    page.get_by_role("button", name="Try them again").click()

    expect(page.get_by_role("heading", name="incidents were tried again")).to_be_visible()
    expect(page.get_by_text("Failed again", exact=True).first).to_be_visible()
    require_readable(page)


@pytest.mark.parametrize("part", ["", "/jobs", "/schedules", "/mail", "/messages", "/incidents"])
def test_everybody_can_read_the_operations_pages(open_as: OpenAs, part: str) -> None:
    page = open_as("admin")
    page.goto(f"/operations{part}")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    require_readable(page)


def test_the_overview_refreshes_itself_only_while_somebody_looks(
    open_as: OpenAs, get_stuck: Callable[[], UUID]
) -> None:
    page = open_as("admin")
    page.goto("/operations")
    place = page.get_by_role("row").filter(has=page.get_by_role("link", name="X_share"))
    before = place.get_by_role("cell").last.inner_text() if place.count() else "0"

    get_stuck()

    expect(place.get_by_role("cell").last).to_have_text(str(int(before) + 1))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert asked == []
