package coverage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const header = `
/* int commented(void); */
#define MACRO(x) do { \
    mbedtls_in_macro(x); } while (0)
#ifdef __cplusplus
extern "C" {
#endif
typedef struct s { int a; int (*member)(void); } s;
struct t { int b; };
enum e { A, B };
typedef int mbedtls_cb_t(void *ctx, unsigned char *buf);
typedef int (*mbedtls_ptr_t)(void *ctx);
typedef void *mbedtls_no_callback;
int mbedtls_plain(int a);
const char *mbedtls_pointer(void);
void MBEDTLS_DEPRECATED mbedtls_old(struct t *x,
                                    int (*f_rng)(void *, int));
static inline int mbedtls_inline(int a)
{
    if (a) { return mbedtls_called(a); }
    return 1;
}
static inline unsigned const char (*mbedtls_array(const s *x))[32]
{
    return 0;
}
mbedtls_cb_t mbedtls_of_type;
void mbedtls_takes(mbedtls_cb_t *f, mbedtls_ptr_t g);
#ifdef __cplusplus
}
#endif
`

func TestParseHeader(t *testing.T) {
	got := map[string]Kind{}
	for _, s := range ParseHeader(header, map[string]bool{}) {
		got[s.Name] = s.Kind
	}
	want := map[string]Kind{
		"mbedtls_cb_t": Callback, "mbedtls_ptr_t": Callback, "mbedtls_plain": Function, "mbedtls_pointer": Function,
		"mbedtls_old": Function, "mbedtls_inline": Function, "mbedtls_array": Function, "mbedtls_of_type": Function,
		"mbedtls_takes": Function,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMeasure(t *testing.T) {
	reasons, err := parseExceptions("# a comment\n[out of scope: a group]\nmbedtls_plain\n" +
		"mbedtls_old  replaced by its own # and a comment\nmbedtls_gone\nmbedtls_takes\n")
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{"mbedtls/ssl.h": header, "psa/again.h": "int mbedtls_plain(int a);", "psa/types.h": "#define A 1"}
	table := measure(headers, map[string]bool{"mbedtls_takes": true, "mbedtls_pointer": true}, reasons)
	state := map[string]string{}
	for _, r := range table.Rows {
		state[r.Name] = string(r.State) + " " + r.Reason
	}
	want := map[string]string{
		"mbedtls_cb_t": "bound ", "mbedtls_ptr_t": "bound ", "mbedtls_plain": "out of scope a group", "mbedtls_pointer": "bound ",
		"mbedtls_old": "replaced its own", "mbedtls_inline": "MISSING ", "mbedtls_array": "MISSING ", "mbedtls_of_type": "MISSING ",
		"mbedtls_takes": "bound ",
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"mbedtls_gone: no header has it", "mbedtls_takes: the bridge uses it"}, table.Stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"mbedtls/ssl.h"}, table.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got := len(table.Missing()); got != 3 {
		t.Errorf("%d missing, want 3", got)
	}
}

func TestBadExceptions(t *testing.T) {
	for _, text := range []string{"mbedtls_a\n", "[g]\nmbedtls_a\n", "[out of scope: g]\nmbedtls_a\nmbedtls_a\n"} {
		if _, err := parseExceptions(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
