package sqlite_test

import (
	"context"
	"log"
	"os"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/sqlite"
)

// A client that resumes, after it has been started again, what it had before.
func ExampleOpen() {
	store, err := sqlite.Open(context.Background(), sqlite.Options{
		Path:   "sessions.db",
		Secret: sessionstore.Secret{Passphrase: os.Getenv("SESSIONS_PASSPHRASE")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	config := &mbedtls.Config{SessionStore: store}
	defer config.Close()
	conn, err := mbedtls.Dial("tcp", "example.com:443", config)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	log.Printf("resumed: %t, %+v", conn.ConnectionState().DidResume, config.SessionStoreStats())
}
