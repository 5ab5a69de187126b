// Package fleet makes one server of several processes, on one host or many, behind a balancer that knows nothing of TLS.
// They share, through Redis, what else only the process knows that a client spoke to first:
//
//   - The keys of tickets: a session that one process began is resumed by any other, also after a restart. One process at a
//     time, the elected writer, publishes a new key before it is used; all others follow. See [Fleet.Configure].
//   - The keys of DTLS cookies, so that the second ClientHello may reach another process than the first.
//   - DTLS connections: a record that reaches the wrong process is sent on to the right one, which its connection ID names;
//     and a connection that is parked, by a process that ends or to save memory, goes on wherever its next record arrives.
//     See [Fleet.ListenDTLS].
//
// Handshakes never wait for Redis. While it does not answer, the processes go on with the keys that they have; when the
// last of them is too old, new connections have full handshakes. Nothing in Redis can be read or made without the fleet's
// key ([Options].Key). But it is trusted to give each parked connection out once: whoever can write to it could put an old
// state back, and two processes that go on with the same one break its encryption; or take resumption and parked
// connections away.
//
// Connection IDs travel in the clear. Who has seen one can send a datagram with it, which a process takes a parked
// connection for: Accept returns that, and it has memory again until it is parked again. What was sent is not authentic, so
// that Read returns nothing of it, and the peer's address stays as it was; but parking does not save memory from those who
// see the traffic. DTLSListenConfig.MaxConns bounds it: what has no room stays parked.
//
// What was in memory of a process that is killed is lost: the clients of its connections must begin anew, for which they
// have tickets.
package fleet
