//! Several projects in one installation, and several processes on one database.

use manager::domain::{Actor, NewProject, ProjectChange, project_id_text};
use manager::{Error, Manager, Refusal, Unlock};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Phone, Served};

/// Another process on the same database.
async fn beside(served: &Served) -> Manager {
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    Manager::open(served.database.home(), &unlock, served.clock.clone()).await.unwrap()
}

/// A project without an address of its own.
fn project(name: &str) -> NewProject {
    NewProject { public_url: String::new(), ..NewProject::named(name) }
}

#[tokio::test]
async fn a_project_that_another_process_makes_is_served_without_a_restart() {
    let served = Served::start().await;
    let other = beside(&served).await;
    let (added, token) = other.add_project(&project("Annex")).await.unwrap();
    let id = project_id_text(added.project().id);
    assert_eq!(added.project().public_url, format!("{}/p/{id}", served.manager.project().public_url));

    let users = format!("{}/p/{id}/v1/users", served.base);
    let request = |token: &str| served.client.get(&users).bearer_auth(token).send();
    assert_eq!(request(&token.expose()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(request(&served.token).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let with_other =
        served.client.get(format!("{}/v1/users", served.base)).bearer_auth(token.expose().as_str());
    assert_eq!(with_other.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    other.close().await;
    served.stop().await;
}

#[tokio::test]
async fn each_project_has_users_phones_and_a_log_of_its_own() {
    let (mut served, _, _) = Served::with_active_anna().await;
    let (added, token) = served.manager.add_project(&project("Annex")).await.unwrap();
    let first = (served.base.clone(), served.manager.clone());
    served.base = format!("{}/p/{}", served.base, project_id_text(added.project().id));
    served.token = token.expose().to_string();
    served.manager = added;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let code = served.invite("anna@x.example").await;
    let phone = Phone::new(1);
    let activated = phone.activate(&served, &code).await.expect(StatusCode::CREATED);
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(served.credential(&renewed).fields().serial.0, 2);
    assert_eq!(served.manager.verify_audit().await.unwrap(), Ok(5));

    let annex = served.manager.clone();
    (served.base, served.manager) = first;
    assert_eq!(served.manager.verify_audit().await.unwrap(), Ok(5));
    let device = activated["device_id"].as_str().unwrap();
    let path = format!("/v1/devices/{device}/renewal/challenge");
    served.post(&path, json!({})).await.problem(404, "device-unknown");
    assert_ne!(annex.issuer_keys(), served.manager.issuer_keys());
    served.stop().await;
}

#[tokio::test]
async fn an_address_of_no_project_is_a_problem() {
    let served = Served::start().await;
    served
        .admin(Method::GET, "/p/0000000000000000/v1/users", Value::Null)
        .await
        .problem(404, "project-unknown");
    served.admin(Method::GET, "/p/elsewhere/v1/users", Value::Null).await.problem(404, "not-found");
    let own = project_id_text(served.manager.project().id);
    served.admin(Method::GET, &format!("/p/{own}/v1/users"), Value::Null).await.expect(StatusCode::OK);
    served.stop().await;
}

#[tokio::test]
async fn settings_that_another_process_changes_hold_at_once() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let other = beside(&served).await;
    let change = ProjectChange {
        name: Some("Example Works II".to_owned()),
        public_url: Some("https://doors.example/".to_owned()),
        ..ProjectChange::default()
    };
    other.edit_project(Actor::Operator, &change).await.unwrap();
    let invitation = served.admin(Method::POST, &served.anna("invitations").await, json!({})).await;
    let invitation = invitation.expect(StatusCode::CREATED);
    assert!(
        invitation["link"].as_str().unwrap().starts_with("https://doors.example/activate#"),
        "{invitation}"
    );
    let code = invitation["code"].as_str().unwrap().replace('-', "");
    let challenge = Phone::new(1).challenge(&served, &code).await.expect(StatusCode::OK);
    assert_eq!(challenge["project"]["name"], "Example Works II");
    let log = other.audit_log(0, 100).await.unwrap();
    let changed = log.iter().find(|entry| entry.act == "project_changed").unwrap();
    assert_eq!(changed.detail, "name, public_url");
    other.close().await;
    served.stop().await;
}

#[tokio::test]
async fn two_projects_cannot_have_the_same_name() {
    let served = Served::start().await;
    let taken = |error| matches!(error, Error::Refused(Refusal::ProjectNameTaken));
    assert!(taken(served.manager.add_project(&project(" Example Works ")).await.unwrap_err()));
    let (added, _) = served.manager.add_project(&project("Annex")).await.unwrap();
    let change = ProjectChange { name: Some("Example Works".to_owned()), ..ProjectChange::default() };
    assert!(taken(added.edit_project(Actor::Operator, &change).await.unwrap_err()));
    served.stop().await;
}

#[tokio::test]
async fn a_project_is_found_by_its_id_or_its_name_and_has_to_be_named_among_several() {
    let served = Served::start().await;
    let (added, _) = served.manager.add_project(&project("Annex")).await.unwrap();
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let open = |named: Option<String>| {
        let (home, unlock, clock) = (served.database.home(), unlock.clone(), served.clock.clone());
        async move { Manager::open_project(home, named.as_deref(), &unlock, clock).await }
    };
    let id = project_id_text(added.project().id);
    for named in ["Annex", &id, &id.to_uppercase()] {
        let manager = open(Some(named.to_owned())).await.unwrap();
        assert_eq!(manager.project().id, added.project().id);
        manager.close().await;
    }
    let unknown = open(Some("Elsewhere".to_owned())).await.unwrap_err();
    assert!(matches!(unknown, Error::Refused(Refusal::ProjectUnknown)), "{unknown}");
    let unnamed = open(None).await.unwrap_err().to_string();
    assert_eq!(
        unnamed,
        "There is more than one project: Example Works, Annex. Say which one with --project."
    );
    served.stop().await;
}
