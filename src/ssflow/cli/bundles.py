"""Check, deploy and try out bundles of diagrams."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import click

from ssflow.cli.surroundings import installation, now
from ssflow.domain.identity import OPERATOR
from ssflow.engine.problems import Problem, Severity
from ssflow.services.deployment import (
    DeploymentOutcome,
    DeploymentRefusedError,
    check_files,
    deploy_files,
)
from ssflow.services.jobs import run_due_jobs
from ssflow.services.scenario_runs import TIMEZONE, run_scenarios
from ssflow.services.scenarios import Played
from ssflow.services.shipped import (
    has_holidays,
    install_roles,
    install_shipped,
    read_bundles,
    read_bundles_around,
)
from ssflow.store.database import open_database, upgrade_schema
from ssflow.store.unit_of_work import UnitOfWork, open_work

PATHS = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))


@click.command()
@PATHS
@click.option("--shipped", is_flag=True, help="Deploy the processes that ssflow ships, with roles.")
def deploy(paths: tuple[Path, ...], *, shipped: bool) -> None:
    """Check bundles and make them the newest versions of their processes."""
    if not paths and not shipped:
        raise click.UsageError("Name a folder with diagrams, or say --shipped.")
    bundles = [bundle for path in paths for bundle in read_bundles(path)]
    with installation() as here:
        try:
            if shipped:
                with here.work() as work:
                    tell_outcomes(install_shipped(work))
                    _tell_missing_holidays(work)
            for bundle in bundles:
                with here.work() as work:
                    install_roles(work)
                    tell_outcomes([deploy_files(work, bundle.files, area=bundle.area)])
        except DeploymentRefusedError as error:
            tell_problems(error.problems)
            click.echo(error.message, err=True)
            sys.exit(1)


@click.command()
@PATHS
def lint(paths: tuple[Path, ...]) -> None:
    """Check bundles as a deployment would; nothing is stored."""
    if not paths:
        raise click.UsageError("Name a folder with diagrams, or a diagram.")
    problems = list(_find_problems(paths))
    tell_problems(problems)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    click.echo(f"{errors} errors, {len(problems) - errors} warnings")
    sys.exit(1 if errors else 0)


@click.command()
@PATHS
@click.option("--coverage", is_flag=True, help="List the sequence flows that no scenario took.")
def test(paths: tuple[Path, ...], *, coverage: bool) -> None:
    """Run the scenarios that stand beside diagrams."""
    if not paths:
        raise click.UsageError("Name a folder with diagrams and scenarios.")
    passed = failed = 0
    for path in paths:
        try:
            report = run_scenarios(path, run_due_jobs, _tell_played)
        except DeploymentRefusedError as error:
            tell_problems(error.problems)
            raise
        failed += len(report.failed)
        passed += len(report.played) - len(report.failed)
        for covered in report.coverage if coverage else ():
            taken = covered.flows - len(covered.missed)
            click.echo(f"{covered.process}: {taken} of {covered.flows} sequence flows taken")
            for missed in covered.missed:
                click.echo(f"  not taken: {missed}")
    if not passed + failed:
        click.echo("No scenario stands beside these diagrams: nothing was tested.", err=True)
    click.echo(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


def _find_problems(paths: Iterable[Path]) -> Iterator[Problem]:
    """Deploy to a database that is thrown away; what other bundles have wrong is not told."""
    with closing(open_database("sqlite://")) as database:
        upgrade_schema(database)
        with open_work(database, actor=OPERATOR, now=now(), timezone=TIMEZONE) as work:
            install_roles(work)
            for path in paths:
                asked = {bundle.folder for bundle in read_bundles(path)}
                for bundle in read_bundles_around(path):
                    checked = check_files(work, bundle.files)
                    if bundle.folder in asked:
                        yield from checked.problems
                    if not checked.has_errors:
                        deploy_files(work, bundle.files)


def tell_outcomes(outcomes: Iterable[DeploymentOutcome]) -> None:
    """Say what was deployed."""
    for outcome in outcomes:
        tell_problems(outcome.warnings)
        for definition in outcome.definitions:
            state = "deployed" if outcome.is_new else "was deployed already"
            click.echo(f"{definition.key} version {definition.version} {state}")


def tell_problems(problems: Iterable[Problem]) -> None:
    """Say what is wrong, one line a problem."""
    for problem in problems:
        place = ":".join(str(part) for part in (problem.file, problem.line) if part)
        words = (f"{place}:" if place else "", problem.element_id or "", str(problem.severity))
        click.echo(f"{' '.join(filter(None, words))} [{problem.code}] {problem.message}")


def _tell_missing_holidays(work: UnitOfWork) -> None:
    if not has_holidays(work):
        click.echo(
            f"No public holidays were installed: the time zone {work.timezone} lies in no country. "
            "Set SSFLOW_TIMEZONE and say this again, or add them on the page of holidays."
        )


def _tell_played(played: Played) -> None:
    if played.is_ok:
        click.echo(f"ok      {played.scenario.name}")
    else:
        click.echo(f"FAILED  {played.scenario.name}\n        {played.failure}")
