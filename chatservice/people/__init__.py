"""Who somebody is: accounts, passwords, addresses, and what each of them may cost."""
