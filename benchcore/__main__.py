"""`python -m benchcore` is the command `benchcore`."""

import sys

from benchcore.cli import main

sys.exit(main())
