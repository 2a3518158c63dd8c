// What one would write with the package ws: says to all of its sockets what one says. Measured beside the product:
// node ws.mjs ADDRESS.
import { WebSocketServer } from "ws";

const [host, port] = process.argv[2].split(":");
const server = new WebSocketServer({ host, port: Number(port), path: "/ws", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (message) => {
    for (const other of server.clients) other.send(message, { binary: false });
  });
});
