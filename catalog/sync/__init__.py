"""Do one poll, from the request to the messages."""
