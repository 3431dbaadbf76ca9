from hypothesis import settings

pytest_plugins = ["tests.fixtures.servers"]

settings.register_profile("default", deadline=None)  # the machine may be busy; pytest's own time-out holds
settings.load_profile("default")
