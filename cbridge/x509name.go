package cbridge

// #include "x509.h"
import "C"

import (
	"crypto"
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// flatNames is the form in which x509name.c takes a name.
func flatNames(names []NameAttribute) (flat []byte) {
	for _, n := range names {
		merged := byte(0)
		if n.Merged {
			merged = 1
		}
		flat = append(flat, merged, byte(n.Tag))
		flat = binary.BigEndian.AppendUint32(flat, uint32(len(n.OID)))
		flat = binary.BigEndian.AppendUint32(flat, uint32(len(n.Value)))
		flat = append(append(flat, n.OID...), n.Value...)
	}
	return flat
}

// writersNames is a name as the library's writers have it: the last attribute first.
func writersNames(names []NameAttribute) []byte {
	names = slices.Clone(names)
	slices.Reverse(names)
	return flatNames(names)
}

// DNGets prints a name, such as "C=NL, O=PolarSSL, CN=localhost" (mbedtls_x509_dn_gets).
func DNGets(names []NameAttribute) (string, error) {
	flat := flatNames(names)
	return x509Text("mbedtls_x509_dn_gets", textBound(len(flat), ""), func(buf *C.char, size C.size_t) C.int {
		return C.gm_dn_gets(cbytes(flat), C.size_t(len(flat)), buf, size)
	})
}

// ParseDN parses a Name in DER (mbedtls_x509_get_name).
func ParseDN(der []byte) ([]NameAttribute, error) {
	var n *C.gm_name
	if ret := C.gm_x509_get_name(cbytes(der), C.size_t(len(der)), &n); ret != 0 {
		return nil, newError("mbedtls_x509_get_name", int(ret), nil)
	}
	defer C.gm_name_delete(n)
	return namesOf(&n.head), nil
}

// StringToNames parses what DNGets prints. An attribute that occurs twice is kept once, the last one
// (mbedtls_x509_string_to_names).
func StringToNames(s string) ([]NameAttribute, error) {
	const op = "mbedtls_x509_string_to_names"
	if strings.ContainsRune(s, 0) { // where it would end, to C
		return nil, newError(op, int(ErrX509InvalidName), nil)
	}
	p := C.CString(s)
	defer free(p)
	var head *C.mbedtls_asn1_named_data
	if err := check(C.gm_string_to_names(p, &head), op, "MBEDTLS_X509_CREATE_C"); err != nil {
		return nil, err
	}
	defer C.gm_names_delete(head)
	names := namesOf(head)
	slices.Reverse(names)
	return names, nil
}

// WriteNames writes a name in DER, each attribute in a RelativeDistinguishedName of its own (mbedtls_x509_write_names).
func WriteNames(names []NameAttribute) ([]byte, error) {
	flat := writersNames(names)
	buf := make([]byte, len(flat)+32*(len(names)+1))
	var n C.size_t
	ret := C.gm_names_write(cbytes(flat), C.size_t(len(flat)), cbytes(buf), C.size_t(len(buf)), &n)
	if err := check(ret, "mbedtls_x509_write_names", "MBEDTLS_X509_CREATE_C"); err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// SerialGets prints a serial number, "01:23" (mbedtls_x509_serial_gets).
func SerialGets(serial []byte) (string, error) {
	return x509Text("mbedtls_x509_serial_gets", textBound(len(serial), ""), func(buf *C.char, size C.size_t) C.int {
		return C.gm_serial_gets(cbytes(serial), C.size_t(len(serial)), buf, size)
	})
}

// SAN is an mbedtls_x509_subject_alternative_name.
type SAN struct {
	Type      int    // MBEDTLS_X509_SAN_…
	Value     []byte // of unstructured names
	Directory []NameAttribute
	TypeID    []byte // of otherName
	HWType    []byte // of an otherName that is a hardware module name
	HWSerial  []byte
}

// ParseSAN decodes an entry of a subjectAltName extension (mbedtls_x509_parse_subject_alt_name).
func ParseSAN(b Buf) (san SAN, err error) {
	var s *C.gm_san
	if ret := C.gm_parse_san(C.int(b.Tag), cbytes(b.Data), C.size_t(len(b.Data)), &s); ret != 0 {
		return san, newError("mbedtls_x509_parse_subject_alt_name", int(ret), nil)
	}
	defer C.gm_san_delete(s)
	san.Type = int(s.san._type)
	union := unsafe.Pointer(&s.san.san)
	switch san.Type {
	case C.MBEDTLS_X509_SAN_OTHER_NAME:
		other := (*C.mbedtls_x509_san_other_name)(union)
		san.TypeID = bytesOf(&other.type_id)
		hw := (*[2]C.mbedtls_x509_buf)(unsafe.Pointer(&other.value)) // of its one member, hardware_module_name
		san.HWType, san.HWSerial = bytesOf(&hw[0]), bytesOf(&hw[1])
	case C.MBEDTLS_X509_SAN_DIRECTORY_NAME:
		san.Directory = namesOf((*C.mbedtls_x509_name)(union))
	default:
		san.Value = bytesOf((*C.mbedtls_x509_buf)(union))
	}
	return san, nil
}

// GetTime parses the value of a UTCTime or GeneralizedTime, by its tag (mbedtls_x509_get_time).
func GetTime(tag int, value []byte) (time.Time, error) {
	var t C.mbedtls_x509_time
	ret := C.gm_x509_get_time(C.int(tag), cbytes(value), C.size_t(len(value)), &t)
	return timeOf(&t), check(ret, "mbedtls_x509_get_time", "")
}

// TimeCmp is negative, 0 or positive, as a is before, at or after b, to the second (mbedtls_x509_time_cmp).
func TimeCmp(a, b time.Time) int {
	ca, cb := cTime(a), cTime(b)
	return int(C.mbedtls_x509_time_cmp(&ca, &cb))
}

// TimeIsPast is whether t is before the library's clock (mbedtls_x509_time_is_past).
func TimeIsPast(t time.Time) bool {
	c := cTime(t)
	return C.mbedtls_x509_time_is_past(&c) != 0
}

// TimeIsFuture is whether t is after the library's clock (mbedtls_x509_time_is_future).
func TimeIsFuture(t time.Time) bool {
	c := cTime(t)
	return C.mbedtls_x509_time_is_future(&c) != 0
}

// ParseIP parses the text of an address; nil if it is none (mbedtls_x509_crt_parse_cn_inet_pton).
func ParseIP(s string) []byte {
	if strings.ContainsRune(s, 0) {
		return nil
	}
	p := C.CString(s)
	defer free(p)
	var buf [4]C.uint32_t
	n := C.mbedtls_x509_crt_parse_cn_inet_pton(p, unsafe.Pointer(&buf))
	if n == 0 {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(&buf), C.int(n))
}

// PSSParams decodes the parameters of RSASSA-PSS, of that tag (mbedtls_x509_get_rsassa_pss_params).
func PSSParams(b Buf) (hash crypto.Hash, opts PSSOptions, err error) {
	var md, mgf, salt C.int
	ret := C.gm_x509_get_pss_params(C.int(b.Tag), cbytes(b.Data), C.size_t(len(b.Data)), &md, &mgf, &salt)
	err = check(ret, "mbedtls_x509_get_rsassa_pss_params", "MBEDTLS_X509_RSASSA_PSS_SUPPORT")
	return hashes[md], PSSOptions{hashes[mgf], int(salt)}, err
}
