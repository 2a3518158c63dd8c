"""uWebSockets with its own topics, behind socketify: publishes to all what one says. Measured beside the product:
python uws.py ADDRESS."""

import sys

from socketify import App, OpCode

host, port = sys.argv[1].split(":")
app = App()


def opened(socket):
    socket.subscribe("all")


def said(socket, message, opcode):
    app.publish("all", message, OpCode.TEXT)


app.ws("/ws", {"open": opened, "message": said, "idle_timeout": 120, "max_backpressure": 64 * 1024 * 1024})
app.listen({"port": int(port), "host": host}, lambda _: None)
app.run()
