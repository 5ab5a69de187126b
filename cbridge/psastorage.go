package cbridge

// #cgo LDFLAGS: -Wl,--wrap=psa_its_set -Wl,--wrap=psa_its_get -Wl,--wrap=psa_its_get_info -Wl,--wrap=psa_its_remove
// #include "psa.h"
import "C"

import (
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

const optionStorage = "MBEDTLS_PSA_ITS_FILE_C"

// SetPSAStorage keeps persistent keys in a directory, which must exist; "" is what the library does without: the working
// directory of each moment. Keys of the old directory leave the memory; ErrPSABadState says that one is in use. Nothing else
// may use persistent keys meanwhile. An error of the directory is a *[fs.PathError].
func SetPSAStorage(dir string) error {
	if err := initialize(); err != nil {
		return err
	}
	if !Feature(optionStorage) {
		return &NotBuiltError{Option: optionStorage}
	}
	fd := -1
	if dir != "" {
		var err error
		if fd, err = unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return &fs.PathError{Op: "open", Path: dir, Err: err}
		}
	}
	err := checkPSA(C.psa_status_t(C.gm_its_directory(C.int(fd))), "psa_purge_key")
	if err != nil && fd >= 0 {
		unix.Close(fd)
	}
	return err
}

// What the library's storage holds, by number; for tests (psa_its_set, …).

// ITSSet writes an entry (psa_its_set).
func ITSSet(uid uint64, data []byte, flags uint32) error {
	return storageCall("psa_its_set", func() C.int {
		return C.gm_its_set(C.uint64_t(uid), C.uint32_t(len(data)), unsafe.Pointer(cbytes(data)), C.uint32_t(flags))
	})
}

// ITSGet reads a part of an entry (psa_its_get).
func ITSGet(uid uint64, offset uint32, out []byte) (n int, err error) {
	var got C.size_t
	err = storageCall("psa_its_get", func() C.int {
		return C.gm_its_get(C.uint64_t(uid), C.uint32_t(offset), C.uint32_t(len(out)), unsafe.Pointer(cbytes(out)), &got)
	})
	return int(got), err
}

// ITSInfo is the size of an entry, and its flags (psa_its_get_info).
func ITSInfo(uid uint64) (size, flags uint32, err error) {
	var s, f C.uint32_t
	err = storageCall("psa_its_get_info", func() C.int { return C.gm_its_get_info(C.uint64_t(uid), &s, &f) })
	return uint32(s), uint32(f), err
}

// ITSRemove removes an entry (psa_its_remove).
func ITSRemove(uid uint64) error {
	return storageCall("psa_its_remove", func() C.int { return C.gm_its_remove(C.uint64_t(uid)) })
}

func storageCall(op string, call func() C.int) error {
	if err := initialize(); err != nil {
		return err
	}
	ret := call()
	if ret == C.GM_NOT_BUILT {
		return &NotBuiltError{Option: optionStorage}
	}
	return checkPSA(C.psa_status_t(ret), op)
}
