module example.com/consumer

go 1.26.0

require github.com/gombedtls/gombedtls v0.0.1
