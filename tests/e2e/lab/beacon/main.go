// Command beacon is what tests run in pods: an HTTP server that says where it runs, sends as many
// bytes as it is told, and tells what an address answers when asked from there.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// A connection of its own for each question: a Service shall choose each time.
var client = http.Client{
	Timeout:   5 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true},
}

func name(answer http.ResponseWriter, _ *http.Request) {
	io.WriteString(answer, os.Getenv("NODE"))
}

func send(answer http.ResponseWriter, request *http.Request) {
	count, err := strconv.Atoi(request.URL.Query().Get("count"))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	answer.Write(make([]byte, count))
}

func ask(answer http.ResponseWriter, request *http.Request) {
	reply, err := client.Get(request.URL.Query().Get("url"))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	defer reply.Body.Close()
	io.Copy(answer, reply.Body)
}

func main() {
	http.HandleFunc("/", name)
	http.HandleFunc("/send", send)
	http.HandleFunc("/ask", ask)
	go func() { log.Fatal(http.ListenAndServe(":8080", nil)) }()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
}
