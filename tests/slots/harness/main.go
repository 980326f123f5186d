// The program around the Go block of docs/slots.md: check_go puts them into one module.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"slotcheck/slots"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	slotCounts := []uint32{1, 2, 7, 1000, 1024, 65536, 2147483647, 4294967295}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	checked, bad := 0, 0
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 4 {
			fail(fmt.Errorf("a line has %d fields, not 4", len(fields)))
		}
		mixed, err := strconv.ParseUint(fields[3], 10, 32)
		if err != nil {
			fail(err)
		}
		app, service, method := name(fields[0]), name(fields[1]), name(fields[2])
		for _, count := range slotCounts {
			got, want := slots.Slot(app, service, method, count), uint32(mixed)%count
			if got != want {
				fmt.Printf("%.60q %.60q %.60q of %d slots: %d, not %d\n", app, service, method, count, got, want)
				bad++
			}
		}
		checked++
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
	if bad > 0 || checked == 0 {
		fail(fmt.Errorf("%d vectors, %d differences", checked, bad))
	}
	fmt.Printf("slots in Go: %d vectors checked with %d slot counts each\n", checked, len(slotCounts))
}

func name(digits string) string {
	bytes, err := hex.DecodeString(digits)
	if err != nil {
		fail(err)
	}
	return string(bytes)
}

func fail(err error) {
	fmt.Println("slots in Go:", err)
	os.Exit(1)
}
