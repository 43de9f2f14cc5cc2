"""`python -m seewhy`, for where the command is not on the path."""

from .cli.main import main

main()
