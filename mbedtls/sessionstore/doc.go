// Package sessionstore has stores for the sessions of package mbedtls, which Config.SessionStore takes: [Memory], which
// lasts as long as the process, and [None]. Those of the packages below it, sqlite and redis, are for several processes, and
// outlast them; what they keep is encrypted by a [Sealer], whose key comes from a [Secret].
//
// Who can read such a store learns how many sessions there are, which of them are for the same server, when they expire and
// how long they are, and nothing else. Who can write to it can drop sessions, and put back older ones.
package sessionstore
