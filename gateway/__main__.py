"""`python -m gateway` is `huecry`."""

from gateway.cli.app import main

main()
