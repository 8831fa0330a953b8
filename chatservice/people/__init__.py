"""Identity: accounts, passwords and addresses, and the limits on each of them."""
