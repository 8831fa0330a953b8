"""The rules of the chat, without bytes, SQL and sockets."""
