//! Harnesses shared by the tests that cross rooms.
