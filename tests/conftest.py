"""What holds for all tests: property tests are repeatable and not judged by the clock of a busy machine."""

from hypothesis import settings

settings.register_profile("ringback", deadline=None, derandomize=True)
settings.load_profile("ringback")
