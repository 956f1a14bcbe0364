"""`python -m watchword.cli`: the command line where no script is installed."""

from watchword.cli.main import main

main()
