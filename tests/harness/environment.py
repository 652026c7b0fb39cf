"""Where this test process finds its servers and ports, decided before Django reads its settings.

Every xdist worker has a PostgreSQL, a Valkey, ports and a VAR_DIR of its own, so a test may kill
or empty any of them without disturbing another worker. They are started on first use.
"""

from __future__ import annotations

import atexit
import functools
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from deploy.local import commands
from deploy.local.postgres import THROWAWAY, PostgresServer
from deploy.local.valkey import ValkeyServer, free_port
from tests.harness.cluster import copy_migrated_cluster


class Machine:
    """The servers, ports and directory of one test process."""

    def __init__(self) -> None:
        self.var_dir = Path(tempfile.mkdtemp(prefix="csp-test-"))
        self.var_dir.chmod(0o755)  # the account that runs PostgreSQL passes through
        (self.var_dir / "static").mkdir()  # WhiteNoise misses it loudly
        atexit.register(shutil.rmtree, self.var_dir, ignore_errors=True)
        self.port, self.chf_port = free_port(), free_port()
        self.secret_key = secrets.token_urlsafe(50)
        self.postgres = PostgresServer(
            self.var_dir / "postgres",
            settings=THROWAWAY,
            output=self.var_dir / "log" / "postgres.log",
        )
        atexit.register(self.postgres.forget)
        self.valkey = ValkeyServer(
            self.var_dir / "valkey", output=self.var_dir / "log" / "valkey.log"
        )

    def variables(self) -> dict[str, str]:
        """The environment of our code in this process and of the processes it starts."""
        return {
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.valkey.url,
            "SECRET_KEY": self.secret_key,
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "CHF_PORT": str(self.chf_port),
            "ENVIRONMENT": "development",
            "DEBUG": "0",
            "DEMO": "0",
        }

    def export(self) -> None:
        """Make this process live in that environment."""
        os.environ.pop("DATABASE_ROLE", None)
        os.environ.update(self.variables())

    def process_environment(self, **changes: str) -> dict[str, str]:
        """For the product's processes: its own settings, not the tests'."""
        env = commands.environment(os.environ, **self.variables())
        return {**env, "DJANGO_SETTINGS_MODULE": "portal.settings", **changes}

    def start_servers(self) -> None:
        copy_migrated_cluster(self.postgres)
        self.postgres.start()
        self.valkey.start()
        self.postgres.wait_ready()
        self.valkey.wait_ready()

    def stop_servers(self) -> None:
        self.valkey.kill()
        self.postgres.kill()  # nothing of it is kept


@functools.cache
def machine() -> Machine:
    """The one of this process."""
    return Machine()
