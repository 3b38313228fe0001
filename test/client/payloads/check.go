// check BASE DIRECTORY: LaunchDarkly's SDK for Go takes every payload that serve.mjs sends at BASE, with all its
// flags, and evaluates each flag as the database does. Its buckets are floats: what goes by one may be the
// neighbour's, for few.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
)

type environment struct {
	Flags    int                 `json:"flags"`
	Contexts []ldcontext.Context `json:"contexts"`
	Answers  [][]json.RawMessage `json:"answers"`
}

var failures, evaluations, byBucket, neighbours int

func fail(format string, arguments ...any) {
	failures++
	if failures <= 20 {
		fmt.Printf("not ok - Go: "+format+"\n", arguments...)
	}
}

func compare(client *ld.LDClient, number int, bucketed bool, given environment, answer []json.RawMessage) {
	var ordinal int
	var key string
	if json.Unmarshal(answer[0], &ordinal) != nil || json.Unmarshal(answer[1], &key) != nil {
		fail("environment %d: %s is no answer", number, answer[0])
		return
	}
	// By another decoder than the SDK's own.
	var expected struct {
		Value          any
		VariationIndex any
		Reason         any
	}
	if err := json.Unmarshal(answer[2], &expected); err != nil {
		fail("environment %d: %v", number, err)
	}
	value, detail, _ := client.JSONVariationDetail(key, given.Contexts[ordinal], ldvalue.String("the default"))
	reason, _ := json.Marshal(detail.Reason)
	evaluations++
	if bucketed {
		byBucket++
	}
	if reflect.DeepEqual(value.AsArbitraryValue(), expected.Value) && reflect.DeepEqual(detail.VariationIndex.AsValue().AsArbitraryValue(), expected.VariationIndex) &&
		reflect.DeepEqual(ldvalue.Parse(reason).AsArbitraryValue(), expected.Reason) {
		return
	}
	if bucketed {
		neighbours++
		fmt.Printf("# Go: environment %d, flag %s, %s: %s, %s, expected %s\n", number, key, given.Contexts[ordinal], value.JSONString(), reason, answer[2])
	} else {
		fail("environment %d, flag %s, %s: %s, %s, expected %s", number, key, given.Contexts[ordinal], value.JSONString(), reason, answer[2])
	}
}

func check(base string, number int, line, payload []byte) {
	var given environment
	if err := json.Unmarshal(line, &given); err != nil {
		fail("environment %d: %v", number, err)
		return
	}
	config := ld.Config{
		DataSource: ldcomponents.PollingDataSource(), Events: ldcomponents.NoEvents(),
		DiagnosticOptOut: true, Logging: ldcomponents.Logging().MinLevel(ldlog.None),
	}
	config.ServiceEndpoints.Polling = base
	client, err := ld.MakeCustomClient(fmt.Sprintf("e%d", number), config, 10*time.Second)
	if err != nil {
		fail("environment %d: %v", number, err)
		return
	}
	defer client.Close()
	if len(given.Contexts) > 0 {
		if known := len(client.AllFlagsState(given.Contexts[0]).ToValuesMap()); known != given.Flags {
			fail("environment %d has %d flags of %d", number, known, given.Flags)
		}
	}
	bucketed := strings.Contains(string(payload), `"rollout":`) || strings.Contains(string(payload), `"weight":`)
	for _, answer := range given.Answers {
		compare(client, number, bucketed, given, answer)
	}
}

func lines(name string) [][]byte {
	file, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	var read [][]byte
	for reader := bufio.NewReader(file); ; {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return read
		}
		read = append(read, line)
	}
}

func main() {
	answers := lines(os.Args[2] + "/answers.jsonl")
	payloads := lines(os.Args[2] + "/payloads.jsonl")
	for number, line := range answers {
		check(os.Args[1], number, line, payloads[number])
	}
	if neighbours > 1+evaluations/1000 {
		fail("%d of %d evaluations are the neighbour's", neighbours, evaluations)
	}
	if failures > 0 || evaluations == 0 {
		os.Exit(1)
	}
	fmt.Printf("ok - Go: %d environments, %d evaluations, %d by bucket, %d of them the neighbour's\n", len(answers), evaluations, byBucket, neighbours)
}
