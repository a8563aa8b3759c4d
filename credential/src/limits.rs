//! Every cap of the exchange, with its reason.

/// The longest reassembled message, in octets: an acknowledgement that carries a revocation list of about 900 serials.
pub const MESSAGE_MAX: usize = 2048;

/// The longest message that a session itself makes, in octets, apart from an acknowledgement with courier items.
pub const COMMAND_MAX: usize = 241;

/// The longest user ID, in octets: what a ticket and a proof have room for.
pub const USER_ID_MAX: usize = 32;

/// Issuer keys that one project may have at a time: the old and the new one of a rotation, twice over.
pub const ISSUER_KEYS_MAX: usize = 4;

/// Tickets in one outcome: one for the next tap and one in case that tap is cut off.
pub const TICKETS_PER_OUTCOME: usize = 2;

/// Credentials whose issuer signature a reader remembers: the people of one rush at the door.
pub const CREDENTIAL_CACHE: usize = 16;

/// Milliseconds that a reader waits for the answer to one message: a phone's secure hardware may take one second to sign.
pub const RESPONSE_TIMEOUT_MS: u64 = 2_000;

/// Milliseconds that a tap may take as a whole, on either side.
pub const TAP_TIMEOUT_MS: u64 = 10_000;

/// Milliseconds after which a reader makes a new ticket key; the old one opens tickets for as long again.
pub const TICKET_KEY_LIFE_MS: u64 = 86_400_000;

/// The longest report that a reader hands over, in octets: three receipts, a fifth of a second more in the field.
pub const REPORT_MAX: usize = 1024;

/// Random scalars that are tried for an ephemeral key before the random source is called broken.
pub(crate) const SCALAR_TRIES: usize = 8;
