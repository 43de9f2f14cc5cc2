"""The run-time type checker of the test session: an int will do where a float is wanted."""

import random

from beartype import BeartypeConf, beartype
from beartype._check.code import codemain

# It looks at random items of containers; from a stream of its own, or "the global random state is untouched" cannot
# be tested (contracts fail should this private name move).
codemain.getrandbits = random.Random(0).getrandbits

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
