"""`python -m pipeline` is the same program as `onrecord`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
