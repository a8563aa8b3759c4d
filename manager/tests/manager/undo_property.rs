//! A plan that is applied and undone leaves everything as it was, byte for byte, whoever was there and whatever the
//! list was; and the list that was exported plans nothing.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::subsequence;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{DAY, Phone, Served};
use crate::undo::seen;

/// Somebody of a small town, so that people collide.
#[derive(Clone, Debug)]
struct Somebody {
    first: String,
    last: String,
    mail: u8,
    id: u8,
    sync: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    NotInvited,
    Invited,
    Expired,
    Active,
    Suspended,
    Reset,
}

fn somebody() -> impl Strategy<Value = Somebody> {
    let name = || "[A-Zäöü=+@'\"-][a-zß,;' \"-]{0,6}[a-z]";
    (name(), name(), 0..14_u8, 0..14_u8, option::of(0..14_u8))
        .prop_map(|(first, last, mail, id, sync)| Somebody { first, last, mail, id, sync })
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::NotInvited),
        Just(Standing::Invited),
        Just(Standing::Expired),
        Just(Standing::Active),
        Just(Standing::Suspended),
        Just(Standing::Reset),
    ]
}

fn town() -> impl Strategy<Value = Vec<(Somebody, Standing)>> {
    vec((somebody(), standing()), 0..10)
}

/// The list, without those who share with somebody before them what only one can have.
fn csv(people: &[Somebody], has_sync_ids: bool) -> String {
    let mut text = String::from("First name,Last name,E-mail,ID");
    text.push_str(if has_sync_ids { ",Sync ID\n" } else { "\n" });
    let mut kept: Vec<&Somebody> = Vec::new();
    for person in people {
        let shares = |other: &&Somebody| {
            other.mail == person.mail
                || other.id == person.id
                || (person.sync.is_some() && other.sync == person.sync)
        };
        if kept.iter().any(shares) {
            continue;
        }
        kept.push(person);
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let (first, last) = (quoted(&person.first), quoted(&person.last));
        text.push_str(&format!("{first},{last},m{}@x.example,{:03}", person.mail, person.id));
        if has_sync_ids {
            text.push_str(&person.sync.map(|id| format!(",S{id}")).unwrap_or(",".to_owned()));
        }
        text.push('\n');
    }
    text
}

async fn settle(served: &Served, people: &[(Somebody, Standing)]) {
    let listed: Vec<Somebody> = people.iter().map(|(person, _)| person.clone()).collect();
    served.import(&csv(&listed, true)).await;
    let users = served.admin(Method::GET, "/v1/users?limit=1000", json!({})).await.expect(StatusCode::OK);
    let standing_of = |email: &str| {
        let person = people.iter().find(|(person, _)| format!("m{}@x.example", person.mail) == email);
        person.map_or(Standing::NotInvited, |(_, standing)| *standing)
    };
    for user in users["users"].as_array().unwrap() {
        let email = user["email"].as_str().unwrap();
        if matches!(standing_of(email), Standing::Expired) {
            served.invite(email).await;
        }
    }
    served.clock.advance(8 * DAY);
    for (number, user) in (1..).zip(users["users"].as_array().unwrap()) {
        let email = user["email"].as_str().unwrap();
        let standing = standing_of(email);
        if !matches!(standing, Standing::NotInvited | Standing::Expired) {
            let code = served.invite(email).await;
            if !matches!(standing, Standing::Invited) {
                Phone::new(number).activate(served, &code).await.expect(StatusCode::CREATED);
            }
        }
        let id = user["id"].as_str().unwrap();
        if matches!(standing, Standing::Suspended) {
            let path = format!("/v1/users/{id}/suspension");
            served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
        }
        if matches!(standing, Standing::Reset) {
            let email = email.to_owned();
            served
                .database
                .tamper(&format!("UPDATE users SET status = 'reset' WHERE email = '{email}'"))
                .await;
        }
    }
}

async fn plan_apply_undo(
    town: Vec<(Somebody, Standing)>,
    kept: Vec<usize>,
    new: Vec<Somebody>,
    mode: &str,
    has_sync_ids: bool,
) {
    let served = Served::start().await;
    settle(&served, &town).await;
    served.clock.advance(1000);
    let before = seen(&served).await;

    let export = before.last().unwrap();
    let plan = served.plan(export.clone()).await.expect(StatusCode::OK);
    assert_eq!(plan["steps"], json!([]), "{export}");

    let listed: Vec<Somebody> = kept
        .iter()
        .filter_map(|place| town.get(*place))
        .map(|(person, _)| person.clone())
        .chain(new)
        .collect();
    let query = format!("{}/v1/imports?mode={mode}", served.base);
    let request = served.client.post(query).bearer_auth(&served.token).body(csv(&listed, has_sync_ids));
    let plan = crate::support::answer(request.send().await.unwrap()).await;
    // A list may ask for what somebody keeps; then there is no plan.
    if plan.status == StatusCode::OK {
        let id = plan.body["id"].as_str().unwrap();
        let apply = format!("/v1/imports/{id}/apply");
        served.admin(Method::POST, &apply, json!({ "confirm": true })).await.expect(StatusCode::OK);
        served.clock.advance(3600);
        served.manager.keep_up().await.unwrap();
        let undo = format!("/v1/imports/{id}/undo");
        served.admin(Method::POST, &undo, json!({})).await.expect(StatusCode::OK);
    }
    assert_eq!(seen(&served).await, before);
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_apply_and_undo_give_the_state_before(
        town in town(),
        kept in subsequence((0..10_usize).collect::<Vec<_>>(), 0..=10),
        new in vec(somebody(), 0..8),
        mode in prop_oneof![Just("replace"), Just("add_and_update"), Just("add_only")],
        has_sync_ids in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(plan_apply_undo(town, kept, new, mode, has_sync_ids));
    }
}
