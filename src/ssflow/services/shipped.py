"""The processes that ssflow ships: find their bundles and install them."""

from collections.abc import Iterator
from pathlib import Path

from ssflow.domain.identity import ROLE_TITLES, Role
from ssflow.domain.registers.working_time import Holiday
from ssflow.errors import InvalidInputError
from ssflow.operations.public_holidays import country_of, public_holidays
from ssflow.sentences import N_
from ssflow.services.bundle_calls import Bundle, order_called_first
from ssflow.services.deployment import SUFFIXES, DeploymentOutcome, deploy_files, find_deployed
from ssflow.store import people as people_rows
from ssflow.store import records as record_rows
from ssflow.store.unit_of_work import UnitOfWork

YEARS_OF_HOLIDAYS = 3
_INSIDE_WHEEL = Path(__file__).parent.parent / "shipped"
_IN_CHECKOUT = Path(__file__).parents[3]


def shipped_root() -> Path:
    """Give the folder that holds `processes/` and `forms/`: in the wheel, or the checkout."""
    return _INSIDE_WHEEL if (_INSIDE_WHEEL / "processes").is_dir() else _IN_CHECKOUT


def install_shipped(work: UnitOfWork) -> list[DeploymentOutcome]:
    """Install the shipped roles, holidays and processes; what is there already stays as it is.

    Raises:
        ForbiddenError: the actor may not deploy.
    """
    install_roles(work)
    install_holidays(work)
    return [
        find_deployed(work, bundle.files)
        or deploy_files(work, bundle.files, area=bundle.area, comment=N_("Shipped with ssflow"))
        for bundle in read_bundles(shipped_root() / "processes")
    ]


def install_roles(work: UnitOfWork) -> None:
    """Add the shipped roles that are missing."""
    known = {role.key for role in people_rows.list_roles(work.session)}
    missing = [Role(key=key, title=title) for key, title in ROLE_TITLES.items() if key not in known]
    work.session.add_all(missing)
    work.session.flush()


def install_holidays(work: UnitOfWork) -> None:
    """Add the public holidays of the time zone's country, unless the register has some already."""
    country = country_of(work.timezone)
    if country is None or record_rows.holidays(work.session):
        return
    years = range(work.now.year, work.now.year + YEARS_OF_HOLIDAYS)
    work.session.add_all(
        Holiday(day=day, name=name, created_at=work.now, created_by=work.actor.key)
        for day, name in public_holidays(country, years).items()
    )
    work.session.flush()


def has_holidays(work: UnitOfWork) -> bool:
    """Tell whether the register knows any day on which nobody works."""
    return bool(record_rows.holidays(work.session))


def read_bundles(path: Path) -> list[Bundle]:
    """Read the bundle that a folder holds, or those in the folders below it; or one file's folder.

    Bundles come behind those that they call.

    Raises:
        InvalidInputError: there is no diagram in or below the path.
    """
    path = path.resolve()
    if path.is_file():
        path = path.parent
        folders = [path] if _holds_diagram(path) else []
    else:
        folders = [path] if _holds_diagram(path) else sorted(_bundle_folders(path))
    if not folders:
        raise InvalidInputError(f"There is no .bpmn file in or below {path}.")
    bundles = [_read_bundle(folder) for folder in folders]
    bundles.sort(key=lambda bundle: (bundle.area != "shared", bundle.area))
    return order_called_first(bundles)


def read_bundles_around(path: Path) -> list[Bundle]:
    """Read the bundles at a path and those beside it that they call, these first.

    Below a folder `processes` all of its bundles belong together.

    Raises:
        InvalidInputError: as `read_bundles`.
    """
    for folder in (path.resolve(), *path.resolve().parents):
        if folder.name == "processes":
            return read_bundles(folder)
    wanted = read_bundles(path)
    known = {bundle.folder for bundle in wanted}
    beside = {found.parent for one in wanted for found in one.folder.parent.glob("*/*.bpmn")}
    others = [_read_bundle(folder) for folder in sorted(beside - known)]
    return order_called_first([*wanted, *others], wanted)


def _bundle_folders(path: Path) -> Iterator[Path]:
    return iter({found.parent for found in path.rglob("*.bpmn") if found.is_file()})


def _holds_diagram(folder: Path) -> bool:
    return any(found.is_file() for found in folder.glob("*.bpmn"))


def _read_bundle(folder: Path) -> Bundle:
    files = {p.name: p.read_bytes() for p in _bundle_files(folder)}
    forms = folder.parent.parent / "forms" / folder.name
    if folder.parent.name == "processes" and forms.is_dir():
        files |= {p.name: p.read_bytes() for p in _bundle_files(forms)}
    return Bundle(area=folder.name, files=files, folder=folder)


def _bundle_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name.endswith(SUFFIXES))
