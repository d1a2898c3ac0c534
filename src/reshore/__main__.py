"""``python -m reshore``."""

from reshore.cli import main

main()
