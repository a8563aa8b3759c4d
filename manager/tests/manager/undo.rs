//! Undoing an import, and what it is refused for.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, DAY, Phone, Served};

/// The answers of the API about every user, as they were sent.
pub(crate) async fn seen(served: &Served) -> Vec<String> {
    let users = text(served, "/v1/users?limit=1000").await;
    let parsed: Value = serde_json::from_str(&users).unwrap();
    let mut seen = vec![users];
    for user in parsed["users"].as_array().unwrap() {
        seen.push(text(served, &format!("/v1/users/{}", user["id"].as_str().unwrap())).await);
    }
    seen.push(text(served, "/v1/export").await);
    seen
}

async fn text(served: &Served, path: &str) -> String {
    let request = served.client.get(format!("{}{path}", served.base)).bearer_auth(&served.token);
    request.send().await.unwrap().text().await.unwrap()
}

async fn plan_as(served: &Served, query: &str, csv: &str) -> Answer {
    let request = served.client.post(format!("{}/v1/imports?{query}", served.base));
    let request = request.bearer_auth(&served.token).header("content-type", "text/csv");
    crate::support::answer(request.body(csv.to_owned()).send().await.unwrap()).await
}

async fn apply(served: &Served, query: &str, csv: &str) -> String {
    let plan = plan_as(served, query, csv).await.expect(StatusCode::OK);
    let id = plan["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/imports/{id}/apply");
    served.admin(Method::POST, &path, json!({ "confirm": true })).await.expect(StatusCode::OK);
    id
}

async fn undo(served: &Served, plan: &str) -> Answer {
    served.admin(Method::POST, &format!("/v1/imports/{plan}/undo"), json!({})).await
}

fn messages(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_user_whom_an_import_deleted_comes_back_with_the_phone() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let before = seen(&served).await;
    served.clock.advance(60);
    let plan = apply(&served, "", "Bert,Berg,bert@x.example,2\n").await;
    served.manager.keep_up().await.unwrap();
    phone.renew(&served, &activated["device_id"]).await.problem(403, "user-suspended");
    served.clock.advance(DAY - 1);
    served.manager.keep_up().await.unwrap();
    let undone = undo(&served, &plan).await.expect(StatusCode::OK);
    assert_eq!(undone, json!({ "plan": plan, "removed": 1, "put_back": 0, "restored": 1 }));
    assert_eq!(seen(&served).await, before);
    // The old serial stays on the list, the phone gets a new one.
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    let serial = |answer| served.credential(answer).fields().serial.0;
    assert!(serial(&renewed) > serial(&activated));
    undo(&served, &plan).await.problem(409, "plan-undone");
    served.stop().await;
}

#[tokio::test]
async fn an_invitation_that_an_import_voided_is_good_again() {
    let (served, code) = Served::with_invited_anna().await;
    let plan = apply(&served, "", "Bert,Berg,bert@x.example,2\n").await;
    let phone = Phone::new(1);
    phone.challenge(&served, &code).await.problem(410, "invitation-void");
    undo(&served, &plan).await.expect(StatusCode::OK);
    phone.activate(&served, &code).await.expect(StatusCode::CREATED);
    served.stop().await;
}

#[tokio::test]
async fn an_import_can_be_undone_until_its_time_is_over() {
    let served = Served::start().await;
    served
        .admin(Method::POST, "/v1/imports/00000000-0000-0000-0000-000000000000/undo", json!({}))
        .await
        .problem(404, "plan-unknown");
    let pending = plan_as(&served, "", "Anna,Berg,anna@x.example,1\n").await.expect(StatusCode::OK);
    undo(&served, pending["id"].as_str().unwrap()).await.problem(409, "plan-not-applied");
    let plan = apply(&served, "", "Anna,Berg,anna@x.example,1\n").await;
    served.clock.advance(DAY);
    undo(&served, &plan).await.problem(409, "undo-over");
    served.manager.keep_up().await.unwrap();
    // What the plan said of people is forgotten with it.
    let kept =
        served.admin(Method::GET, &format!("/v1/imports/{plan}"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&kept["steps"], &kept["counts"]["added"]), (&json!([]), &json!(1)));
    served.stop().await;
}

#[tokio::test]
async fn everybody_who_was_changed_meanwhile_is_named() {
    let served = Served::start().await;
    apply(
        &served,
        "",
        "Anna,Berg,anna@x.example,1\nBert,Berg,bert@x.example,2\nCleo,Berg,cleo@x.example,3\n",
    )
    .await;
    served.clock.advance(60);
    let plan = apply(&served, "", "Anna,Neu,anna@x.example,1\nBert,Neu,bert@x.example,2\nDora,Berg,dora@x.example,4\nEmil,Berg,emil@x.example,5\n").await;
    served.clock.advance(60);
    let code = served.invite("dora@x.example").await;
    Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);
    // Emil is only invited, Bert gets another name, Fritz the ID that Cleo had.
    served.invite("emil@x.example").await;
    apply(&served, "mode=add_and_update", "Bert,Alt,bert@x.example,2\nFritz,Berg,fritz@x.example,3\n").await;
    let before = seen(&served).await;
    let answer = undo(&served, &plan).await;
    assert_eq!(
        messages(&answer),
        [
            "Bert Neu was changed since the import",
            "Dora Berg was added by the import and is more than invited by now",
            "the ID \"3\" of Cleo Berg belongs to Fritz Berg now",
        ]
    );
    answer.problem(409, "undo-conflict");
    assert_eq!(seen(&served).await, before);
    served.stop().await;
}

#[tokio::test]
async fn the_mode_is_part_of_the_plan() {
    let served = Served::start().await;
    apply(&served, "mode=add_only", "Anna,Berg,anna@x.example,1\n").await;
    let plan = plan_as(&served, "mode=add_only&user_id=Badge", "First name,Last name,E-mail,Badge,Floor\nAnna,Neu,anna@x.example,1,3\nBert,Berg,bert@x.example,2,4\n").await.expect(StatusCode::OK);
    assert_eq!(plan["mode"], "add_only");
    assert_eq!(plan["steps"][0]["act"], "skip_listed");
    assert_eq!(plan["columns"][3], json!({ "name": "Badge", "field": "user_id" }));
    assert_eq!(plan["columns"][4], json!({ "name": "Floor", "field": null }));
    assert_eq!(
        plan["counts"],
        json!({ "added": 1, "changed": 0, "deleted": 0, "unchanged": 0, "skipped": 1 })
    );
    plan_as(&served, "mode=everything", "Anna,Berg,anna@x.example,1\n").await.problem(400, "request-invalid");
    served.stop().await;
}

#[tokio::test]
async fn an_upload_is_applied_at_once_unless_the_guard_stops_it() {
    let served = Served::start().await;
    let sync = async |csv: String| {
        let request = served.client.post(format!("{}/v1/sync", served.base)).bearer_auth(&served.token);
        crate::support::answer(request.body(csv).send().await.unwrap()).await
    };
    let people: String = (0..20).map(|n| format!("P{n},Berg,p{n}@x.example,{n}\n")).collect();
    let done = sync(people.clone()).await.expect(StatusCode::OK);
    assert_eq!((&done["counts"]["added"], &done["origin"]), (&json!(20), &json!("upload")));
    assert!(done["applied_at"].is_u64());
    let again = sync(people).await.expect(StatusCode::OK);
    assert_eq!((&again["counts"]["unchanged"], &again["applied_at"]), (&json!(20), &Value::Null));
    let stopped = sync("P1,Berg,p1@x.example,1\n".to_owned()).await;
    let waiting = served.admin(Method::GET, "/v1/imports", Value::Null).await.expect(StatusCode::OK);
    let id = waiting["plans"][0]["id"].as_str().unwrap().to_owned();
    assert!(stopped.body["title"].as_str().unwrap().contains(&id));
    stopped.problem(409, "sync-waits");
    let alerts = served.admin(Method::GET, "/v1/alerts", Value::Null).await.expect(StatusCode::OK);
    assert_eq!(alerts["alerts"][0]["kind"], "import_stopped");
    assert_eq!(alerts["alerts"][0]["subject"], id);
    let path = format!("/v1/imports/{id}/apply");
    served.admin(Method::POST, &path, json!({ "confirm": true })).await.expect(StatusCode::OK);
    sync("Anna,Berg,foo,1\n".to_owned()).await.problem(422, "import-invalid");
    served.stop().await;
}
