package cbridge

// #include "x509.h"
import "C"

import (
	"crypto"
	"time"
	"unsafe"
)

// Buf is an mbedtls_x509_buf: a value and its ASN.1 tag.
type Buf struct {
	Tag  int
	Data []byte
}

// NameAttribute is one element of an mbedtls_x509_name.
type NameAttribute struct {
	OID    []byte // content of the OBJECT IDENTIFIER
	Tag    int    // of the value
	Value  []byte
	Merged bool // the next one is in the same RelativeDistinguishedName
}

// SigAlg is a signature algorithm as the library decodes it.
type SigAlg struct {
	OID  []byte
	Hash crypto.Hash // 0 if none
	PK   int         // mbedtls_pk_type_t
	PSS  *PSSOptions // of RSASSA-PSS
}

// AuthorityKeyID is an mbedtls_x509_authority.
type AuthorityKeyID struct {
	KeyID  []byte
	Issuer []Buf // GeneralNames
	Serial []byte
}

// CrtData is what an mbedtls_x509_crt holds, copied.
type CrtData struct {
	Raw, TBS                  []byte
	Version                   int
	Serial                    []byte
	SigAlg                    SigAlg
	Sig                       []byte
	IssuerRaw, SubjectRaw     []byte
	Issuer, Subject           []NameAttribute
	ValidFrom, ValidTo        time.Time
	PKRaw                     []byte // SubjectPublicKeyInfo
	KeyType                   string
	KeyBits                   int
	IssuerID, SubjectID, Exts []byte
	SubjectAltNames           []Buf
	SubjectKeyID              []byte
	AuthorityKeyID            AuthorityKeyID
	Policies                  [][]byte // OIDs
	ExtTypes                  int      // MBEDTLS_X509_EXT_…
	IsCA                      bool
	MaxPathLen                int // one more than in the certificate; 0: no limit
	KeyUsage                  uint
	ExtKeyUsage               [][]byte // OIDs
	NSCertType                byte
}

// CrlEntry is an mbedtls_x509_crl_entry.
type CrlEntry struct {
	Raw    []byte // the content of its SEQUENCE
	Serial []byte
	Date   time.Time
	Exts   []byte // SEQUENCE of them
}

// CrlData is what an mbedtls_x509_crl holds, copied.
type CrlData struct {
	Raw, TBS               []byte
	Version                int
	SigAlg                 SigAlg
	Sig                    []byte
	IssuerRaw              []byte
	Issuer                 []NameAttribute
	ThisUpdate, NextUpdate time.Time // NextUpdate is zero if the list has none
	Entries                []CrlEntry
	Exts                   []byte
}

// CsrData is what an mbedtls_x509_csr holds, copied.
type CsrData struct {
	Raw, CRI        []byte
	Version         int
	SubjectRaw      []byte
	Subject         []NameAttribute
	KeyType         string
	KeyBits         int
	KeyUsage        uint
	NSCertType      byte
	SubjectAltNames []Buf
	ExtTypes        int
	SigAlg          SigAlg
	Sig             []byte
}

func bytesOf(b *C.mbedtls_asn1_buf) []byte { return goBytes(b.p, &b.len) }

func namesOf(n *C.mbedtls_asn1_named_data) (names []NameAttribute) {
	for ; n != nil; n = n.next {
		if n.oid.p != nil {
			names = append(names, NameAttribute{bytesOf(&n.oid), int(n.val.tag), bytesOf(&n.val), n.private_next_merged != 0})
		}
	}
	return names
}

func bufsOf(s *C.mbedtls_asn1_sequence) (bufs []Buf) {
	for ; s != nil; s = s.next {
		if s.buf.p != nil {
			bufs = append(bufs, Buf{int(s.buf.tag), bytesOf(&s.buf)})
		}
	}
	return bufs
}

func valuesOf(s *C.mbedtls_asn1_sequence) (values [][]byte) {
	for _, b := range bufsOf(s) {
		values = append(values, b.Data)
	}
	return values
}

func timeOf(t *C.mbedtls_x509_time) time.Time {
	if *t == (C.mbedtls_x509_time{}) {
		return time.Time{}
	}
	return time.Date(int(t.year), time.Month(t.mon), int(t.day), int(t.hour), int(t.min), int(t.sec), 0, time.UTC)
}

func cTime(t time.Time) C.mbedtls_x509_time {
	t = t.UTC()
	return C.mbedtls_x509_time{year: C.int(t.Year()), mon: C.int(t.Month()), day: C.int(t.Day()),
		hour: C.int(t.Hour()), min: C.int(t.Minute()), sec: C.int(t.Second())}
}

func sigAlgOf(oid *C.mbedtls_asn1_buf, md C.mbedtls_md_type_t, pk C.mbedtls_pk_type_t, opts unsafe.Pointer) SigAlg {
	s := SigAlg{OID: bytesOf(oid), Hash: hashes[C.int(md)], PK: int(pk)}
	if pk == C.MBEDTLS_PK_RSASSA_PSS && opts != nil {
		o := (*C.mbedtls_pk_rsassa_pss_options)(opts)
		s.PSS = &PSSOptions{hashes[C.int(o.mgf1_hash_id)], int(o.expected_salt_len)}
	}
	return s
}

func crtData(c *C.mbedtls_x509_crt) *CrtData {
	return &CrtData{
		Raw: bytesOf(&c.raw), TBS: bytesOf(&c.tbs), Version: int(c.version), Serial: bytesOf(&c.serial),
		SigAlg:    sigAlgOf(&c.sig_oid, c.private_sig_md, c.private_sig_pk, c.private_sig_opts),
		Sig:       bytesOf(&c.private_sig),
		IssuerRaw: bytesOf(&c.issuer_raw), SubjectRaw: bytesOf(&c.subject_raw),
		Issuer: namesOf(&c.issuer), Subject: namesOf(&c.subject),
		ValidFrom: timeOf(&c.valid_from), ValidTo: timeOf(&c.valid_to),
		PKRaw:   bytesOf(&c.pk_raw),
		KeyType: C.GoString(C.mbedtls_pk_get_name(&c.pk)), KeyBits: int(C.mbedtls_pk_get_bitlen(&c.pk)),
		IssuerID: bytesOf(&c.issuer_id), SubjectID: bytesOf(&c.subject_id), Exts: bytesOf(&c.v3_ext),
		SubjectAltNames: bufsOf(&c.subject_alt_names), SubjectKeyID: bytesOf(&c.subject_key_id),
		AuthorityKeyID: AuthorityKeyID{bytesOf(&c.authority_key_id.keyIdentifier), bufsOf(&c.authority_key_id.authorityCertIssuer),
			bytesOf(&c.authority_key_id.authorityCertSerialNumber)},
		Policies: valuesOf(&c.certificate_policies), ExtTypes: int(c.private_ext_types),
		IsCA: c.private_ca_istrue != 0, MaxPathLen: int(c.private_max_pathlen), KeyUsage: uint(c.private_key_usage),
		ExtKeyUsage: valuesOf(&c.ext_key_usage), NSCertType: byte(c.private_ns_cert_type),
	}
}

func crlData(c *C.mbedtls_x509_crl) *CrlData {
	d := &CrlData{
		Raw: bytesOf(&c.raw), TBS: bytesOf(&c.tbs), Version: int(c.version),
		SigAlg:    sigAlgOf(&c.sig_oid, c.private_sig_md, c.private_sig_pk, c.private_sig_opts),
		Sig:       bytesOf(&c.private_sig),
		IssuerRaw: bytesOf(&c.issuer_raw), Issuer: namesOf(&c.issuer),
		ThisUpdate: timeOf(&c.this_update), NextUpdate: timeOf(&c.next_update), Exts: bytesOf(&c.crl_ext),
	}
	for e := &c.entry; e != nil && e.serial.len != 0; e = e.next {
		entry := CrlEntry{Raw: bytesOf(&e.raw), Serial: bytesOf(&e.serial), Date: timeOf(&e.revocation_date)}
		// The library's entry_ext has the header of the SEQUENCE, and the length of what is in it. It is the entry's last part.
		if e.entry_ext.p != nil {
			at := uintptr(unsafe.Pointer(e.entry_ext.p)) - uintptr(unsafe.Pointer(e.raw.p))
			entry.Exts = entry.Raw[at:]
		}
		d.Entries = append(d.Entries, entry)
	}
	return d
}

func csrData(c *C.mbedtls_x509_csr) *CsrData {
	return &CsrData{
		Raw: bytesOf(&c.raw), CRI: bytesOf(&c.cri), Version: int(c.version), SubjectRaw: bytesOf(&c.subject_raw),
		Subject: namesOf(&c.subject),
		KeyType: C.GoString(C.mbedtls_pk_get_name(&c.pk)), KeyBits: int(C.mbedtls_pk_get_bitlen(&c.pk)),
		KeyUsage: uint(c.key_usage), NSCertType: byte(c.ns_cert_type), SubjectAltNames: bufsOf(&c.subject_alt_names),
		ExtTypes: int(c.private_ext_types),
		SigAlg:   sigAlgOf(&c.sig_oid, c.private_sig_md, c.private_sig_pk, c.private_sig_opts), Sig: bytesOf(&c.private_sig),
	}
}
