// A bot that answers "!time" in one conversation, live over the WebSocket. It needs no packages, only Node 22 or newer
// (or Node 20 with --experimental-websocket).
// HUBBUB=http://localhost:8080 TOKEN=hub_app_... CONVERSATION=order-7 node bot.mjs
const { HUBBUB, TOKEN, CONVERSATION } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
const conversation = `${HUBBUB}/api/v1/conversations/${CONVERSATION}`;
const { topic } = await (await fetch(conversation, { headers })).json();

let cursor; // where to go on after a lost connection
function listen() {
    const socket = new WebSocket(`${HUBBUB.replace("http", "ws")}/ws`, { headers });
    socket.onopen = () => socket.send(JSON.stringify({ action: "subscribe", topic, since: cursor }));
    socket.onclose = ({ code }) => code === 4401 || setTimeout(listen, 1000 + Math.random() * 4000);
    socket.onmessage = async ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.event === "subscribed" || frame.event === "reset") {
            if (!cursor) console.log("The bot is listening.");
            cursor = frame.cursor;
        }
        if (frame.event || frame.topic !== topic) return;
        cursor = { ...cursor, seq: frame.seq };
        if (frame.data.text !== "!time") return;
        const text = `It is ${new Date().toTimeString().slice(0, 5)}.`;
        const body = JSON.stringify({ text, reply_to: frame.seq, id: `bot-${frame.seq}` });
        await fetch(`${conversation}/messages`, { method: "POST", headers, body });
    };
}
listen();
