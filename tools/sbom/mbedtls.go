package main

import (
	"fmt"
	"path/filepath"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"github.com/gombedtls/gombedtls/internal/mbedconfig"
	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// bundled are the works of others in Mbed TLS's tree that its library can be built with.
var bundled = []struct {
	name, description, licence, supplier, vcs, option string
}{
	{"everest", "Curve25519 of Project Everest (HACL*), in 3rdparty/everest", "Apache-2.0", "INRIA and Microsoft Corporation",
		"https://github.com/hacl-star/hacl-star", "MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED"},
	{"p256-m", "ECDH and ECDSA on P-256, in 3rdparty/p256-m", "Apache-2.0 OR GPL-2.0-or-later", "Mbed TLS contributors",
		"https://github.com/mpg/p256-m", "MBEDTLS_PSA_P256M_DRIVER_ENABLED"},
}

// mbedTLS is the component of the default release. Of what it bundles, that which the profile leaves out is excluded.
func mbedTLS(root, profile string) (*cdx.Component, error) {
	release := pin.Releases()[0]
	hashes := []cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: release.SHA256}}
	purl := packageurl.NewPackageURL(packageurl.TypeGeneric, "", "mbedtls", release.Version, packageurl.QualifiersFromMap(map[string]string{
		"download_url": release.URL, "checksum": "sha256:" + release.SHA256,
	}), "")
	c := &cdx.Component{
		BOMRef:      "mbedtls@" + release.Version,
		Type:        cdx.ComponentTypeLibrary,
		Supplier:    &cdx.OrganizationalEntity{Name: "TrustedFirmware.org", URL: &[]string{"https://www.trustedfirmware.org/projects/mbed-tls/"}},
		Name:        "mbedtls",
		Version:     release.Version,
		Description: "Mbed TLS, built from its unmodified source and linked statically",
		Scope:       cdx.ScopeRequired,
		Hashes:      &hashes,
		Licenses:    &cdx.Licenses{{Expression: "Apache-2.0 OR GPL-2.0-or-later"}},
		CPE:         "cpe:2.3:a:arm:mbed_tls:" + release.Version + ":*:*:*:*:*:*:*",
		PackageURL:  purl.ToString(),
		ExternalReferences: &[]cdx.ExternalReference{
			{Type: cdx.ERTypeDistribution, URL: release.URL, Hashes: &hashes},
			{Type: cdx.ERTypeVCS, URL: "https://github.com/Mbed-TLS/mbedtls"},
			{Type: cdx.ERTypeAdvisories, URL: "https://mbed-tls.readthedocs.io/en/latest/security-advisories/"},
		},
		Properties: &[]cdx.Property{{Name: "gombedtls:profile", Value: profile}},
	}
	catalogue, err := mbedconfig.ReadCatalogue(filepath.Join(root, "third_party/mbedtls/src"))
	if err != nil {
		return nil, fmt.Errorf("%w (./build.sh vendor unpacks Mbed TLS)", err)
	}
	config, err := mbedconfig.ApplyBuiltIn(catalogue, profile)
	if err != nil {
		return nil, err
	}
	var parts []cdx.Component
	for _, b := range bundled {
		setting, err := config.Setting(b.option)
		if err != nil {
			return nil, err
		}
		scope := cdx.ScopeExcluded
		if setting.On {
			scope = cdx.ScopeRequired
		}
		parts = append(parts, cdx.Component{
			BOMRef:             c.BOMRef + "/" + b.name,
			Type:               cdx.ComponentTypeLibrary,
			Supplier:           &cdx.OrganizationalEntity{Name: b.supplier},
			Name:               b.name,
			Description:        b.description,
			Scope:              scope,
			Licenses:           &cdx.Licenses{{Expression: b.licence}},
			ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: b.vcs}},
			Properties:         &[]cdx.Property{{Name: "gombedtls:option", Value: b.option}},
		})
	}
	c.Components = &parts
	return c, nil
}
