//! Who may do what: every operation of the API against everybody who could come.
//!
//! The table has a row for each operation; an operation without a row fails, so that nobody adds a route without saying
//! who may use it.

use std::collections::BTreeMap;

use manager::domain::{Actor, NewAdministrator, Role, Scope, Scopes, UnixTime};
use manager::{AdministratorChange, ApiToken, NewToken};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, DAY, Served, answer};

/// What an operation needs: a scope, or nothing.
const OPERATIONS: &[(&str, Option<&str>)] = &[
    ("activate", None),
    ("activate_issuer_key", Some("settings:write")),
    ("activation_challenge", None),
    ("activation_page", None),
    ("add_administrator", Some("administrators:write")),
    ("add_alert_recipient", Some("settings:write")),
    ("add_card", Some("cards:write")),
    ("add_card_template", Some("cards:write")),
    ("add_user", Some("users:write")),
    ("add_webhook", Some("webhooks")),
    ("apply_card_import", Some("cards:write")),
    ("apply_import", Some("imports")),
    ("approve_card_photo", Some("cards:write")),
    ("approve_card_template", Some("cards:write")),
    ("archive_card", Some("cards:write")),
    ("change_administrator", Some("administrators:write")),
    ("change_settings", Some("settings:write")),
    ("count_cards", Some("cards:read")),
    ("count_users", Some("users:read")),
    ("deactivate_card", Some("cards:write")),
    ("delete_user", Some("users:write")),
    ("edit_card", Some("cards:write")),
    ("edit_mail_settings", Some("settings:write")),
    ("edit_reader", Some("readers:write")),
    ("edit_user", Some("users:write")),
    ("edit_webhook", Some("webhooks")),
    ("enrol_reader", Some("readers:write")),
    ("exchange_webhook_secret", Some("webhooks")),
    ("export_users", Some("users:read")),
    ("invite_to_card", Some("cards:write")),
    ("invite_user", Some("users:write")),
    ("list_administrators", Some("administrators:read")),
    ("list_alert_recipients", Some("settings:read")),
    ("list_alerts", Some("settings:read")),
    ("list_audit_entries", Some("audit:read")),
    ("list_card_imports", Some("cards:read")),
    ("list_card_templates", Some("cards:read")),
    ("list_cards", Some("cards:read")),
    ("list_deliveries", Some("webhooks")),
    ("list_devices", Some("users:read")),
    ("list_imports", Some("imports")),
    ("list_issuer_keys", Some("settings:read")),
    ("list_jobs", Some("settings:read")),
    ("list_mail_texts", Some("settings:read")),
    ("list_mails", Some("users:read")),
    ("list_reader_events", Some("audit:read")),
    ("list_readers", Some("readers:read")),
    ("list_tokens", Some("administrators:read")),
    ("list_user_events", Some("audit:read")),
    ("list_users", Some("users:read")),
    ("list_webhooks", Some("webhooks")),
    ("live", None),
    ("mail_card_invitation", Some("cards:write")),
    ("mail_invitation", Some("users:write")),
    ("mail_settings", Some("settings:read")),
    ("make_sign_in_link", Some("administrators:write")),
    ("make_token", Some("administrators:write")),
    ("plan_card_import", Some("cards:write")),
    ("plan_import", Some("imports")),
    ("preview_mail", Some("settings:read")),
    ("publish_revocation_list", Some("readers:write")),
    ("reactivate_card", Some("cards:write")),
    ("reader_configuration", Some("readers:read")),
    ("ready", None),
    ("redeliver", Some("webhooks")),
    ("refuse_card_photo", Some("cards:write")),
    ("remove_administrator", Some("administrators:write")),
    ("remove_alert_recipient", Some("settings:write")),
    ("remove_card_photo", Some("cards:write")),
    ("remove_card_template", Some("cards:write")),
    ("remove_webhook", Some("webhooks")),
    ("renew", None),
    ("renewal_challenge", None),
    ("replace_card_template", Some("cards:write")),
    ("report_bounce", Some("mail:bounces")),
    ("report_reader", Some("readers:write")),
    ("reset_challenge", None),
    ("reset_device", None),
    ("reset_mail_text", Some("settings:write")),
    ("reset_user", Some("users:write")),
    ("restore_card", Some("cards:write")),
    ("resume_user", Some("users:write")),
    ("retire_issuer_key", Some("settings:write")),
    ("review_card", Some("cards:write")),
    ("revocation_list", None),
    ("revoke_reader", Some("readers:write")),
    ("revoke_token", Some("administrators:write")),
    ("revoke_user", Some("users:write")),
    ("rotate_issuer_key", Some("settings:write")),
    ("send_test_mail", Some("settings:write")),
    ("set_card_photo", Some("cards:write")),
    ("set_mail_text", Some("settings:write")),
    ("set_user_language", Some("users:write")),
    ("show", None),
    ("show_administrator", Some("administrators:read")),
    ("show_card", Some("cards:read")),
    ("show_card_import", Some("cards:read")),
    ("show_card_photo", Some("cards:read")),
    ("show_card_template", Some("cards:read")),
    ("show_delivery", Some("webhooks")),
    ("show_import", Some("imports")),
    ("show_mail", Some("users:read")),
    ("show_mail_text", Some("settings:read")),
    ("show_reader", Some("readers:read")),
    ("show_settings", Some("settings:read")),
    ("show_user", Some("users:read")),
    ("show_waiting_photo", Some("cards:read")),
    ("show_webhook", Some("webhooks")),
    ("suspend_user", Some("users:write")),
    ("sync", Some("sync")),
    ("take_reports", None),
    ("test_webhook", Some("webhooks")),
    ("time_token", None),
    ("try_mail_text", Some("settings:read")),
    ("undo_card_import", Some("cards:write")),
    ("undo_import", Some("imports")),
    ("uninstall_card", Some("cards:write")),
    ("unlock_card", Some("cards:write")),
    ("validate_card", None),
    ("validation_page", None),
    ("verify_audit_log", Some("audit:read")),
];

/// An operation as the description has it.
struct Operation {
    id: String,
    method: Method,
    /// The path with values that mean nothing in place of its parameters.
    path: String,
    scope: Option<String>,
}

fn operations() -> Vec<Operation> {
    let described: Value = serde_json::from_str(manager::openapi_document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut filled = path.clone();
            for parameter in operation["parameters"].as_array().unwrap_or(&Vec::new()) {
                let value = match parameter["schema"]["type"].as_str() {
                    Some("integer") => "7",
                    _ if parameter["schema"]["format"] == "uuid" => "01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10",
                    _ => "0000000000000000",
                };
                filled = filled.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), value);
            }
            assert!(!filled.contains('{'), "{method} {path} describes each of its parameters");
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: filled,
                scope: operation["security"][0]["token"][0].as_str().map(str::to_owned),
            });
        }
    }
    operations
}

async fn send(served: &Served, operation: &Operation, authorization: Option<&str>) -> Answer {
    let mut request =
        served.client.request(operation.method.clone(), format!("{}{}", served.base, operation.path));
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    // The right to ask comes before the form of what is asked.
    if operation.method != Method::GET {
        request = request.json(&json!({ "nonsense": true }));
    }
    answer(request.send().await.unwrap()).await
}

#[test]
fn every_operation_is_in_the_table_with_the_scope_that_it_is_described_with() {
    let described: BTreeMap<String, Option<String>> =
        operations().into_iter().map(|operation| (operation.id, operation.scope)).collect();
    let listed: BTreeMap<String, Option<String>> =
        OPERATIONS.iter().map(|(id, scope)| ((*id).to_owned(), scope.map(str::to_owned))).collect();
    assert_eq!(described, listed);
}

#[tokio::test]
async fn without_a_good_token_only_what_is_for_everybody_is_open() {
    let served = Served::start().await;
    let wrong = format!("Bearer ostiary_{}", "A".repeat(43));
    let basic = format!("Basic {}", served.token);
    for operation in operations() {
        for authorization in
            [None, Some(wrong.as_str()), Some(basic.as_str()), Some("Bearer "), Some("nonsense")]
        {
            let answer = send(&served, &operation, authorization).await;
            if operation.scope.is_some() {
                answer.problem(401, "unauthorized");
            } else {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{}", operation.id);
            }
        }
    }
    served.stop().await;
}

async fn administrator(served: &Served, role: Role) -> Uuid {
    let (name, email) = (format!("The {role}"), Some(format!("{role}@x.example")));
    let new = NewAdministrator { name, email, role };
    served.manager.add_administrator(Actor::Operator, &new).await.unwrap().id
}

async fn token(
    served: &Served,
    administrator: Uuid,
    scopes: Option<Scopes>,
    expires_at: Option<UnixTime>,
) -> (Uuid, String) {
    let new = NewToken { administrator, name: "test".to_owned(), scopes, expires_at };
    let made = served.manager.make_token(Actor::Operator, Scopes::all(), &new).await.unwrap();
    (made.0.id, bearer(&made.1))
}

fn bearer(token: &ApiToken) -> String {
    format!("Bearer {}", token.expose().as_str())
}

/// Whether the answer is one of those that keep a caller out.
fn is_kept_out(answer: &Answer) -> bool {
    let code = answer.body["code"].as_str().unwrap_or_default();
    matches!(code, "unauthorized" | "role-missing" | "scope-missing")
}

#[tokio::test]
async fn a_token_that_is_over_or_another_project_s_opens_nothing() {
    let served = Served::start().await;
    let elsewhere = Served::start().await;
    let owner = administrator(&served, Role::Owner).await;
    let soon = UnixTime(served.manager.now().0 + DAY);
    let (_, expired) = token(&served, owner, None, Some(soon)).await;
    let (id, revoked) = token(&served, owner, None, None).await;
    let removed = administrator(&served, Role::Manager).await;
    let (_, orphaned) = token(&served, removed, None, None).await;
    let foreign = format!("Bearer {}", elsewhere.token);
    let operations: Vec<Operation> =
        operations().into_iter().filter(|operation| operation.scope.is_some()).collect();
    for good in [&expired, &revoked] {
        assert!(!is_kept_out(&send(&served, &operations[0], Some(good)).await));
    }
    served.manager.revoke_token(Actor::Operator, id).await.unwrap();
    served.manager.remove_administrator(Actor::Operator, removed).await.unwrap();
    served.clock.advance(DAY);
    for operation in &operations {
        for over in [&expired, &revoked, &orphaned, &foreign] {
            send(&served, operation, Some(over)).await.problem(401, "unauthorized");
        }
    }
    elsewhere.stop().await;
    served.stop().await;
}

#[tokio::test]
async fn each_role_may_do_what_its_scopes_say_and_nothing_else() {
    let served = Served::start().await;
    for role in Role::ALL {
        let who = administrator(&served, role).await;
        let (_, all) = token(&served, who, None, None).await;
        for operation in operations() {
            let Some(scope) = operation.scope.as_deref() else { continue };
            let answer = send(&served, &operation, Some(&all)).await;
            if role.scopes().has(Scope::from_name(scope).unwrap()) {
                assert!(!is_kept_out(&answer), "{role} {}: {}", operation.id, answer.body);
            } else {
                answer.problem(403, "role-missing");
            }
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn a_token_without_the_scope_of_an_operation_is_kept_out_of_it() {
    let served = Served::start().await;
    let owner = administrator(&served, Role::Owner).await;
    for operation in operations() {
        let Some(scope) = operation.scope.as_deref() else { continue };
        let one: Scopes = std::iter::once(Scope::from_name(scope).unwrap()).collect();
        let (_, without) = token(&served, owner, Some(Scopes::all().without(one)), None).await;
        send(&served, &operation, Some(&without)).await.problem(403, "scope-missing");
        let (_, only) = token(&served, owner, Some(one), None).await;
        let answer = send(&served, &operation, Some(&only)).await;
        assert!(!is_kept_out(&answer), "{}: {}", operation.id, answer.body);
    }
    served.stop().await;
}

#[tokio::test]
async fn a_lesser_role_holds_for_tokens_that_were_made_before() {
    let served = Served::start().await;
    let who = administrator(&served, Role::Owner).await;
    let (_, all) = token(&served, who, None, None).await;
    let list = operations().into_iter().find(|operation| operation.id == "list_administrators").unwrap();
    assert_eq!(send(&served, &list, Some(&all)).await.status, StatusCode::OK);
    let change = AdministratorChange { role: Some(Role::Viewer), ..Default::default() };
    served.manager.change_administrator(Actor::Operator, who, &change).await.unwrap();
    send(&served, &list, Some(&all)).await.problem(403, "role-missing");
    served.stop().await;
}
