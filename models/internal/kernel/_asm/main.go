// Command _asm writes the assembly of the kernel package. Run it in its own folder:
//
//	cd models/internal/kernel/_asm && go run .
//
// It rewrites every generated file one folder up; run twice it changes nothing.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// targets are the generated files and what builds each. The files of this folder add theirs by register.
var targets = map[string]func(*build.Context){}

// register adds a file, named relative to the kernel package.
func register(file string, generate func(*build.Context)) { targets[file] = generate }

func main() {
	if err := run(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files := make([]string, 0, len(targets))
	for file := range targets {
		files = append(files, file)
	}
	sort.Strings(files)
	for _, file := range files {
		text, err := assemble(targets[file])
		if err != nil {
			return fmt.Errorf("generate %s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func assemble(generate func(*build.Context)) ([]byte, error) {
	ctx := build.NewContext()
	ctx.ConstraintExpr("!noasm")
	generate(ctx)
	file, err := ctx.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Name: "_asm", Pkg: "kernel"}).Print(file)
}
