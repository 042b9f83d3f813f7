// Oracle answers what Istio itself makes of a set of Kubernetes objects: one JSON request per line on stdin, one answer per line on
// stdout. It calls Istio's packages; what it has to restate (the last step of ztunnel, which is Rust) stands in ztunnel.go and says so.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"istio.io/istio/pkg/log"
)

func main() {
	quiet()
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers until the input ends; a request that cannot be answered gets its error as the answer.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	answers := bufio.NewWriter(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return answers.Flush()
		} else if err != nil {
			return fmt.Errorf("request is cut off: %w", err)
		}
		var request Request
		if err := json.Unmarshal(line, &request); err != nil {
			return fmt.Errorf("request is not what request.go describes: %w", err)
		}
		if err := json.NewEncoder(answers).Encode(answer(request)); err != nil {
			return fmt.Errorf("answer to %s cannot be written: %w", request.ID, err)
		}
		if lines.Buffered() == 0 {
			if err := answers.Flush(); err != nil {
				return err
			}
		}
	}
}

func answer(request Request) (result Answer) {
	defer func() {
		if thrown := recover(); thrown != nil {
			result = Answer{ID: request.ID, Error: fmt.Sprintf("Istio's code panicked: %v", thrown)}
		}
	}()
	ask, known := kindsOfRequest[request.Kind]
	if !known {
		return Answer{ID: request.ID, Error: fmt.Sprintf("no kind of request is called %q", request.Kind)}
	}
	result, err := ask(request)
	if err != nil {
		result.Error = err.Error()
	}
	result.ID = request.ID
	return result
}

var kindsOfRequest = map[string]func(Request) (Answer, error){
	"sidecar":   sidecar,
	"listeners": listeners,
	"ambient":   ambientSet,
	"client":    client,
	"injection": injection,
}

// quiet keeps Istio's own logs off stdout: warnings about duplicate policies are what the random sets provoke.
func quiet() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
}
