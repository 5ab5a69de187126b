// Package mbedbuild gets the pinned Mbed TLS and builds its static archives, for this machine or another. It is the one
// implementation of both, behind cmd/mbedtls-build and build.sh.
//
// Everything that it makes is in one folder, the home: in a clone third_party/mbedtls, elsewhere gombedtls in the user's
// cache. What is there is whole: things are made beside their place, and renamed into it.
//
//	download/                  tarballs whose hash was right
//	src-3.6.7/                 an unpacked release; in a clone, the default's is src/
//	headers-3.6.6/             the internal headers of a release, for those who have the rest installed
//	build/linux-arm-<key>/     headers and archives, laid out like an installed library; the key is a hash of everything
//	                           that goes into them, so a folder that exists is right, and a change makes another
//	build/linux-arm            in a clone, a link to the one that the cgo flags name
//	sysroot/arm64-musl/        C libraries of targets for which Debian has a compiler only
package mbedbuild
