//! Imports: what was shown is what is applied.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::Served;

async fn apply(served: &Served, plan: &Value, body: Value) -> crate::support::Answer {
    served.admin(Method::POST, &format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap()), body).await
}

async fn roster(served: &Served) -> Vec<[String; 4]> {
    let users = served.admin(Method::GET, "/v1/users?limit=1000", Value::Null).await.expect(StatusCode::OK);
    let users = users["users"].as_array().unwrap().clone();
    let field = |user: &Value, name: &str| user[name].as_str().unwrap_or_default().to_owned();
    users
        .iter()
        .filter(|user| user["status"] != "deleted")
        .map(|user| ["first_name", "email", "user_id", "sync_id"].map(|name| field(user, name)))
        .collect()
}

#[tokio::test]
async fn a_plan_shows_every_step_and_changes_nothing() {
    let served = Served::start().await;
    served
        .import("Anna,Berg,anna@x.example,1\nBert,Berg,bert@x.example,2\nCleo,Berg,cleo@x.example,3\n")
        .await;
    let before = roster(&served).await;
    let plan = served.plan("Vorname;Nachname;E-Mail-Adresse;ID\nAnna;Berg;anna@x.example;0001\nBert;Berg;bert@x.example;2\nDora;Öz;dora@x.example;4\n").await;
    let plan = plan.expect(StatusCode::OK);
    assert_eq!(
        plan["counts"],
        json!({ "added": 1, "changed": 1, "deleted": 1, "unchanged": 1, "skipped": 0 })
    );
    assert_eq!(
        (&plan["encoding"], &plan["delimiter"], &plan["has_header"]),
        (&json!("UTF-8"), &json!(";"), &json!(true))
    );
    let steps = plan["steps"].as_array().unwrap();
    let acts: Vec<_> =
        steps.iter().map(|step| (step["act"].as_str().unwrap(), step["line"].as_u64())).collect();
    assert_eq!(acts, [("change", Some(2)), ("add", Some(4)), ("delete", None)]);
    assert_eq!((&steps[0]["old"]["user_id"], &steps[0]["new"]["user_id"]), (&json!("1"), &json!("0001")));
    assert_eq!(roster(&served).await, before);
    let path = format!("/v1/imports/{}", plan["id"].as_str().unwrap());
    assert_eq!(served.admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK), plan);

    let applied = apply(&served, &plan, json!({})).await.expect(StatusCode::OK);
    assert_eq!(applied["counts"], plan["counts"]);
    let after: Vec<String> =
        roster(&served).await.into_iter().map(|[name, _, id, _]| format!("{name} {id}")).collect();
    assert_eq!(after, ["Anna 0001", "Bert 2", "Dora 4"]);
    apply(&served, &plan, json!({})).await.problem(409, "plan-applied");
    served.stop().await;
}

#[tokio::test]
async fn a_plan_is_refused_when_the_users_have_changed_meanwhile() {
    let served = Served::start().await;
    let first = served.plan("Anna,Berg,anna@x.example,1\n").await.expect(StatusCode::OK);
    let second = served.plan("Bert,Berg,bert@x.example,2\n").await.expect(StatusCode::OK);
    apply(&served, &first, json!({})).await.expect(StatusCode::OK);
    apply(&served, &second, json!({})).await.problem(409, "plan-outdated");
    assert_eq!(roster(&served).await.len(), 1);
    // An activation or invitation is no reason to plan again.
    let third = served.plan("Bert,Berg,bert@x.example,2\n").await.expect(StatusCode::OK);
    served.invite("anna@x.example").await;
    apply(&served, &third, json!({})).await.expect(StatusCode::OK);
    served.stop().await;
}

#[tokio::test]
async fn many_deletions_wait_for_a_confirmation() {
    let served = Served::start().await;
    let people: String = (0..20).map(|n| format!("P{n},Berg,p{n}@x.example,{n}\n")).collect();
    served.import(&people).await;
    for (list, confirmation) in [
        ("First name,Last name,E-mail address,ID\n", "empty_list"),
        ("P1,Berg,p1@x.example,1\n", "many_deletions"),
    ] {
        let plan = served.plan(list).await.expect(StatusCode::OK);
        assert_eq!(plan["confirmation"], confirmation);
        apply(&served, &plan, json!({})).await.problem(409, "confirmation-needed");
        apply(&served, &plan, json!({ "confirm": false })).await.problem(409, "confirmation-needed");
    }
    assert_eq!(roster(&served).await.len(), 20);
    let plan = served.plan("P1,Berg,p1@x.example,1\n").await.expect(StatusCode::OK);
    apply(&served, &plan, json!({ "confirm": true })).await.expect(StatusCode::OK);
    assert_eq!(roster(&served).await.len(), 1);
    served.stop().await;
}

#[tokio::test]
async fn users_can_exchange_everything_in_one_import() {
    let served = Served::start().await;
    served
        .import("Anna,Berg,a@x.example,1,S1\nBert,Berg,b@x.example,2,S2\nCleo,Berg,c@x.example,3,S3\n")
        .await;
    served
        .import("Anna,Berg,b@x.example,2,S1\nBert,Berg,c@x.example,1,S2\nDora,Berg,a@x.example,3,S4\n")
        .await;
    let expected = [
        ["Anna", "b@x.example", "2", "S1"],
        ["Bert", "c@x.example", "1", "S2"],
        ["Dora", "a@x.example", "3", "S4"],
    ];
    assert_eq!(roster(&served).await, expected);
    served.stop().await;
}

#[tokio::test]
async fn a_file_with_errors_names_them_all_and_changes_nothing() {
    let served = Served::start().await;
    let answer = served.plan("Anna,Berg,foo@,1\nBert,Berg,bert@x.example,4.2E+12\nCleo,Berg\n").await;
    let messages: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|error| error["message"].clone()).collect();
    assert_eq!(
        messages,
        [
            "line 1, column 3 (E-mail address): \"foo@\" is not an e-mail address",
            "line 2, column 4 (ID): \"4.2E+12\" was spoiled by a spreadsheet: its digits are lost, format the column as text",
            "line 3: 2 columns where 4 are expected",
        ]
    );
    assert_eq!(answer.body["errors"][0]["line"], 1);
    assert_eq!(answer.body["errors"][0]["column"], 3);
    assert_eq!(answer.body["title"], "The file has 3 errors; nothing was imported.");
    answer.problem(422, "import-invalid");
    assert!(roster(&served).await.is_empty());
    served.stop().await;
}

#[tokio::test]
async fn ten_thousand_users_are_imported_and_the_second_time_nothing_is_planned() {
    let served = Served::start().await;
    let people: String =
        (0..10_000).map(|n| format!("First{n},Last{n},user{n}@x.example,{n:08},S{n}\n")).collect();
    let applied = served.import(&people).await;
    assert_eq!(applied["counts"]["added"], 10_000);
    let again = served.plan(people).await.expect(StatusCode::OK);
    assert_eq!(
        again["counts"],
        json!({ "added": 0, "changed": 0, "deleted": 0, "unchanged": 10_000, "skipped": 0 })
    );
    assert_eq!(again["steps"], json!([]));
    served.stop().await;
}

#[tokio::test]
async fn an_unknown_plan_is_a_problem() {
    let served = Served::start().await;
    let plan = json!({ "id": "01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10" });
    apply(&served, &plan, json!({})).await.problem(404, "plan-unknown");
    served.stop().await;
}
