"""Fixtures shared by every test; each theme lives in its own module under tests/support/."""

pytest_plugins = [
    "tests.support.database",
    "tests.support.data",
    "tests.support.installation",
    "tests.support.parallel",
    "tests.support.skips",
    "tests.support.web",
]
