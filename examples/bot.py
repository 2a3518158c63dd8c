"""A bot that answers "!time" in one conversation. It needs only Python's standard library.

HUBBUB=http://localhost:8080 TOKEN=hub_app_... CONVERSATION=order-7 python3 bot.py
"""
import json, os, time, urllib.request

API = os.environ["HUBBUB"] + "/api/v1"
MESSAGES = f"/conversations/{os.environ['CONVERSATION']}/messages"


def call(method, path, body=None):
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data, headers, method=method)) as answer:
        return json.load(answer)


seen = call("GET", MESSAGES + "?limit=1")["head"]
print("The bot is listening.", flush=True)
while True:
    for entry in call("GET", f"{MESSAGES}?after={seen}")["entries"]:
        seen = entry["seq"]
        if entry["data"].get("text") == "!time":
            # The id makes the answer one message, even if this is repeated after an error.
            answer = {"text": time.strftime("It is %H:%M."), "reply_to": seen, "id": f"bot-{seen}"}
            call("POST", MESSAGES, answer)
    time.sleep(1)
