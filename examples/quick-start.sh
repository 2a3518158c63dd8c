#!/bin/sh
# The REST API in five steps: an application, a user, a conversation, a member and a message.
#
#   TOKEN=$(hubbub app create "Shop" | sed -n 's/^token *//p') sh examples/quick-start.sh
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

# 1. The application of the token.
curl --silent --show-error --fail-with-body "$HUBBUB/api/v1/application" -H "Authorization: Bearer $TOKEN"
echo
# 2. A user, by your own key. A slash in a key is %2F.
api PUT /users/customers%2F42 '{"name": "Zoë"}'
# 3. A conversation, by your own key.
api PUT /conversations/orders%2F7 '{"name": "Order 7"}'
# 4. A member.
api PUT /conversations/orders%2F7/members/customers%2F42 '{}'
# 5. A message of that user. Sending the same id again changes nothing.
api POST /conversations/orders%2F7/messages '{"id": "m-1", "text": "When does it arrive?"}' \
    -H "Hubbub-As: customers%2F42"
