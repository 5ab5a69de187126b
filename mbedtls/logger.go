package mbedtls

import (
	"context"
	"log/slog"

	"github.com/gombedtls/gombedtls/cbridge"
)

// slogLevels maps the library's levels 1 to 4.
var slogLevels = [...]slog.Level{1: slog.LevelWarn, 2: slog.LevelInfo, 3: slog.LevelDebug, 4: slog.LevelDebug - 4}

func debugLogger(l *slog.Logger) cbridge.DebugFunc {
	return func(level int, file string, line int, text string) {
		l.LogAttrs(context.Background(), slogLevels[level], text,
			slog.String("file", file), slog.Int("line", line), slog.Int("level", level))
	}
}
