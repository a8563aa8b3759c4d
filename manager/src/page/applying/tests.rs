//! An import that takes longer than whoever began it waits.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::clock::SystemClock;
use crate::domain::NewProject;
use crate::error::Refusal;
use crate::vault::Unlock;

const PEOPLE: &str =
    "First name,Last name,E-mail address,ID\nAnna,Berg,anna@x.example,1\nBert,Tal,bert@x.example,2\n";

async fn planned() -> (TempDir, Manager, Uuid) {
    let dir = tempfile::tempdir().unwrap();
    let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
    let clock = Arc::new(SystemClock);
    let (manager, _) = Manager::init(dir.path(), &NewProject::named("Works"), &unlock, clock).await.unwrap();
    let plan = manager.plan_import(PEOPLE.as_bytes().to_vec()).await.unwrap().summary.id;
    (dir, manager, plan)
}

#[tokio::test]
async fn an_import_goes_on_without_whoever_began_it_and_what_came_of_it_is_told_once() {
    let (_dir, manager, plan) = planned().await;
    let applying = Applying::default();
    let (actor, project) = (Actor::Operator, manager.project_id());
    // Somebody else writes, for longer than anybody waits.
    let writer = manager.write().await.unwrap();
    assert!(applying.apply(&manager, actor, plan, false).await.is_none());
    assert!(matches!(applying.look(project, plan), Some(Standing::Going(0, 0))));
    assert!(applying.look(ProjectId([7; 8]), plan).is_none(), "another project sees nothing of it");
    assert!(applying.apply(&manager, actor, plan, false).await.is_none(), "it is not begun twice");
    drop(writer);
    let outcome = loop {
        match applying.look(project, plan).unwrap() {
            Standing::Going(..) => tokio::task::yield_now().await,
            Standing::Over(outcome) => break outcome,
        }
    };
    assert_eq!(outcome.unwrap().added, 2);
    assert!(applying.look(project, plan).is_none());
    let again = applying.apply(&manager, actor, plan, false).await;
    assert!(matches!(again, Some(Err(Error::Refused(Refusal::PlanApplied)))));
}

#[tokio::test]
async fn a_plan_is_shown_by_its_rows_and_they_are_those_of_the_whole() {
    let (_dir, manager, _) = planned().await;
    let line = |n: usize| format!("Per,Son,p{n}@x.example,{n}\n");
    let people: String = (0..1234).map(line).collect();
    let csv = format!("First name,Last name,E-mail address,ID\n{people}");
    let whole = manager.plan_import(csv.into_bytes()).await.unwrap();
    for (from, limit) in [(0, 100), (450, 100), (499, 2), (500, 1), (1200, 100), (1234, 100), (9999, 1)] {
        let (summary, steps) = manager.import_plan_from(whole.summary.id, from, limit).await.unwrap();
        assert_eq!(summary, whole.summary);
        let expected: Vec<_> = whole.steps.iter().skip(from).take(limit).cloned().collect();
        assert_eq!(steps, expected, "{limit} from {from}");
    }
}
