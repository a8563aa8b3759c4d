//! What this process holds in memory.

use std::fs;

/// Octets of this process that are in memory, as the system counts them; `None` where it does not say so in `/proc`.
///
/// That is everything: phones, doors, the manager with the caches of its database, connections, and what the allocator
/// keeps for later.
pub(super) fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}
