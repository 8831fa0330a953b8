"""The options of C{twistd chat}: their syntax, and the values that the chat uses."""
