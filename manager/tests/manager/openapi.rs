//! The description of the API.

use serde_json::Value;

use crate::support::Served;

#[tokio::test]
async fn the_description_of_the_api_is_what_it_was() {
    let served = Served::start().await;
    let described: Value = served.fetch("/v1/openapi.json").await.json().await.unwrap();
    assert_eq!(described["openapi"], "3.1.0");
    insta::assert_json_snapshot!("openapi", described);
    served.stop().await;
}

#[test]
fn every_operation_says_what_it_does_and_who_may() {
    let described: Value = serde_json::from_str(manager::openapi_document()).unwrap();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            for member in ["summary", "operationId", "security"] {
                assert!(!operation[member].is_null(), "{name} has no {member}");
            }
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name} has one tag");
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with(['4', '5']) {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(*schema, "#/components/schemas/Problem", "{name} {status}");
                }
            }
        }
    }
}
