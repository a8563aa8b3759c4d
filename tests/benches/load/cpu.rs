//! CPU time of processes, as the system counts it.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The system counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of the processes with these ids, of their children, and of children of theirs that ended.
pub(crate) fn of(processes: &[u32]) -> Duration {
    let all: Vec<Stat> =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| Stat::read(&entry.path())).collect();
    let belongs = |stat: &&Stat| processes.contains(&stat.id) || processes.contains(&stat.parent);
    all.iter().filter(belongs).map(|stat| TICK * stat.ticks).sum()
}

/// CPU time of this process alone.
pub(crate) fn own() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("a clock does not run backwards")
}

struct Stat {
    id: u32,
    parent: u32,
    ticks: u32,
}

impl Stat {
    fn read(dir: &std::path::Path) -> Option<Self> {
        let id = dir.file_name()?.to_str()?.parse().ok()?;
        let text = fs::read_to_string(dir.join("stat")).ok()?;
        // The name may hold anything; what follows its last bracket are numbers.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse().ok();
        let ticks = (11..15).filter_map(number).sum();
        Some(Self { id, parent: number(1)?, ticks })
    }
}
