"""``python -m suffice`` is the same as ``suffice``."""

import sys

from suffice.cli import main

sys.exit(main())
