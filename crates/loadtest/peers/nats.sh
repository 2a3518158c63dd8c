#!/bin/sh
# nats-server with its WebSocket at the address: nats.sh ADDRESS. Measured beside the product.
settings=$(mktemp)
printf 'host: 127.0.0.1\nport: -1\nwebsocket { host: 127.0.0.1, port: %s, no_tls: true }\n' "${1#*:}" > "$settings"
exec nats-server --config "$settings" --log /dev/null
