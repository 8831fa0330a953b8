"""The version of the chat that runs, which both ends tell."""

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Give the version of the installed package; words if it runs without being installed."""
    try:
        return version("chatservice")
    except PackageNotFoundError:
        return "(not installed)"
