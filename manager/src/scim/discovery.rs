//! What is served: configuration, resource types and schemas. Spec: RFC 7643 §5 to §7.

use serde_json::{Value, json};

use super::{ENTERPRISE, USER};

/// Users that one page has at most.
pub(crate) const COUNT_MAX: u32 = 1000;

/// What the service can do.
pub(crate) fn configuration(base: &str) -> Value {
    let unsupported = json!({ "supported": false });
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": COUNT_MAX },
        "changePassword": unsupported,
        "sort": unsupported,
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API token",
            "description": "A bearer token of the project with the scope scim",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The kinds of resources: users.
pub(crate) fn resource_types(base: &str) -> Vec<Value> {
    vec![json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "description": "Somebody who opens doors",
        "endpoint": "/Users",
        "schema": USER,
        "schemaExtensions": [{ "schema": ENTERPRISE, "required": true }],
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/User") },
    })]
}

/// The schemas of users and of the extension that carries the ID that doors get.
pub(crate) fn schemas(base: &str) -> Vec<Value> {
    let schema = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    let user = vec![
        text("userName", "What the identity provider calls the user", true, false, "readWrite", "server"),
        complex(
            "name",
            "The name",
            (true, false),
            vec![
                text("formatted", "First and last name", false, false, "readOnly", "none"),
                text("familyName", "Last name", true, false, "readWrite", "none"),
                text("givenName", "First name", false, false, "readWrite", "none"),
            ],
        ),
        text("displayName", "First and last name", false, false, "readOnly", "none"),
        complex(
            "emails",
            "The one e-mail address; not needed where the user name is one",
            (true, true),
            vec![
                text("value", "The address", true, false, "readWrite", "server"),
                text("type", "Always work", false, false, "readOnly", "none"),
                boolean("primary", "Always true", false, "readOnly"),
            ],
        ),
        boolean(
            "active",
            "Whether the user may use a phone; false suspends, true unless said",
            true,
            "readWrite",
        ),
    ];
    let number = text(
        "employeeNumber",
        "The ID that doors get, at most 32 ASCII characters",
        true,
        true,
        "readWrite",
        "server",
    );
    vec![
        schema(USER, "User", "Somebody who opens doors", user),
        schema(ENTERPRISE, "EnterpriseUser", "The ID that doors get", vec![number]),
    ]
}

fn text(
    name: &str,
    description: &str,
    required: bool,
    case_exact: bool,
    mutability: &str,
    uniqueness: &str,
) -> Value {
    json!({
        "name": name, "type": "string", "multiValued": false, "description": description, "required": required,
        "caseExact": case_exact, "mutability": mutability, "returned": "default", "uniqueness": uniqueness,
    })
}

fn boolean(name: &str, description: &str, required: bool, mutability: &str) -> Value {
    json!({
        "name": name, "type": "boolean", "multiValued": false, "description": description, "required": required,
        "mutability": mutability, "returned": "default",
    })
}

fn complex(
    name: &str,
    description: &str,
    (required, is_multi_valued): (bool, bool),
    sub: Vec<Value>,
) -> Value {
    json!({
        "name": name, "type": "complex", "multiValued": is_multi_valued, "description": description,
        "required": required, "mutability": "readWrite", "returned": "default", "subAttributes": sub,
    })
}
