#!/bin/sh
# A message to one member of a conversation, and the confirmation that it has arrived and was read.
#
#   OPERATOR=$(hubbub token operator) sh examples/five-steps.sh
#
# HUBBUB is the address of the server.
set -eu
HUBBUB=${HUBBUB:-http://localhost:8080}

# Sends JSON: api METHOD PATH BODY [CURL OPTIONS]
api() {
    method=$1 path=$2 body=$3
    shift 3
    curl --silent --show-error --fail-with-body -X "$method" "$HUBBUB/api/v1$path" \
        -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "$body" "$@"
    echo
}
# Prints a field of the JSON that is read: field NAME
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# 1. An application. Its token is shown once.
TOKEN=$OPERATOR
created=$(api POST /applications '{"title": "Shop"}')
TOKEN=$(echo "$created" | field token)
# 2. Its metadata, and the users, by your own keys.
api PATCH /application '{"description": "Support chat", "config": {"allowed_origins": ["https://shop.example"]}}'
api PUT /users/zoe '{"name": "Zoë"}'
api PUT /users/lei '{"name": "李雷"}'
# 3. A conversation; its key is the application's next number.
conversation=$(api POST /conversations '{"name": "Order 7"}' | field key)
# 4. Its members.
api PUT "/conversations/$conversation/members/zoe" '{}'
api PUT "/conversations/$conversation/members/lei" '{}'
# 5. A message that only Zoë can read.
seq=$(api POST "/conversations/$conversation/messages" '{"text": "Your refund is on its way.", "recipients": ["zoe"]}' |
    field seq)
receipts() { api GET "/conversations/$conversation/messages/$seq/receipts" ''; }
receipts
# Her device reads her inbox; passing the cursor on says that it has everything before it.
cursor=$(api GET /inbox '' -H "Hubbub-As: zoe" | field cursor)
api GET "/inbox?after=$cursor" '' -H "Hubbub-As: zoe"
until receipts | grep '"state":"delivered"'; do sleep 1; done
# She reads it.
api PUT "/conversations/$conversation/marks/read" "{\"seq\": $seq}" -H "Hubbub-As: zoe"
until receipts | grep '"state":"read"'; do sleep 1; done
