"""`python -m latently.cli`: the same as `latently`."""

import sys

from latently.cli import main

sys.exit(main())
