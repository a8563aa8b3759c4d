//! How an entrance behaves, beside what its configuration says.

/// Times of an entrance, in milliseconds; they belong to the board and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From one look for cards to the next while nobody comes.
    pub idle_ms: u32,
    /// The same for a while after a card was seen.
    pub busy_ms: u32,
    /// How long that while is.
    pub busy_for_ms: u32,
    /// How long the field has to be empty until a card in it is a new one.
    pub removed_ms: u32,
    /// Failed taps in a row after which somebody is told and the next one has to wait.
    pub tries: u8,
    /// How long it waits.
    pub retry_ms: u32,
    /// How long a front end that does not answer is left alone.
    pub restart_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_ms: 200,
            busy_ms: 40,
            busy_for_ms: 10_000,
            removed_ms: 400,
            tries: 4,
            retry_ms: 1_000,
            restart_ms: 500,
        }
    }
}
