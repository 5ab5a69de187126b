package main

import (
	"bytes"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/mod"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/licensedetect/local"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// generate makes the document, without what encode adds.
func generate(root, profile string) (*cdx.BOM, error) {
	log := zerolog.Nop()
	generator, err := mod.NewGenerator(root,
		mod.WithComponentType(cdx.ComponentTypeLibrary),
		mod.WithIncludeStdlib(true),
		mod.WithLicenseDetector(local.NewDetector(log)),
		mod.WithShortPURLS(true), // the others name this machine's processor
		mod.WithLogger(log))
	if err != nil {
		return nil, err
	}
	bom, err := generator.Generate()
	if err != nil {
		return nil, err
	}
	main := bom.Metadata.Component
	main.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	library, err := mbedTLS(root, profile)
	if err != nil {
		return nil, err
	}
	*bom.Components = append(*bom.Components, *library)
	dependencies := *bom.Dependencies
	own := slices.IndexFunc(dependencies, func(d cdx.Dependency) bool { return d.Ref == main.BOMRef })
	if own < 0 {
		dependencies, own = append(dependencies, cdx.Dependency{Ref: main.BOMRef}), len(dependencies)
	}
	needs := []string{library.BOMRef}
	if list := dependencies[own].Dependencies; list != nil {
		needs = append(needs, *list...)
	}
	dependencies[own].Dependencies = &needs
	var bundled []string
	for _, c := range *library.Components {
		bundled = append(bundled, c.BOMRef)
	}
	dependencies = append(dependencies, cdx.Dependency{Ref: library.BOMRef, Dependencies: &bundled})
	bom.Dependencies = &dependencies
	return bom, nil
}

// encode writes the document. Its serial number is made of its contents; a zero stamp is left out.
func encode(bom *cdx.BOM, stamp time.Time) ([]byte, error) {
	slices.SortFunc(*bom.Components, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	slices.SortFunc(*bom.Dependencies, func(a, b cdx.Dependency) int { return strings.Compare(a.Ref, b.Ref) })
	for _, d := range *bom.Dependencies {
		if d.Dependencies != nil {
			slices.Sort(*d.Dependencies)
		}
	}
	if !stamp.IsZero() {
		bom.Metadata.Timestamp = stamp.Format(time.RFC3339)
	}
	bom.SerialNumber = ""
	text, err := write(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, text).URN()
	return write(bom)
}

func write(bom *cdx.BOM) ([]byte, error) {
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6)
	return b.Bytes(), err
}
