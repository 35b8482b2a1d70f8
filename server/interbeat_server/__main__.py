"""`python -m interbeat_server` is `interbeat`."""

import sys

from .cli import main

sys.exit(main())
