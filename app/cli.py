"""The command line: `consultline …`. Each command says what it did, or in one sentence why it could not.

Commands are named by module and function and loaded when they are run, so that a voice process loads the line
and nothing else.
"""

import argparse
import asyncio
import sys
from importlib import import_module
from pathlib import Path
from uuid import UUID

from app.trouble import sentence

ROLES = ("provider", "client", "practice_admin", "scheduler", "support", "admin")
OUTCOMES = ("answered", "no-answer", "busy", "failed", "canceled", "voicemail")


def main() -> None:
    """Run the command that was typed."""
    told = parser().parse_args()
    module, _, function = told.run.partition(":")
    try:
        sys.exit(asyncio.run(getattr(import_module(module), function)(told)))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as trouble:
        known = sentence(trouble)
        if known is None:
            raise
        sys.exit(f"consultline: {known}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = argparse.ArgumentParser(prog="consultline", description="The consultation line and all around it.")
    commands = root.add_subparsers(required=True, metavar="command")

    one = _command(commands, "demo", "app.demo:main", "everything on this machine, with a practice to try it on")
    one.add_argument("--port", type=int, default=8080)
    one.add_argument("--fresh", action="store_true", help="forget what earlier demos left")

    _command(commands, "voice", "app.roles:voice", "answer the carrier")
    _command(commands, "web", "app.roles:web", "serve the portal and the API")
    _command(commands, "worker", "app.roles:worker", "do what is due")
    _command(commands, "all", "app.roles:everything", "the three in one process, with engines where none is set")
    _command(commands, "migrate", "app.operate:migrate", "bring the database to the newest schema")

    one = _command(commands, "call", "app.operate:call", "let the simulated carrier call the running service")
    one.add_argument("--from", dest="caller", required=True, metavar="NUMBER")
    one.add_argument("--line", metavar="NUMBER", help="the line that is dialled (default: the first)")
    one.add_argument("--outcome", choices=OUTCOMES, default="answered")
    one.add_argument("--talk", type=int, metavar="SECONDS", help="default: 60, voicemail 20")
    one.add_argument("--digits", default="", help="what the caller keys, a comma between answers: 123456,1")
    one.add_argument("--real-time", action="store_true", help="wait for as long as a real call would take")

    line = commands.add_parser("line", help="the operator's switch").add_subparsers(required=True, metavar="what")
    _command(line, "status", "app.operate:line_status", "how each line is doing")
    one = _command(line, "declare-outage", "app.operate:declare_outage", "the line is down: show direct numbers")
    one.add_argument("--line", metavar="NUMBER", help="default: all lines")
    one.add_argument("--reason", metavar="WORDS")
    one = _command(line, "restore", "app.operate:restore", "take the outage back")
    one.add_argument("--line", metavar="NUMBER", help="default: all lines")

    carrier = commands.add_parser("carrier", help="the numbers at the carrier")
    what = carrier.add_subparsers(required=True, metavar="what")
    _command(what, "check", "app.operate:carrier_check", "list every drift of the numbers' set-up; exit 1 if any")
    _command(what, "configure", "app.operate:carrier_configure", "set the numbers up")

    one = _command(commands, "import-clients", "app.lists:import_clients", "look at a file of clients, or import it")
    one.add_argument("file", type=Path, metavar="FILE", help="a .csv, .xlsx or .vcf")
    one.add_argument("--provider", required=True, metavar="EMAIL", help="whose clients they are")
    one.add_argument("--commit", action="store_true", help="import what is valid; else nothing is kept")
    one.add_argument(
        "--preset", default="plain", help="how the columns are called: the name of a file in people/presets"
    )
    one.add_argument("--encoding", choices=("cp1252", "mac_roman", "cp1250"), help="where the file is no Unicode")
    one.add_argument("--sheet", metavar="NAME", help="which one of a workbook")
    one.add_argument("--do-not-invite", action="store_true", help="send no letters to those who are added")

    token = commands.add_parser("token", help="API tokens").add_subparsers(required=True, metavar="what")
    one = _command(token, "create", "app.operate:token_create", "make a token and show it once")
    one.add_argument("--role", choices=("admin", "provider", "partner"), required=True)
    one.add_argument("--email", metavar="ADDRESS", help="the provider that the token acts as")
    one.add_argument("--payer", type=UUID, metavar="ID", help="the payer that the token acts as")

    user = commands.add_parser("user", help="sign-ins").add_subparsers(required=True, metavar="what")
    one = _command(user, "create", "app.users:create", "make a sign-in and mail the invitation")
    one.add_argument("--role", choices=ROLES, required=True)
    one.add_argument("--email", metavar="ADDRESS", required=True)
    one.add_argument("--practice", type=UUID, metavar="ID", help="where a practice_admin or scheduler works")
    return root


def _command(
    to: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: str, told: str
) -> argparse.ArgumentParser:
    made = to.add_parser(name, help=told, description=told)
    made.set_defaults(run=run)
    return made
