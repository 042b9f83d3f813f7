// Analyze runs the analyzers of `istioctl analyze` over files as if a cluster held their objects: pods, Services and namespaces too, which
// the command itself leaves out of files (local.AddReaderKubeSource). For docs/scoreboard.md. One path per line on stdin, one JSON list of
// messages per line on stdout; the mesh configuration is read from `PATH.mesh` where that file exists.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/log"
)

type message struct {
	Code   string `json:"code"`
	Level  string `json:"level"`
	Origin string `json:"origin"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	paths := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for paths.Scan() {
		found, err := analyze(paths.Text())
		if err == nil {
			err = answers.Encode(found)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", paths.Text(), err)
			os.Exit(1)
		}
	}
}

func analyze(path string) ([]message, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	if _, err := os.Stat(path + ".mesh"); err == nil {
		if err := analyzer.AddFileKubeMeshConfig(path + ".mesh"); err != nil {
			return nil, err
		}
	}
	if err := analyzer.AddTestReaderKubeSource([]local.ReaderSource{{Name: path, Reader: file}}); err != nil {
		return nil, err
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		return nil, err
	}
	found := []message{}
	for _, one := range result.Messages {
		origin := ""
		if one.Resource != nil {
			origin = one.Resource.Origin.FriendlyName()
		}
		found = append(found, message{Code: one.Type.Code(), Level: one.Type.Level().String(), Origin: origin})
	}
	return found, nil
}
