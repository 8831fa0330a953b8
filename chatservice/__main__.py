"""``python -m chatservice`` is the terminal client."""

from chatservice.client.main import main

if __name__ == "__main__":
    main()
