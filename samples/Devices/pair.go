// Pairs this device (RFC 8628). Usage: go run pair.go SERVER TOKEN_FILE
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
)

type object map[string]any

func (o object) text(name string) string    { text, _ := o[name].(string); return text }
func (o object) number(name string) float64 { number, _ := o[name].(float64); return number }
func seconds(number float64) time.Duration  { return time.Duration(number * float64(time.Second)) }

// call returns status, headers and JSON of the answer. Status 0: there was none.
func call(method, address string, form url.Values, key string, hold float64) (int, http.Header, object) {
	request, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, object{"error": err.Error()}
	}
	request.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Idempotency-Key": {key}, "Prefer": {fmt.Sprint("wait=", hold)}}
	client := http.Client{Timeout: seconds(hold + 15), CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the device code goes to this server only
	}}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, object{"error": err.Error()}
	}
	defer answer.Body.Close()
	body := object{}
	if json.NewDecoder(answer.Body).Decode(&body) != nil && answer.StatusCode < 400 {
		return 0, nil, nil // success without JSON is no answer
	}
	return answer.StatusCode, answer.Header, body
}

// wait polls until the pairing ends. It returns the answer with the token.
func wait(address string, form url.Values, key string, started object) object {
	deadline := time.Now().Add(seconds(started.number("expires_in") - 1))
	interval, hold, backOff, shown := started.number("interval"), 25.0, 0.0, ""
	if interval == 0 {
		interval = 5
	}
	for pause := interval; time.Now().Before(deadline); {
		time.Sleep(seconds(math.Min(pause, time.Until(deadline).Seconds()))) // the last poll goes out a second before the end
		sent := time.Now()
		status, header, body := call("POST", address, form, key, hold)
		took, failure := time.Since(sent), body.text("error")
		switch {
		case body.text("access_token") != "":
			return body
		case failure == "authorization_pending":
			backOff, pause = 0, interval
			number, isNew := body["match_number"]
			isNew = isNew && fmt.Sprint(number) != shown
			if header.Get("Preference-Applied") != "" && (isNew || took > time.Second) {
				pause = 0 // held: the next one at once
			}
			if isNew {
				shown = fmt.Sprint(number)
				fmt.Println("Choose this number on the page:", shown)
			}
		case failure == "slow_down" && status < 500:
			interval = math.Max(interval+5, body.number("interval")) // for good
			pause = interval
		case status == 0 || status == 408 || status == 429 || status >= 500:
			if took > time.Second && status != 429 && status != 503 {
				hold = 0 // a proxy may cut long requests
			}
			backOff = math.Max(interval, math.Min(backOff*2, 60))
			pause = backOff
		default:
			log.Fatal("Not paired: ", failure, " ", status)
		}
		retryAfter, _ := strconv.ParseFloat(header.Get("Retry-After"), 64)
		pause = math.Max(pause, retryAfter)
	}
	log.Fatal("Not paired: expired_token")
	return nil
}

func main() {
	log.SetFlags(0)
	server, _ := url.Parse(os.Args[1])
	if server == nil {
		log.Fatal("Not an address: ", os.Args[1])
	}
	server.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(server.Path, "/")
	_, _, found := call("GET", server.String(), nil, "", 0)
	if found.text("device_authorization_endpoint") == "" {
		log.Fatal(os.Args[1], " does not pair devices. ", found.text("error"))
	}
	name, _ := os.Hostname()
	_, _, started := call("POST", found.text("device_authorization_endpoint"), url.Values{
		"client_id": {"my-device"}, "scope": {"library.read"}, "number_matching": {"true"},
		"name": {name}, "platform": {runtime.GOOS}, "client_device_identifier": {name},
	}, "", 0)
	code := started.text("device_code")
	if code == "" {
		log.Fatal("Not started: ", started.text("error"), " ", started.text("error_description"))
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	fmt.Println("Open", started.text("verification_uri"), "and enter", started.text("user_code"))
	go func() {
		<-stop
		log.Print("Given up.")
		call("POST", found.text("revocation_endpoint"), url.Values{"client_id": {"my-device"}, "token": {code}, "token_type_hint": {"device_code"}}, "", 0)
		os.Exit(1)
	}()
	key := make([]byte, 16) // the same for all polls: a lost token can be fetched again
	rand.Read(key)
	token := wait(found.text("token_endpoint"), url.Values{
		"client_id": {"my-device"}, "device_code": {code}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"},
	}, fmt.Sprintf("%x", key), started)
	text, _ := json.Marshal(token)
	if err := os.WriteFile(os.Args[2], text, 0600); err != nil { // only its owner reads it
		log.Fatal(err)
	}
	fmt.Println("Connected.")
}
