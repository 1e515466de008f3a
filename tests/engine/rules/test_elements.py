import pytest

from tests.engine.rules.diagrams import (
    FILE,
    assert_breaks,
    boundary,
    chain,
    definition,
    diagram,
    element,
    end,
    extensions,
    file_of,
    message,
    problems_of,
    process,
    start,
    sub_process,
    throw,
    user,
)


def _with(part: str, id: str = "X_odd", beside: str = "") -> bytes:
    """Put one element between a start and an end."""
    return diagram(start(), part, end(), chain("Start_1", id, "E_done"), beside=beside)


REFUSED = {
    "complex-gateway": _with(element("complexGateway", "X_odd")),
    "plain-task": _with(element("task", "X_odd")),
    "manual-task": _with(element("manualTask", "X_odd")),
    "compensation": _with(throw("X_odd", definition("compensate"))),
    "plain-event": _with(element("implicitThrowEvent", "X_odd")),
    "link-event": _with(throw("X_odd", definition("link", name="L"))),
    "instantiating-element": _with(
        element("receiveTask", "X_odd", messageRef="M_answer", instantiate="true"),
        beside=message(),
    ),
}


@pytest.mark.parametrize(("code", "data"), REFUSED.items(), ids=REFUSED.keys())
def test_an_unsupported_element_is_refused(code: str, data: bytes) -> None:
    assert_breaks(data, code, "X_odd")


def test_an_ad_hoc_sub_process_is_refused() -> None:
    data = _with(
        element("adHocSubProcess", "X_odd", start(id="S2") + end(id="E2") + chain("S2", "E2"))
    )

    assert_breaks(data, "ad-hoc-sub-process", "X_odd")


def test_a_compensation_boundary_event_is_refused() -> None:
    data = diagram(
        start(),
        user("U_a"),
        boundary("X_odd", "U_a", definition("compensate")),
        end(),
        chain("Start_1", "U_a", "E_done"),
        chain("X_odd", "E_done"),
    )

    assert_breaks(data, "compensation", "X_odd")


def test_an_activity_for_compensation_is_refused() -> None:
    data = _with(element("userTask", "X_odd", extensions(role="clerk"), isForCompensation="true"))

    assert_breaks(data, "compensation", "X_odd")


@pytest.mark.parametrize("attribute", ["startQuantity", "completionQuantity"])
def test_a_quantity_of_tokens_is_refused(attribute: str) -> None:
    task = element("userTask", "X_odd", extensions(role="clerk"), **{attribute: "2"})

    assert_breaks(_with(task), "token-quantity", "X_odd")


def test_a_data_store_is_refused_at_the_top_and_in_the_process() -> None:
    data = diagram(
        start(),
        element("dataStoreReference", "Ref_1", dataStoreRef="Store_1"),
        end(),
        chain("Start_1", "E_done"),
        beside=element("dataStore", "Store_1", name="Records"),
    )

    found = problems_of(data)

    assert [(one.code, one.element_id) for one in found] == [
        ("data-store", "Ref_1"),
        ("data-store", "Store_1"),
    ]


def test_an_unsupported_element_is_found_inside_a_sub_process() -> None:
    data = _with(
        sub_process(
            "X_odd",
            start(id="S2"),
            element("manualTask", "U_inner"),
            end(id="E2"),
            chain("S2", "U_inner", "E2"),
        )
    )

    assert_breaks(data, "manual-task", "U_inner")


@pytest.mark.parametrize(
    "data",
    [
        file_of(element("choreography", "Chor_1")),
        file_of(process(start(), end(), chain("Start_1", "E_done"), executable="false")),
        file_of(element("collaboration", "Coll_1")),
    ],
    ids=["a choreography", "a process that is not executable", "a collaboration of nothing"],
)
def test_a_file_in_which_nothing_can_run_is_refused(data: bytes) -> None:
    assert_breaks(data, "no-executable-process", "Definitions_1")


def test_a_process_beside_one_that_is_not_executable_may_run() -> None:
    data = file_of(
        process(start(), end(), chain("Start_1", "E_done")),
        process(element("task", "T_other"), id="P_other", executable="false"),
    )

    assert problems_of(data) == ()


def test_a_choreography_activity_is_refused() -> None:
    task = element(
        "choreographyTask",
        "X_odd",
        "<bpmn:participantRef>A</bpmn:participantRef><bpmn:participantRef>B</bpmn:participantRef>"
        "<bpmn:messageFlowRef>F</bpmn:messageFlowRef>",
        initiatingParticipantRef="A",
    )

    found = problems_of(_with(task))

    assert ("choreography", "X_odd") in [(one.code, one.element_id) for one in found]


def test_a_problem_is_a_sentence_about_a_file() -> None:
    [problem] = problems_of(_with(element("task", "X_odd")))

    assert (problem.file, problem.severity) == (FILE, "error")
    assert str(problem) == f"main.bpmn:{problem.line}: X_odd {problem.message} [plain-task]"
    assert problem.message.endswith(".")


_MAPPED = (
    '<bpmn:ioSpecification><bpmn:dataInput id="D_in" name="amount"/><bpmn:inputSet>'
    "<bpmn:dataInputRefs>D_in</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/>"
    "</bpmn:ioSpecification>"
)
_SET = (
    "<bpmn:dataOutputAssociation><bpmn:targetRef>D_order</bpmn:targetRef><bpmn:assignment>"
    "<bpmn:from>1</bpmn:from><bpmn:to>total</bpmn:to></bpmn:assignment>"
    "</bpmn:dataOutputAssociation>"
)
_DRAWN = (
    "<bpmn:dataOutputAssociation><bpmn:targetRef>D_order</bpmn:targetRef>"
    "</bpmn:dataOutputAssociation>"
)
_OBJECT = (
    '<bpmn:dataObject id="O_order"/>'
    '<bpmn:dataObjectReference id="D_order" dataObjectRef="O_order"/>'
)


@pytest.mark.parametrize("mapping", [_MAPPED, _SET, _SET + _SET])
def test_data_that_is_mapped_at_an_activity_is_a_warning(mapping: str) -> None:
    data = diagram(start(), user("U_a", mapping), end(), _OBJECT, chain("Start_1", "U_a", "E_done"))

    assert assert_breaks(data, "data-not-mapped", "U_a").severity == "warning"


@pytest.mark.parametrize("target", ["D_order", "U_a", "D_nowhere"])
def test_an_arrow_to_a_data_object_is_a_picture(target: str) -> None:
    drawn = _DRAWN.replace("D_order", target)
    data = diagram(start(), user("U_a", drawn), end(), _OBJECT, chain("Start_1", "U_a", "E_done"))

    assert problems_of(data) == ()


def test_what_is_refused_as_a_whole_is_not_told_to_be_mended_in_parts() -> None:
    link = definition("link", name="L")
    data = diagram(
        start(),
        element("intermediateThrowEvent", "I_to", link),
        element("intermediateCatchEvent", "I_from", link),
        element("adHocSubProcess", "A_odd", user("U_a")),
        element("boundaryEvent", "B_undo", definition("compensate"), attachedToRef="A_odd"),
        user("U_undo").replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"'),
        end(),
        chain("Start_1", "I_to"),
        chain("I_from", "A_odd", "E_done"),
    )

    found = {(one.element_id, one.code) for one in problems_of(data)}

    assert found == {
        ("I_to", "link-event"),
        ("I_from", "link-event"),
        ("A_odd", "ad-hoc-sub-process"),
        ("B_undo", "compensation"),
        ("U_undo", "compensation"),
    }
