// A chat hub as one writes it in Go with gorilla/websocket: one goroutine that owns the set of clients, and for each
// client a buffered channel, a goroutine that reads and one that writes. Messages that wait in the channel are joined
// into one with line feeds between them. A client whose channel is full is dropped.
//
// It is here to be measured beside the product: hub ADDRESS.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan []byte
}

var (
	join  = make(chan *client)
	leave = make(chan *client)
	say   = make(chan []byte, 256)
)

func hub() {
	clients := map[*client]bool{}
	for {
		select {
		case c := <-join:
			clients[c] = true
		case c := <-leave:
			if clients[c] {
				delete(clients, c)
				close(c.send)
			}
		case message := <-say:
			for c := range clients {
				select {
				case c.send <- message:
				default:
					delete(clients, c)
					close(c.send)
				}
			}
		}
	}
}

func (c *client) read() {
	defer func() { leave <- c; c.conn.Close() }()
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		say <- message
	}
}

func (c *client) write() {
	defer c.conn.Close()
	for message := range c.send {
		w, err := c.conn.NextWriter(websocket.TextMessage)
		if err != nil {
			return
		}
		w.Write(message)
		for n := len(c.send); n > 0; n-- {
			more, ok := <-c.send
			if !ok {
				break
			}
			w.Write([]byte{'\n'})
			w.Write(more)
		}
		if w.Close() != nil {
			return
		}
	}
}

func main() {
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	go hub()
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{conn, make(chan []byte, 256)}
		join <- c
		go c.write()
		go c.read()
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
