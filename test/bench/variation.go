// LaunchDarkly's SDK for Go over the same payload and contexts: nanoseconds an evaluation takes for each of the
// flags that are named.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
	"github.com/launchdarkly/go-server-sdk/v7/ldfiledata"
)

func readContexts(path string) (contexts []ldcontext.Context) {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var context ldcontext.Context
		if err := json.Unmarshal(lines.Bytes(), &context); err != nil {
			log.Fatal(err)
		}
		contexts = append(contexts, context)
	}
	return
}

func nanoseconds(client *ld.LDClient, flag string, contexts []ldcontext.Context) (took float64, served int) {
	started := time.Now()
	for _, context := range contexts {
		if value, _ := client.BoolVariation(flag, context, false); value {
			served++
		}
	}
	return float64(time.Since(started).Nanoseconds()) / float64(len(contexts)), served
}

func main() {
	config := ld.Config{
		DataSource: ldfiledata.DataSource().FilePaths(os.Args[1]),
		Events:     ldcomponents.NoEvents(),
		Logging:    ldcomponents.NoLogging(),
	}
	client, err := ld.MakeCustomClient("sdk-bench", config, 10*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	contexts := readContexts(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for _, flag := range os.Args[4:] {
		times := make([]float64, rounds)
		served := 0
		for i := range times {
			times[i], served = nanoseconds(client, flag, contexts)
		}
		sort.Float64s(times)
		fmt.Println(flag, times[rounds/2], served)
	}
}
