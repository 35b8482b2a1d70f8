"""`python -m interbeat_server` is `interbeat`."""

import sys

try:
    from .cli import main

    sys.exit(main())
except KeyboardInterrupt:  # Pressed while the modules were still being read.
    sys.exit(130)
