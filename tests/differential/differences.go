package differential

// difference is a reason why Mbed TLS and the standard library need not agree.
type difference string

// differences are all that fuzz targets look away from: name, and reason.
var differences = map[difference]string{}

// explained is for the place where a target finds that the two differ: it takes a name of the table.
func explained(d difference) {
	if differences[d] == "" {
		panic("no row of the table explains the difference " + string(d))
	}
}
