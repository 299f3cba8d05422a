"""How much chance the tests take: the same examples in every run, and far more of them with `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("test", max_examples=25, derandomize=True, deadline=None)
settings.register_profile(
    "fuzz", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("FAXBOT_TEST_EXAMPLES", "test"))
