from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.service_process",
    "tests.fixtures.ingestion_service",
    "tests.fixtures.archive",
]

settings.register_profile("default", deadline=None)  # the machine may be busy; pytest's own time-out holds
settings.load_profile("default")
