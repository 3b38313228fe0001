// Command driver drives LaunchDarkly's server-side SDK for Go by the commands of sdk_drivers.mjs: one
// on each line of the input, with one answer each on the output. Its argument is the base URL.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldreason"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/interfaces"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
)

type flag struct {
	Key     string        `json:"key"`
	Type    string        `json:"type"`
	Default ldvalue.Value `json:"default"`
}

type command struct {
	Command     string            `json:"command"`
	Client      string            `json:"client"`
	Key         string            `json:"key"`
	Application string            `json:"application"`
	Mode        string            `json:"mode"`
	Timeout     float64           `json:"timeout"`
	Context     ldcontext.Context `json:"context"`
	Flags       []flag            `json:"flags"`
	Event       string            `json:"event"`
	Data        ldvalue.Value     `json:"data"`
	Metric      float64           `json:"metric"`
}

type detail struct {
	Value          any                       `json:"value"`
	VariationIndex ldvalue.OptionalInt       `json:"variationIndex"`
	Reason         ldreason.EvaluationReason `json:"reason"`
}

type answer struct {
	Initialized *bool    `json:"initialized,omitempty"`
	Details     []detail `json:"details,omitempty"`
	State       string   `json:"state,omitempty"`
}

func open(base string, c command) (*ld.LDClient, error) {
	config := ld.Config{
		ServiceEndpoints: ldcomponents.RelayProxyEndpoints(base),
		ApplicationInfo:  interfaces.ApplicationInfo{ApplicationID: c.Application},
	}
	switch c.Mode {
	case "polling":
		config.DataSource = ldcomponents.PollingDataSource()
	case "second-protocol":
		config.DataSystem = ldcomponents.DataSystem().WithRelayProxyEndpoints(base).Default()
	}
	return ld.MakeCustomClient(c.Key, config, time.Duration(c.Timeout*float64(time.Second)))
}

// evaluate calls the function that is for the flag's type. What it returns as an error is in the reason
// too.
func evaluate(client *ld.LDClient, f flag, context ldcontext.Context) detail {
	var value any
	var d ldreason.EvaluationDetail
	switch f.Type {
	case "bool":
		value, d, _ = client.BoolVariationDetail(f.Key, context, f.Default.BoolValue())
	case "string":
		value, d, _ = client.StringVariationDetail(f.Key, context, f.Default.StringValue())
	case "number":
		value, d, _ = client.Float64VariationDetail(f.Key, context, f.Default.Float64Value())
	default:
		value, d, _ = client.JSONVariationDetail(f.Key, context, f.Default)
	}
	return detail{Value: value, VariationIndex: d.VariationIndex, Reason: d.Reason}
}

func run(base string, clients map[string]*ld.LDClient, c command) (answer, error) {
	client := clients[c.Client]
	switch c.Command {
	case "open":
		// A client that is not initialized comes with an error, and goes on trying.
		client, err := open(base, c)
		if client == nil {
			return answer{}, err
		}
		clients[c.Client] = client
		initialized := client.Initialized()
		return answer{Initialized: &initialized}, nil
	case "evaluate":
		details := make([]detail, 0, len(c.Flags))
		for _, f := range c.Flags {
			details = append(details, evaluate(client, f, c.Context))
		}
		return answer{Details: details}, nil
	case "track":
		if err := client.TrackMetric(c.Event, c.Context, c.Metric, c.Data); err != nil {
			return answer{}, err
		}
		client.Flush()
		return answer{}, nil
	case "state":
		return answer{State: string(client.GetDataSourceStatusProvider().GetStatus().State)}, nil
	}
	return answer{}, fmt.Errorf("unknown command %q", c.Command)
}

func main() {
	clients := map[string]*ld.LDClient{}
	lines := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var c command
		var a answer
		if err = json.Unmarshal(line, &c); err == nil {
			a, err = run(os.Args[1], clients, c)
		}
		if err == nil {
			err = output.Encode(a)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for _, client := range clients {
		_ = client.Close()
	}
}
