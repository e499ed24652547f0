"""Every setting of the portal, read once from the environment into one frozen object.

Embedded by default: with no variable set, everything lives under `var/`. The same code scales out by setting
`DATABASE_URL`, `REDIS_URL` and `FILES_URL`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent

_PREFIX = "JOPTIMIZ_"
_SHORTEST_KEY = 16
# Where the open data of the field are published; an operator adds more. A portal fetches from nowhere else.
_FEED_HOSTS = (
    "dialog.beta.gouv.fr tipi.bison-fute.gouv.fr transport.data.gouv.fr www.data.gouv.fr static.data.gouv.fr "
    "opendata.paris.fr data.grandlyon.com download.data.grandlyon.com opendata.hauts-de-seine.fr"
)


@dataclass(frozen=True, slots=True)
class DialogAccount:
    """The account of an organisation at the national base of orders (DiaLog), by which its orders are pushed."""

    client_id: str
    client_secret: str = field(repr=False)


class ConfigurationError(Exception):
    """The environment cannot be used; the message lists every fault in one sentence each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The portal's settings. Sizes in bytes, durations in seconds."""

    var_dir: Path
    secret_key: str
    pass_signing_seed: str
    pass_old_keys: tuple[str, ...]
    database_url: str
    redis_url: str
    files_url: str
    public_url: str
    demo_mode: bool
    testing: bool
    smtp_url: str | None
    mail_from: str
    registry_url: str | None
    geocoder_url: str | None
    http_timeout_s: float
    max_upload_bytes: int
    max_feed_bytes: int
    feed_hosts: frozenset[str]
    dialog_url: str
    dialog_accounts: Mapping[str, DialogAccount]
    max_import_rows: int
    max_import_columns: int
    energies_file: Path | None
    rate_limits: bool
    workers: int
    job_lease_s: int
    scan_retention_days: int
    route_retention_days: int
    trusted_proxies: int

    @property
    def territories_dir(self) -> Path:
        """Folder of the territories' builds: `<slug>/<version>/`."""
        return self.var_dir / "territories"

    @property
    def secure_cookies(self) -> bool:
        """True when the portal is reached through https."""
        return self.public_url.startswith("https://")


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings from the environment; keyword arguments win over it.

    Raises ConfigurationError naming every variable that cannot be used.
    """
    env = os.environ if environ is None else environ
    faults: list[str] = []

    def text(name: str, default: str) -> str:
        return env.get(_PREFIX + name, "").strip() or default

    def number[N: (int, float)](name: str, default: N) -> N:
        raw = env.get(_PREFIX + name, "").strip()
        if not raw:
            return default
        try:
            return type(default)(raw)
        except ValueError:
            faults.append(f"{_PREFIX}{name} must be a number, not {raw!r}.")
            return default

    def flag(name: str, default: bool) -> bool:
        raw = text(name, "1" if default else "0").lower()
        if raw not in {"0", "1", "true", "false", "yes", "no"}:
            faults.append(f"{_PREFIX}{name} must be 0 or 1, not {raw!r}.")
        return raw in {"1", "true", "yes"}

    var_dir = Path(str(overrides.get("var_dir") or text("VAR", str(PROJECT_ROOT / "var")))).resolve()
    demo_mode = flag("DEMO", False)
    secrets_given = {
        "secret_key": env.get(_PREFIX + "SECRET_KEY", "").strip(),
        "pass_signing_seed": env.get(_PREFIX + "PASS_SIGNING_SEED", "").strip(),
    }
    for name in secrets_given:
        if isinstance(overrides.get(name), str):
            secrets_given[name] = str(overrides[name])
    if not all(secrets_given.values()):
        kept = _local_secrets(var_dir)
        secrets_given = {name: value or kept[name] for name, value in secrets_given.items()}

    values: dict[str, object] = {
        "var_dir": var_dir,
        **secrets_given,
        "database_url": env.get("DATABASE_URL", "").strip() or f"sqlite:///{var_dir / 'joptimiz.sqlite'}",
        "redis_url": env.get("REDIS_URL", "").strip() or f"unix://{runtime_socket(var_dir)}",
        "files_url": env.get("FILES_URL", "").strip() or f"file://{var_dir / 'files'}",
        "public_url": text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        "pass_old_keys": tuple(text("PASS_OLD_KEYS", "").lower().split()),
        "demo_mode": demo_mode,
        "testing": False,
        "smtp_url": text("SMTP_URL", "") or None,
        "mail_from": text("MAIL_FROM", "ne-pas-repondre@joptimiz.invalid"),
        "registry_url": text("REGISTRY_URL", "") or None,
        "geocoder_url": text("GEOCODER_URL", "") or None,
        "http_timeout_s": number("HTTP_TIMEOUT_S", 3.0),
        "max_upload_bytes": number("MAX_UPLOAD_BYTES", 20 * 1024 * 1024),
        "max_feed_bytes": number("MAX_FEED_BYTES", 400 * 1024 * 1024),
        "feed_hosts": frozenset(text("FEED_HOSTS", _FEED_HOSTS).split()),
        "dialog_url": text("DIALOG_URL", "https://dialog.beta.gouv.fr").rstrip("/"),
        "dialog_accounts": _dialog_accounts(text("DIALOG_ACCOUNTS", ""), faults),
        "max_import_rows": number("MAX_IMPORT_ROWS", 100_000),
        "max_import_columns": number("MAX_IMPORT_COLUMNS", 100),
        "energies_file": Path(text("ENERGIES", "")) if text("ENERGIES", "") else None,
        "rate_limits": flag("RATE_LIMITS", True),
        "workers": number("WORKERS", 2),
        "job_lease_s": number("JOB_LEASE_S", 20),
        "scan_retention_days": number("SCAN_RETENTION_DAYS", 30),
        "route_retention_days": number("ROUTE_RETENTION_DAYS", 90),
        "trusted_proxies": number("TRUSTED_PROXIES", 0),
    }
    unknown = set(overrides) - set(values)
    if unknown:
        raise ConfigurationError(f"Unknown settings: {', '.join(sorted(unknown))}.")
    values.update(overrides)
    values["var_dir"] = var_dir
    if not re.fullmatch(r"[0-9a-fA-F]{64}", str(values["pass_signing_seed"])):
        faults.append(f"{_PREFIX}PASS_SIGNING_SEED must be 64 hexadecimal digits (32 random bytes).")
    old_keys = values["pass_old_keys"]
    if not isinstance(old_keys, tuple) or not all(re.fullmatch(r"[0-9a-f]{64}", str(key)) for key in old_keys):
        faults.append(f"{_PREFIX}PASS_OLD_KEYS must be public keys of 64 hexadecimal digits, with spaces between them.")
    if len(str(values["secret_key"])) < _SHORTEST_KEY:
        faults.append(f"{_PREFIX}SECRET_KEY must have {_SHORTEST_KEY} signs or more, drawn at random.")
    if int(str(values["workers"])) < 1:
        faults.append(f"{_PREFIX}WORKERS must be 1 or more.")
    if faults:
        raise ConfigurationError(" ".join(faults))
    return Settings(**values)  # type: ignore[arg-type]


def _dialog_accounts(written: str, faults: list[str]) -> Mapping[str, DialogAccount]:
    """Accounts by the short name of their territory, written `name=id:secret` with spaces between them."""
    found: dict[str, DialogAccount] = {}
    for number, part in enumerate(written.split(), 1):
        slug, _equals, account = part.partition("=")
        client_id, _colon, client_secret = account.partition(":")
        # Both go into headers as they are; the fault never repeats what was written, which may be a secret.
        if not (slug and client_id and client_secret and account.isascii() and account.isprintable()) or slug in found:
            faults.append(f"{_PREFIX}DIALOG_ACCOUNTS: account {number} must be territory=id:secret, once each.")
            continue
        found[slug] = DialogAccount(client_id, client_secret)
    return found


def runtime_socket(var_dir: Path) -> Path:
    """Return the path of the embedded queue's unix socket.

    The kernel limits such a path to 107 bytes: a deep `var/` falls back to a folder of the system's temporary
    directory whose name is derived from it, so that every process of this installation agrees.
    """
    import hashlib
    import tempfile

    path = var_dir / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= 100:
        return path
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"joptimiz-{digest}" / "valkey.sock"


def _local_secrets(var_dir: Path) -> dict[str, str]:
    """Return this installation's own secrets, made once and kept under `var/` with mode 600."""
    path = var_dir / "secrets.json"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        fresh = {"secret_key": secrets.token_urlsafe(48), "pass_signing_seed": secrets.token_hex(32)}
        partial = path.with_name(f"secrets.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(fresh, stream)
        try:
            # A link never overwrites: of two processes starting together, one wins and both read its secrets.
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept
