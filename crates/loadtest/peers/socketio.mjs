// What one would write with Socket.IO, over WebSockets only: emits to all what one emits. Measured beside the product:
// node socketio.mjs ADDRESS.
import { createServer } from "node:http";
import { Server } from "socket.io";

const [host, port] = process.argv[2].split(":");
const server = createServer();
const io = new Server(server, { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => socket.on("m", (message) => io.emit("m", message)));
server.listen(Number(port), host);
