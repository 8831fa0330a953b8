"""The terminal client, as C{python -m chatservice}."""

from chatservice.client.main import main

if __name__ == "__main__":
    main()
