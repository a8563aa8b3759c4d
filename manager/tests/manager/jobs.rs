//! Work that comes due by itself.

use manager::{JobOutcome, Manager, Unlock};

use crate::support::{DAY, START, Served};

#[tokio::test]
async fn two_processes_on_one_database_do_a_piece_of_work_once() {
    let served = Served::start().await;
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let other = Manager::open(served.database.home(), &unlock, served.clock.clone()).await.unwrap();
    for day in 1..=20 {
        served.clock.set(manager::domain::UnixTime(START.0 + day * DAY));
        let (one, two) = tokio::join!(served.manager.run_due(), other.run_due());
        let (one, two) = (one.unwrap(), two.unwrap());
        for report in one.iter().chain(&two) {
            assert_eq!(report.outcome, JobOutcome::Done);
            let times = one.iter().chain(&two).filter(|other| other.kind == report.kind).count();
            assert_eq!(times, 1, "{} on day {day}", report.kind);
        }
        assert!(!one.is_empty() || !two.is_empty());
    }
    other.close().await;
    served.stop().await;
}
