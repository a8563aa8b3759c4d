//! Who may do what: every operation of the API against everybody who could come.
//!
//! The table has a row for each operation; an operation without a row fails, so that nobody adds a route without saying
//! who may use it.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Served, answer};

/// What an operation needs: a scope, or nothing.
const OPERATIONS: &[(&str, Option<&str>)] = &[
    ("activate", None),
    ("activation_challenge", None),
    ("activation_page", None),
    ("apply_import", Some("imports")),
    ("enrol_reader", Some("readers:write")),
    ("invite_user", Some("users:write")),
    ("list_devices", Some("users:read")),
    ("list_users", Some("users:read")),
    ("live", None),
    ("plan_import", Some("imports")),
    ("ready", None),
    ("reader_configuration", Some("readers:read")),
    ("renew", None),
    ("renewal_challenge", None),
    ("resume_user", Some("users:write")),
    ("revocation_list", None),
    ("revoke_reader", Some("readers:write")),
    ("revoke_user", Some("users:write")),
    ("show", None),
    ("show_import", Some("imports")),
    ("show_user", Some("users:read")),
    ("suspend_user", Some("users:write")),
    ("time_token", None),
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
